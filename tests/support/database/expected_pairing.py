"""Which batch starts belong to which ends, worked out without SQL: what the annotations are compared with."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.panels.annotations import AnnotationKind

MARGIN = timedelta(hours=12)
Marked = tuple[datetime, datetime | None, AnnotationKind, str, str]
"""Start, end, kind, station, recipe."""


def pair_events(events: Iterable[BatchEvent], *, since: datetime, until: datetime) -> list[Marked]:
    """Every batch that reaches into [since, until)."""
    told = sorted(
        (e for e in events if e.event in ("start", "complete", "abort", "error")),
        key=lambda e: (e.time, e.event != "start", e.received_at, e.dedup),
    )
    near = [event for event in told if since - MARGIN <= event.time < until + MARGIN]
    found = [_make_mark(start, end, told) for start, end in _find_pairs(near)]
    return sorted(
        (mark for mark in found if _is_within(mark, since, until)), key=lambda m: (m[0], str(m[2:]))
    )


def _find_pairs(events: list[BatchEvent]) -> list[tuple[BatchEvent | None, BatchEvent | None]]:
    pairs: list[tuple[BatchEvent | None, BatchEvent | None]] = []
    begun: dict[tuple[str, str], BatchEvent] = {}
    for event in events:
        key = event.device_id, event.recipe
        before = begun.pop(key, None)
        if event.event != "start":
            pairs.append((before, event))
        else:
            if before is not None:
                pairs.append((before, None))
            begun[key] = event
    return [*pairs, *((start, None) for start in begun.values())]


def _make_mark(start: BatchEvent | None, end: BatchEvent | None, told: list[BatchEvent]) -> Marked:
    if start is None:
        assert end is not None
        return end.time, None, AnnotationKind.UNMATCHED, end.device_id, end.recipe
    if end is not None:
        kind = AnnotationKind.BATCH if end.event == "complete" else AnnotationKind.ABORTED
        return start.time, end.time, kind, start.device_id, start.recipe
    starts: dict[str, datetime] = defaultdict(lambda: start.time)
    for event in told:
        if event.event == "start":
            starts[event.device_id] = max(starts[event.device_id], event.time)
    last = starts[start.device_id] <= start.time
    return (
        start.time,
        None,
        AnnotationKind.RUNNING if last else AnnotationKind.INCOMPLETE,
        start.device_id,
        start.recipe,
    )


def _is_within(mark: Marked, since: datetime, until: datetime) -> bool:
    at, end, kind, *_ = mark
    if at >= until:
        return False
    return at >= since or kind is AnnotationKind.RUNNING or (end is not None and end >= since)
