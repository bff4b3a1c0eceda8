"""Time ranges: half-open in UTC, and as written; the window of the panels over 24 hours."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeRange(NamedTuple):
    """Half-open range [since, until) in UTC."""

    since: datetime
    until: datetime


class RangeSpec(Struct, frozen=True):
    """Range expression in Grafana's grammar; ``to`` is '' if ``from_`` is a range name."""

    from_: str
    to: str = ""


def get_last_24h(now: datetime, bucket: timedelta = QUARTER_HOUR) -> TimeRange:
    """Return the 24 hours up to the end of the current bucket; buckets are aligned to the epoch."""
    until = _EPOCH + ((now - _EPOCH) // bucket + 1) * bucket
    return TimeRange(until - DAY, until)
