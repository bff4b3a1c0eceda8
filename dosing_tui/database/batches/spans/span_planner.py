"""Plans the spans to rebuild and the readings each of them needs. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.batches.models import SegmentationRules

MAX_SPAN = timedelta(days=2)
"""Longest span rebuilt in one transaction, without its margins."""
MAX_MESSAGES = 5_000
"""Most doses, or events, of a span rebuilt in one transaction, and of the time before and after it."""


class ChangedDay(Struct, frozen=True):
    """A queued day of a station; ``touches`` shows whether readings were added since."""

    device_id: str
    day: date
    since: datetime
    until: datetime
    touches: int


class StationSpan(Struct, frozen=True):
    """A station's time from ``since`` to before ``until``."""

    device_id: str
    since: datetime
    until: datetime
    changed_at: datetime | None = None
    """Readings from then on are new; None: from ``since`` on. Batches that ended before are as they were."""

    @property
    def first_change(self) -> datetime:
        return self.changed_at or self.since


def compute_affected_span(changed_day: ChangedDay, rules: SegmentationRules) -> StationSpan:
    """The span in which batches may begin that the new readings can change."""
    return StationSpan(
        changed_day.device_id,
        changed_day.since - rules.max_duration,
        changed_day.until + rules.max_level_age + rules.max_delay,
        changed_day.since,
    )


def widen_span(span: StationSpan, rules: SegmentationRules) -> StationSpan:
    """The span of readings needed to reconstruct every batch that begins in a span.

    With the default rules about 12 h more than the span, however long a station doses without a pause.
    """
    before = max(rules.max_level_age + rules.max_delay, rules.get_lookback())
    return StationSpan(span.device_id, span.since - before, span.until + rules.max_duration + rules.max_delay)


def cut_dropped(
    span: StationSpan, dropped: Iterable[tuple[datetime, datetime]], rules: SegmentationRules
) -> list[StationSpan]:
    """The parts of a span in which every batch has all its readings.

    ``dropped``: times [since, until) whose readings are gone, in order.
    """
    found: list[StationSpan] = []
    since = span.since
    for gone_since, gone_until in dropped:
        until = min(span.until, gone_since - rules.max_duration - rules.max_delay)
        if since < until:
            found.append(_cut_span(span, since, until))
        since = max(since, gone_until + rules.max_level_age + rules.max_duration)
    if since < span.until:
        found.append(_cut_span(span, since, span.until))
    return found


def _cut_span(span: StationSpan, since: datetime, until: datetime) -> StationSpan:
    changed_at = span.changed_at and max(since, span.changed_at) if since > span.since else span.changed_at
    return StationSpan(span.device_id, since, until, changed_at)


def merge_spans(spans: Iterable[StationSpan]) -> list[StationSpan]:
    """Merge overlapping spans of a station."""
    found: list[StationSpan] = []
    for span in sorted(spans, key=attrgetter("device_id", "since")):
        last = found[-1] if found else None
        if last is not None and last.device_id == span.device_id and span.since <= last.until:
            first_change = min(last.first_change, span.first_change)
            found[-1] = replace(last, until=max(last.until, span.until), changed_at=first_change)
        else:
            found.append(span)
    return found
