"""Ranges as they are written: Grafana's grammar and names, on the plant's clock, in nights of change too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dosing_tui.domain.time.range_parser import (
    CALENDAR_RANGES,
    MAX_RANGE,
    describe_range,
    is_live,
    resolve_range,
    step_range,
    zoom_range,
)
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import RangeError

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo"]
).map(ZoneInfo)
NIGHTS = st.sampled_from(
    ["2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00", "2026-04-04T15:00",
     "2026-10-03T15:30", "2026-11-01T05:00", "2026-04-23T22:00", "2026-10-29T21:00"]
).map(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))  # fmt: skip
NOWS = st.one_of(
    st.datetimes(datetime(2004, 1, 1), datetime(2036, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.builds(lambda night, s: night + timedelta(seconds=s), NIGHTS, st.integers(-100_000, 100_000)),
)
UNITS = st.sampled_from("smhdwMy")
NOW = datetime(2026, 11, 24, 9, 17, 33, tzinfo=UTC)  # Tuesday, 10:17:33 in Berlin


def berlin_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def parse_in_berlin(from_: str, to: str = "", now: datetime = NOW) -> tuple[str, str]:
    """Both ends on Berlin's clock."""
    since, until = resolve_range(RangeSpec(from_, to), now, BERLIN)
    return tuple(end.astimezone(BERLIN).isoformat(timespec="seconds") for end in (since, until))  # type: ignore[return-value]  # two


@pytest.mark.parametrize(
    ("from_", "to", "since", "until"),
    [
        ("now-6h", "now", "2026-11-24T04:17:33+01:00", "2026-11-24T10:17:33+01:00"),
        ("now-h", "now+1d", "2026-11-24T09:17:33+01:00", "2026-11-25T10:17:33+01:00"),
        ("now-1d/d", "now-1d/d", "2026-11-23T00:00:00+01:00", "2026-11-24T00:00:00+01:00"),
        ("now-1d-6h", "now-30m", "2026-11-23T04:17:33+01:00", "2026-11-24T09:47:33+01:00"),
        ("now/d+6h", "now/d", "2026-11-24T06:00:00+01:00", "2026-11-25T00:00:00+01:00"),
        ("now-7d/d", "now/h", "2026-11-17T00:00:00+01:00", "2026-11-24T11:00:00+01:00"),
        ("now/w", "now/w", "2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00"),
        ("now/M", "now/M", "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
        ("now-1y/y", "now/y", "2025-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"),
        ("now/m", "now/s", "2026-11-24T10:17:00+01:00", "2026-11-24T10:17:34+01:00"),
        ("2026-11-24 06:00", "now", "2026-11-24T06:00:00+01:00", "2026-11-24T10:17:33+01:00"),
        ("2026-11-20", "2026-11-22", "2026-11-20T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
        ("2026-11-24T06:00:30Z", "2026-11-24T06:00:00-05:00", "2026-11-24T07:00:30+01:00",
         "2026-11-24T12:00:00+01:00"),
        ("1700000000000", "1700000060000", "2023-11-14T23:13:20+01:00", "2023-11-14T23:14:20+01:00"),
        ("24h", "", "2026-11-23T10:17:33+01:00", "2026-11-24T10:17:33+01:00"),
        ("now - 6 h", "now", "2026-11-24T04:17:33+01:00", "2026-11-24T10:17:33+01:00"),
        ("now-1d / d", "", "2026-11-23T00:00:00+01:00", "2026-11-25T00:00:00+01:00"),
        ("yesterday", "today", "2026-11-23T00:00:00+01:00", "2026-11-25T00:00:00+01:00"),
        ("Last  shift", "now", "2026-11-23T22:00:00+01:00", "2026-11-24T10:17:33+01:00"),
        ("last week", "this shift", "2026-11-16T00:00:00+01:00", "2026-11-24T14:00:00+01:00"),
        ("now-6d/d", "", "2026-11-18T00:00:00+01:00", "2026-11-25T00:00:00+01:00"),
        ("now-6h", "", "2026-11-24T04:17:33+01:00", "2026-11-24T10:17:33+01:00"),
        ("2026-11-20", "", "2026-11-20T00:00:00+01:00", "2026-11-21T00:00:00+01:00"),
        (" Today ", "", "2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00"),
        ("yesterday", "", "2026-11-23T00:00:00+01:00", "2026-11-24T00:00:00+01:00"),
        ("this  week", "", "2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00"),
        ("this shift", "", "2026-11-24T06:00:00+01:00", "2026-11-24T14:00:00+01:00"),
        ("last shift", "", "2026-11-23T22:00:00+01:00", "2026-11-24T06:00:00+01:00"),
        ("2026-10-25 02:30", "2026-10-25 03:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25 03:00", "2026-10-25T02:30:00+01:00",
         "2026-10-25T03:00:00+01:00"),
        ("2026-03-29 02:30", "2026-03-29 04:00", "2026-03-29T03:30:00+02:00", "2026-03-29T04:00:00+02:00"),
    ],
)  # fmt: skip
def test_what_is_written_is_understood_as_grafana_does(from_: str, to: str, since: str, until: str) -> None:
    assert parse_in_berlin(from_, to) == (since, until)


def test_months_end_on_their_last_day() -> None:
    assert parse_in_berlin("now-1M", "now", berlin_time("2024-03-31T12:00"))[0] == "2024-02-29T12:00:00+01:00"
    assert parse_in_berlin("now-1y", "now", berlin_time("2024-02-29T12:00"))[0] == "2023-02-28T12:00:00+01:00"


def test_a_day_back_is_the_same_time_on_the_wall_and_24_hours_are_24_hours() -> None:
    morning = berlin_time("2026-03-29T12:00")
    assert parse_in_berlin("now-1d", "now", morning)[0] == "2026-03-28T12:00:00+01:00"
    assert parse_in_berlin("now-24h", "now", morning)[0] == "2026-03-28T11:00:00+01:00"


@pytest.mark.parametrize(
    ("from_", "to", "sentence"),
    [
        ("tody", "", "'tody' is not a range. Write 24h, today, yesterday"),
        ("tody", "", "Did you mean 'today'?"),
        ("lst shift", "", "Did you mean 'last shift'?"),
        ("now-6H", "now", "'now-6H' is not a time. Write now-6h"),
        ("now-6H", "now", "Did you mean now-6h?"),
        ("now-6", "now", "Did you mean now-6h?"),
        ("now6h", "now", "Did you mean now-6h?"),
        ("-6h", "", "Did you mean now-6h?"),
        ("last 15 min", "", "Did you mean now-15m?"),
        ("last 3 months", "now", "Did you mean now-3M?"),
        ("now/fy", "now/fy", "'now/fy' counts in fiscal quarters or years, none of which the plant has"),
        ("now-1fQ/fQ", "", "counts in fiscal quarters or years"),
        ("today", "yesterday", "the end is not after the beginning"),
        ("now-6q", "now", "'now-6q' is not a time."),
        ("now", "now-1h", "the end is not after the beginning"),
        ("now", "now", "the end is not after the beginning"),
        ("now-4y", "now", "'now-4y' to 'now' is longer than two years, the most that is shown."),
        ("2026-02-30", "now", "'2026-02-30' does not exist."),
        ("2026-11-24 25:00", "now", "'2026-11-24 25:00' does not exist."),
        ("1700000000", "now", "'1700000000' is in 1970; years from 2000 to 2099"),
        ("now-999999y", "now", "does not exist."),
        ("now+200y", "now+201y", "years from 2000 to 2099"),
        ("9" * 16, "now", "does not exist."),
        ("", "", "'' is not a range."),
        ("\x1b[31mnow", "", "'�[31mnow' is not a range."),
        ("this batch", "", "No start of a batch is known"),
    ],
)
def test_what_is_no_range_is_answered_by_a_sentence(from_: str, to: str, sentence: str) -> None:
    with pytest.raises(RangeError) as caught:
        resolve_range(RangeSpec(from_, to), NOW, BERLIN)
    assert sentence in str(caught.value)


@given(st.text(max_size=30), st.text(max_size=30), NOWS)
def test_any_text_is_a_range_or_a_sentence(from_: str, to: str, now: datetime) -> None:
    try:
        answer = str(resolve_range(RangeSpec(from_, to), now, BERLIN))
    except RangeError as error:
        answer = str(error)
    assert answer.isprintable()


@given(st.from_regex(r"now([+-]\d{0,6}[smhdwMy]|/[smhdwMy]){0,4}", fullmatch=True), NOWS, ZONES)
def test_every_chain_has_a_meaning_or_a_sentence(text: str, now: datetime, zone: ZoneInfo) -> None:
    try:
        since, until = resolve_range(RangeSpec(text, "now+1s"), now, zone)
    except RangeError:
        return
    assert since < until <= since + MAX_RANGE


@given(UNITS, NOWS, ZONES)
def test_now_is_in_its_whole_unit_and_units_follow_without_a_gap(
    unit: str, now: datetime, zone: ZoneInfo
) -> None:
    whole = RangeSpec(f"now/{unit}", f"now/{unit}")
    since, until = resolve_range(whole, now, zone)
    assert since <= now < until
    assert resolve_range(whole, until, zone).since == until
    assert resolve_range(whole, since - timedelta(microseconds=1), zone).until == since


@given(NOWS, ZONES, st.integers(-300, 300))
def test_days_forth_and_back_keep_the_time_on_the_wall(now: datetime, zone: ZoneInfo, days: int) -> None:
    sign = "+" if days >= 0 else "-"
    since, _ = resolve_range(RangeSpec(f"now{sign}{abs(days)}d", "now+301d"), now, zone)
    wall = now.astimezone(zone).replace(tzinfo=None)
    there = since.astimezone(zone).replace(tzinfo=None)
    later = there - wall - timedelta(days=days)  # a skipped time is an hour, in Lord Howe half an hour, later
    assert later in {timedelta(0), timedelta(hours=1), timedelta(minutes=30)}


def test_today_moves_by_days_of_23_24_and_25_hours() -> None:
    now = berlin_time("2026-10-26T12:00").astimezone(UTC)
    back = step_range(CALENDAR_RANGES["today"], -1, now, BERLIN)
    assert back == RangeSpec("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00")
    assert step_range(back, -1, now, BERLIN).from_ == "2026-10-24T00:00:00+02:00"
    assert step_range(step_range(back, -1, now, BERLIN), 2, now, BERLIN) == CALENDAR_RANGES["today"]


def test_months_move_by_months_and_hours_by_their_length() -> None:
    month = step_range(CALENDAR_RANGES["this month"], -1, NOW, BERLIN)
    assert month == RangeSpec("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00")
    assert step_range(RangeSpec("now-6h", "now"), -1, NOW, BERLIN) == RangeSpec(
        "2026-11-23T22:17:33+01:00", "2026-11-24T04:17:33+01:00"
    )


def test_a_shift_moves_by_shifts_and_comes_back_to_the_one_that_is_on() -> None:
    before = step_range(RangeSpec("this shift"), -1, NOW, BERLIN)
    assert before == RangeSpec("2026-11-23T22:00:00+01:00", "2026-11-24T06:00:00+01:00")
    assert step_range(before, -1, NOW, BERLIN).from_ == "2026-11-23T14:00:00+01:00"
    assert step_range(before, 1, NOW, BERLIN) == RangeSpec("this shift")


@given(NOWS, ZONES, st.sampled_from(["today", "this shift", "yesterday", "this week", "this month"]))
def test_back_and_forth_is_where_it_began(now: datetime, zone: ZoneInfo, name: str) -> None:
    start = resolve_range(RangeSpec(name), now, zone)
    back = step_range(RangeSpec(name), -1, now, zone)
    assert resolve_range(back, now, zone).until == start.since
    assert resolve_range(step_range(back, 1, now, zone), now, zone) == start


def test_a_live_range_is_zoomed_along_the_ladder_and_stays_live() -> None:
    spec, seen = RangeSpec("now-24h", "now"), []
    for factor in (2.0, 2.0, 2.0, 0.5, 0.5, 0.5, 0.5):
        spec = zoom_range(spec, factor, NOW, BERLIN)
        seen.append(spec.from_)
    assert seen == ["now-2d", "now-7d", "now-14d", "now-7d", "now-2d", "now-24h", "now-12h"]
    assert is_live(spec)


def test_zooming_ends_at_a_minute_and_at_two_years() -> None:
    for spec, factor in ((RangeSpec("now-1m", "now"), 0.5), (RangeSpec("now-730d", "now"), 2.0)):
        assert zoom_range(spec, factor, NOW, ZoneInfo("UTC")) == spec


LIVE_SPECS = st.sampled_from(
    [RangeSpec(name) for name in ("today", "this week", "this month", "this shift", "now-6d/d", "24h", "37m")]
    + [RangeSpec("now/y", "now/y"), RangeSpec("now-2y/d", "now/d"), RangeSpec("now-1d", "now+1h")]
)


def test_today_is_widened_to_two_days_early_in_the_morning() -> None:
    assert zoom_range(RangeSpec("now/d"), 2.0, berlin_time("2026-11-24T01:00"), BERLIN) == RangeSpec(
        "now-2d", "now"
    )


@given(NOWS, ZONES, LIVE_SPECS)
def test_wider_never_narrows_and_narrower_never_widens(
    now: datetime, zone: ZoneInfo, spec: RangeSpec
) -> None:
    def length(which: RangeSpec) -> timedelta:
        since, until = resolve_range(which, now, zone)
        return until - since

    assert (
        length(zoom_range(spec, 2.0, now, zone)) >= length(spec) >= length(zoom_range(spec, 0.5, now, zone))
    )


@given(NOWS, ZONES, LIVE_SPECS)
def test_forward_of_what_reaches_the_present_stays(now: datetime, zone: ZoneInfo, spec: RangeSpec) -> None:
    assert step_range(spec, 1, now, zone) == spec
    assert step_range(spec, 3, now, zone) == spec


@given(NOWS, ZONES, st.integers(1, 40), st.integers(60, 500_000), st.integers(1, 500_000))
def test_forward_comes_to_the_present_and_follows_it(
    now: datetime, zone: ZoneInfo, steps: int, seconds: int, ago: int
) -> None:
    end = now.replace(microsecond=0) - timedelta(seconds=ago)
    spec = RangeSpec((end - timedelta(seconds=seconds)).isoformat(), end.isoformat())
    found = step_range(spec, steps, now, zone)
    assert is_live(found) or resolve_range(found, now, zone).until < now
    reached = resolve_range(found, now, zone)
    assert reached.since < now
    if ago < seconds * steps:
        assert is_live(found)


@given(NOWS, ZONES, st.integers(120, 80_000_000), st.sampled_from([0.5, 2.0, 3.7]))
def test_a_past_range_is_zoomed_about_its_middle(
    now: datetime, zone: ZoneInfo, seconds: int, factor: float
) -> None:
    assume(seconds * max(1, factor) < MAX_RANGE.total_seconds())
    end = now - timedelta(days=900)
    spec = RangeSpec((end - timedelta(seconds=seconds)).isoformat(), end.isoformat())
    assume(end.year > 2002)
    since, until = resolve_range(spec, now, zone)
    wide = resolve_range(zoom_range(spec, factor, now, zone), now, zone)
    assert abs((wide.until - wide.since).total_seconds() - seconds * factor) <= 1
    assert abs((wide.since - since) + (wide.until - until)) <= timedelta(seconds=2)


@pytest.mark.parametrize(
    ("from_", "to", "follows"),
    [
        ("now-6h", "now", True), ("now/d", "now/d", True), ("now-6h", "now+1h", True), ("today", "", True),
        ("24h", "", True), ("this shift", "", True), ("this batch", "", True), ("now-6d/d", "", True),
        ("last shift", "", False), ("yesterday", "", False), ("now-6h", "now-1h", False),
        ("2026-11-24", "", False), ("2026-11-24", "2026-11-25", False), ("nonsense", "", False),
    ],
)  # fmt: skip
def test_a_range_is_live_if_new_readings_belong_to_it(from_: str, to: str, follows: bool) -> None:
    assert is_live(RangeSpec(from_, to)) is follows


@pytest.mark.parametrize(
    ("from_", "to", "words"),
    [
        ("now-6h", "now", "last 6 h"),
        ("24h", "", "last 24 h"),
        ("now/d", "now/d", "today"),
        ("now-1d/d", "now-1d/d", "yesterday"),
        ("this shift", "", "this shift (Early 06:00–14:00)"),
        ("last shift", "", "last shift (Night 22:00–06:00)"),
        ("2026-11-23 06:00", "2026-11-23 08:00", "23 Nov 06:00–08:00"),
        ("2026-11-23 06:00", "2026-11-24 06:00", "23 Nov 06:00–24 Nov 06:00"),
        ("2026-11-20", "", "20 Nov"),
        ("now-6d/d", "", "18 Nov–24 Nov"),
        ("2025-11-20", "2025-11-21", "20 Nov 2025–21 Nov 2025"),
    ],
)
def test_a_range_is_said_in_words(from_: str, to: str, words: str) -> None:
    assert describe_range(RangeSpec(from_, to), NOW, BERLIN) == words


def test_this_batch_is_what_it_is_said_to_be() -> None:
    batch = TimeRange(NOW - timedelta(hours=1), NOW)
    assert resolve_range(RangeSpec("this batch"), NOW, BERLIN, batch=batch) == batch
    assert describe_range(RangeSpec("this batch"), NOW, BERLIN, batch=batch) == "this batch"
    assert step_range(RangeSpec("this batch"), -1, NOW, BERLIN, batch=batch).to == "2026-11-24T09:17:33+01:00"


def test_without_shifts_no_shift_is_a_range() -> None:
    with pytest.raises(RangeError, match=r"No shifts are set"):
        resolve_range(RangeSpec("this shift"), NOW, BERLIN, calendar=ShiftCalendar(()))
