"""The plant's days and the windows of the panels: half open, in UTC, right across daylight-saving changes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeRange(NamedTuple):
    """From ``since``, up to but without ``until``; both in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class RangeSpec:
    """A range as it is written, in Grafana's grammar; ``to`` is '' where ``from_`` names a whole range."""

    from_: str
    to: str = ""


def get_today(now: datetime, zone: tzinfo) -> TimeRange:
    """The plant's present day, midnight to midnight by the clock on the wall: 23, 24 or 25 hours."""
    return get_day(now.astimezone(zone).date(), zone)


def get_day(date_: date, zone: tzinfo) -> TimeRange:
    """A calendar day of the plant."""
    return TimeRange(_get_midnight(date_, zone), _get_midnight(date_ + DAY, zone))


def get_last_24h(now: datetime, bucket: timedelta = QUARTER_HOUR) -> TimeRange:
    """24 hours that end with the bucket ``now`` is in; buckets begin at whole multiples since the epoch."""
    until = _EPOCH + ((now - _EPOCH) // bucket + 1) * bucket
    return TimeRange(until - DAY, until)


def get_today_so_far(now: datetime, zone: tzinfo) -> TimeRange:
    """From the plant's midnight to ``now``."""
    return TimeRange(get_today(now, zone).since, now.astimezone(UTC))


def get_yesterday_so_far(now: datetime, zone: tzinfo) -> TimeRange:
    """Yesterday up to the same time on the wall, to compare with today_so_far.

    A time of day that yesterday did not have, or had twice, is taken as ``zone`` resolves it.
    """
    local = now.astimezone(zone)
    since, until = get_day(local.date() - DAY, zone)
    same = _to_utc(local.date() - DAY, local.time(), zone)
    return TimeRange(since, min(max(same, since), until))


def _get_midnight(date_: date, zone: tzinfo) -> datetime:
    return _to_utc(date_, time(), zone)


def _to_utc(date_: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(date_, at, tzinfo=zone).astimezone(UTC)
