"""Shifts by the clock on the wall: across midnight, days off, and nights in which the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.time.range_parser import resolve_range
from dosing_tui.domain.time.shift_calendar import THREE_SHIFTS, Shift, ShiftCalendar, ShiftPeriod
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from tests.unit.domain.time.test_range_parser import BERLIN, NOWS, ZONES, berlin_time

WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri"})
OFFICE = ShiftCalendar((Shift("Day", time(7), timedelta(hours=9), WEEKDAYS),))


def format_shift(found: ShiftPeriod | None, zone: ZoneInfo = BERLIN) -> tuple[str, str, str]:
    assert found is not None
    since, until = (end.astimezone(zone).isoformat(timespec="minutes") for end in found[1:])
    return found.name, since, until


@pytest.mark.parametrize(
    ("now", "this", "last"),
    [
        ("2026-11-24T06:00", ("Early", "2026-11-24T06:00+01:00", "2026-11-24T14:00+01:00"), "Night"),
        ("2026-11-24T13:59", ("Early", "2026-11-24T06:00+01:00", "2026-11-24T14:00+01:00"), "Night"),
        ("2026-11-24T23:59", ("Night", "2026-11-24T22:00+01:00", "2026-11-25T06:00+01:00"), "Late"),
        ("2026-11-25T00:01", ("Night", "2026-11-24T22:00+01:00", "2026-11-25T06:00+01:00"), "Late"),
        ("2026-03-29T03:30", ("Night", "2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00"), "Late"),
        ("2026-10-25T02:30", ("Night", "2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00"), "Late"),
    ],
)
def test_the_shift_that_is_on_begins_and_ends_by_the_clock(
    now: str, this: tuple[str, str, str], last: str
) -> None:
    assert format_shift(THREE_SHIFTS.get_current_shift(berlin_time(now), BERLIN)) == this
    assert format_shift(THREE_SHIFTS.get_last_shift(berlin_time(now), BERLIN))[0] == last


@pytest.mark.parametrize(("night", "hours"), [("2026-03-29T05:00", 7), ("2026-10-25T05:00", 9)])
def test_the_night_shift_of_a_change_is_an_hour_shorter_or_longer(night: str, hours: int) -> None:
    found = THREE_SHIFTS.get_current_shift(berlin_time(night), BERLIN)
    assert found is not None
    assert found.until - found.since == timedelta(hours=hours)


def test_between_shifts_none_is_on_and_the_last_one_is_fridays() -> None:
    sunday = berlin_time("2026-11-22T12:00")
    assert OFFICE.get_current_shift(sunday, BERLIN) is None
    assert format_shift(OFFICE.get_last_shift(sunday, BERLIN)) == (
        "Day", "2026-11-20T07:00+01:00", "2026-11-20T16:00+01:00",
    )  # fmt: skip
    assert format_shift(OFFICE.get_next_shift(sunday, BERLIN))[1] == "2026-11-23T07:00+01:00"
    with pytest.raises(RangeError, match=r"No shift is on now: Day ended at 20 Nov 16:00\. 'last shift'"):
        resolve_range(RangeSpec("this shift"), sunday, BERLIN, calendar=OFFICE)


def test_a_shift_of_one_day_a_week_is_found_a_week_later() -> None:
    weekly = ShiftCalendar((Shift("Clean", time(22), timedelta(hours=24), frozenset({"sun"})),))
    assert (
        format_shift(weekly.get_last_shift(berlin_time("2026-11-29T21:59"), BERLIN))[1]
        == "2026-11-22T22:00+01:00"
    )


@given(NOWS, ZONES, st.integers(0, 23), st.sampled_from([4, 6, 8, 12, 24]))
def test_shifts_round_the_clock_leave_no_moment_out(
    now: datetime, zone: ZoneInfo, first: int, hours: int
) -> None:
    calendar = ShiftCalendar(
        tuple(
            Shift(str(n), time((first + n * hours) % 24), timedelta(hours=hours)) for n in range(24 // hours)
        )
    )
    this, last = calendar.get_current_shift(now, zone), calendar.get_last_shift(now, zone)
    assert this is not None
    assert last is not None
    assert this.since <= now < this.until
    assert last.until == this.since
    after = calendar.get_next_shift(now + timedelta(microseconds=1), zone)
    assert after is not None
    assert after.since == this.until


def test_answers_are_in_utc() -> None:
    found = THREE_SHIFTS.get_current_shift(berlin_time("2026-11-24T12:00"), BERLIN)
    assert found is not None
    assert found.since.tzinfo is UTC


def test_a_watch_lasts_as_long_as_the_shift_or_the_time_between_two() -> None:
    early = ShiftCalendar((Shift("Early", time(6), timedelta(hours=8)),))

    def since(day: int, hour: int) -> datetime | None:
        return early.get_duty_start(datetime(2026, 3, day, hour, tzinfo=UTC), UTC)

    assert since(11, 6) == since(11, 13) == datetime(2026, 3, 11, 6, tzinfo=UTC)
    assert since(11, 14) == since(12, 5) == datetime(2026, 3, 11, 14, tzinfo=UTC)
    assert since(12, 6) == datetime(2026, 3, 12, 6, tzinfo=UTC)
    assert ShiftCalendar(()).get_duty_start(datetime(2026, 3, 11, tzinfo=UTC), UTC) is None
