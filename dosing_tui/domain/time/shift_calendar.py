"""The plant's shifts by the clock on the wall: which is on, which was before, across midnight and DST."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of the days on which shifts begin, as datetime.weekday() numbers them."""
_SEARCH_DAYS = 9
"""Days to look back and ahead: a week for a shift of one day, and its length."""


@dataclass(frozen=True, slots=True)
class Shift:
    """``start`` and ``length`` are of the clock on the wall; ``days`` are those on which it begins."""

    name: str
    start: time
    length: timedelta
    days: frozenset[str] = frozenset(WEEKDAYS)


class ShiftPeriod(NamedTuple):
    """One shift of one day, [since, until) in UTC."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ShiftCalendar:
    """Shifts that do not overlap; there may be time between them."""

    shifts: tuple[Shift, ...]

    def get_current_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """The shift that is on, or None between two shifts."""
        return next((s for s in self._list_nearby(now, zone) if s.since <= now < s.until), None)

    def get_last_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """The newest one that is over, or None where there are no shifts."""
        over = [s for s in self._list_nearby(now, zone) if s.until <= now]
        return over[-1] if over else None

    def get_next_shift(self, now: datetime, zone: tzinfo) -> ShiftPeriod | None:
        """The first one that begins at ``now`` or later, or None where there are no shifts."""
        return next((s for s in self._list_nearby(now, zone) if s.since >= now), None)

    def get_duty_start(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Since when the same people are there: since the shift that is on began, or the last one ended.

        None where there are no shifts.
        """
        if (this := self.get_current_shift(now, zone)) is not None:
            return this.since
        last = self.get_last_shift(now, zone)
        return None if last is None else last.until

    def list_on_day(self, day: date, zone: tzinfo) -> list[ShiftPeriod]:
        """Those that begin on this day of the plant, in order."""
        return sorted((s for s in self._iter_day(day, zone) if s.since < s.until), key=lambda s: s.since)

    def _list_nearby(self, now: datetime, zone: tzinfo) -> list[ShiftPeriod]:
        """In order. A shift the clocks leave no time for is none."""
        today = now.astimezone(zone).date()
        days = (today + timedelta(days=offset) for offset in range(-_SEARCH_DAYS, _SEARCH_DAYS + 1))
        found = (worked for day in days for worked in self._iter_day(day, zone))
        return sorted((s for s in found if s.since < s.until), key=lambda s: s.since)

    def _iter_day(self, day: date, zone: tzinfo) -> Iterator[ShiftPeriod]:
        for shift in self.shifts:
            if WEEKDAYS[day.weekday()] in shift.days:
                begin = datetime.combine(day, shift.start)
                yield ShiftPeriod(shift.name, to_utc(begin, zone), to_utc(begin + shift.length, zone))


def to_utc(local: datetime, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which the plant's clock shows this (a time without a zone).

    A time that comes twice is the first of the two. A time that the clocks skip is taken by the clock before
    the change: 02:30 in a spring night of Berlin is the moment at which the clock shows 03:30.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


THREE_SHIFTS = ShiftCalendar(
    tuple(
        Shift(name, time(hour), timedelta(hours=8))
        for name, hour in (("Early", 6), ("Late", 14), ("Night", 22))
    )
)
"""What holds where the settings say nothing else."""
