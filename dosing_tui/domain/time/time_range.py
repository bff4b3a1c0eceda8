"""Local days and panel windows as half-open UTC ranges, correct across daylight-saving changes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeRange(NamedTuple):
    """Half-open range [since, until) in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class RangeSpec:
    """Range expression in Grafana's grammar; ``to`` is '' if ``from_`` is a range name."""

    from_: str
    to: str = ""


def get_today(now: datetime, zone: tzinfo) -> TimeRange:
    """Return the current local day, midnight to midnight: 23, 24 or 25 hours."""
    return get_day(now.astimezone(zone).date(), zone)


def get_day(date_: date, zone: tzinfo) -> TimeRange:
    """Return a local calendar day."""
    return TimeRange(_get_midnight(date_, zone), _get_midnight(date_ + DAY, zone))


def get_last_24h(now: datetime, bucket: timedelta = QUARTER_HOUR) -> TimeRange:
    """Return the 24 hours up to the end of the current bucket; buckets are aligned to the epoch."""
    until = _EPOCH + ((now - _EPOCH) // bucket + 1) * bucket
    return TimeRange(until - DAY, until)


def get_today_so_far(now: datetime, zone: tzinfo) -> TimeRange:
    """Return the range from local midnight to ``now``."""
    return TimeRange(get_today(now, zone).since, now.astimezone(UTC))


def get_yesterday_so_far(now: datetime, zone: tzinfo) -> TimeRange:
    """Return yesterday up to the same local time, for comparison with ``get_today_so_far``.

    A skipped or ambiguous local time is resolved by ``zone``.
    """
    local = now.astimezone(zone)
    since, until = get_day(local.date() - DAY, zone)
    same = _to_utc(local.date() - DAY, local.time(), zone)
    return TimeRange(since, min(max(same, since), until))


def _get_midnight(date_: date, zone: tzinfo) -> datetime:
    return _to_utc(date_, time(), zone)


def _to_utc(date_: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(date_, at, tzinfo=zone).astimezone(UTC)
