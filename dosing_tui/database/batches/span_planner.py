"""Which spans of which stations have to be rebuilt, and how much around them has to be read. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from dosing_tui.domain.batches.models import SegmentationRules

MAX_SPAN = timedelta(days=2)
"""Most that is rebuilt in one transaction, the surroundings aside."""


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A station's day in which readings were stored; ``touches`` tells whether more have come since."""

    device_id: str
    day: date
    since: datetime
    until: datetime
    touches: int


@dataclass(frozen=True, slots=True)
class StationSpan:
    """A station's time from ``since`` to before ``until``."""

    device_id: str
    since: datetime
    until: datetime


def compute_affected_span(changed_day: ChangedDay, rules: SegmentationRules) -> StationSpan:
    """Where batches may begin that new readings can change: their own, and those that go by their levels."""
    return StationSpan(
        changed_day.device_id,
        changed_day.since - rules.max_duration,
        changed_day.until + rules.max_level_age + rules.max_delay,
    )


def widen_span(span: StationSpan, rules: SegmentationRules) -> StationSpan:
    """What has to be read so that every batch that begins in the span comes out right.

    With ``RULES`` that is some 12 h more than the span, however long a station has dosed without a pause.
    """
    before = max(rules.max_level_age + rules.max_delay, rules.get_lookback())
    return StationSpan(span.device_id, span.since - before, span.until + rules.max_duration + rules.max_delay)


def merge_spans(spans: Iterable[StationSpan]) -> list[StationSpan]:
    """Overlapping spans of a station as one."""
    found: list[StationSpan] = []
    for device, group in groupby(sorted(spans, key=_get_sort_key), key=lambda span: span.device_id):
        begins: datetime | None = None
        ends = begins
        for span in group:
            if begins is not None and ends is not None and span.since > ends:
                found.append(StationSpan(device, begins, ends))
                begins = None
            begins = span.since if begins is None else begins
            ends = span.until if ends is None else max(ends, span.until)
        if begins is not None and ends is not None:
            found.append(StationSpan(device, begins, ends))
    return found


def split_span(span: StationSpan) -> Iterator[StationSpan]:
    """The span in parts that are short enough for one transaction."""
    since = span.since
    while since < span.until:
        until = min(since + MAX_SPAN, span.until)
        yield StationSpan(span.device_id, since, until)
        since = until


def _get_sort_key(span: StationSpan) -> tuple[str, datetime]:
    return (span.device_id, span.since)
