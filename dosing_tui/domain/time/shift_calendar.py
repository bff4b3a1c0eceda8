"""Shift calendar in local time, across midnight and daylight-saving changes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Day names in the order of ``datetime.weekday()``."""
_SEARCH_DAYS = 9
"""Search distance in days: one week for a weekly shift, plus its length."""


class Shift(Struct, frozen=True):
    """Shift definition. ``start`` and ``length`` in local time; ``days``: weekdays on which it starts."""

    name: str
    start: time
    length: timedelta
    days: frozenset[str] = frozenset(WEEKDAYS)


class ShiftPeriod(NamedTuple):
    """Shift of one day, [since, until) in UTC."""

    name: str
    since: datetime
    until: datetime


class ShiftCalendar(Struct, frozen=True):
    """Non-overlapping shifts, possibly with gaps."""

    shifts: tuple[Shift, ...]

    def get_current_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """Return the current shift; None between two shifts."""
        return next((s for s in self._list_nearby(now, zone) if s.since <= now < s.until), None)

    def get_last_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """Return the last shift that has ended; None without shifts."""
        over = [s for s in self._list_nearby(now, zone) if s.until <= now]
        return over[-1] if over else None

    def get_next_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """Return the first shift that starts at ``now`` or later; None without shifts."""
        return next((s for s in self._list_nearby(now, zone) if s.since >= now), None)

    def get_duty_start(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return the start of the current shift, or else the end of the last one; None without shifts."""
        if (this := self.get_current_shift(now, zone)) is not None:
            return this.since
        last = self.get_last_shift(now, zone)
        return None if last is None else last.until

    def list_on_day(self, day: date, zone: tzinfo) -> list[ShiftPeriod]:
        """List the shifts that start on a local day, in order."""
        return self.list_on_days([day], zone)

    def _list_nearby(self, now: datetime, zone: tzinfo) -> Sequence[ShiftPeriod]:
        return _list_around(self, now.astimezone(zone).date(), zone)

    def list_on_days(self, days: Iterable[date], zone: tzinfo) -> list[ShiftPeriod]:
        """List the shifts that start on these days, in order, without those that a clock skips."""
        begins = [
            (shift, datetime.combine(day, shift.start))
            for day in days for shift in self.shifts if WEEKDAYS[day.weekday()] in shift.days
        ]  # fmt: skip
        found = [
            ShiftPeriod(shift.name, to_utc(begin, zone), to_utc(begin + shift.length, zone))
            for shift, begin in begins
        ]
        return sorted((s for s in found if s.since < s.until), key=lambda s: s.since)


@lru_cache(maxsize=8)
def _list_around(calendar: ShiftCalendar, today: date, zone: tzinfo) -> tuple[ShiftPeriod, ...]:
    """Asked every second by the alarm rules, for the same day."""
    days = [today + timedelta(days=offset) for offset in range(-_SEARCH_DAYS, _SEARCH_DAYS + 1)]
    return tuple(calendar.list_on_days(days, zone))


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """Convert a local time without a zone to UTC.

    An ambiguous time is the first of the two. A skipped time uses the offset before the change: 02:30 on the
    day of the spring change in Berlin is 03:30.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


THREE_SHIFTS = ShiftCalendar(
    tuple(
        Shift(name, time(hour), timedelta(hours=8))
        for name, hour in (("Early", 6), ("Late", 14), ("Night", 22))
    )
)
"""Default shifts if none are configured."""
