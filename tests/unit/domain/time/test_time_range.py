"""The plant's days across daylight-saving changes, and the windows of the panels."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.time.range_parser import resolve_range
from dosing_tui.domain.time.time_range import RangeSpec, get_last_24h
from tests.support.local_days import find_zone_where_it_is, get_today

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "America/Santiago",
     "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati"]
).map(ZoneInfo)  # fmt: skip
NOWS = st.datetimes(datetime(2000, 1, 4), datetime(2036, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


def berlin_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def utc_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "since", "until", "hours"),
    [
        ("2024-06-15T12:00", "2024-06-14T22:00", "2024-06-15T22:00", 24),
        ("2024-03-31T12:00", "2024-03-30T23:00", "2024-03-31T22:00", 23),
        ("2024-03-31T00:00", "2024-03-30T23:00", "2024-03-31T22:00", 23),
        ("2024-10-27T12:00", "2024-10-26T22:00", "2024-10-27T23:00", 25),
        ("2024-10-27T23:59", "2024-10-26T22:00", "2024-10-27T23:00", 25),
        ("2024-12-31T23:59", "2024-12-30T23:00", "2024-12-31T23:00", 24),
    ],
)
def test_a_day_ends_at_the_next_midnight_on_the_wall(now: str, since: str, until: str, hours: int) -> None:
    found = get_today(berlin_time(now), BERLIN)
    assert found == (utc_time(since), utc_time(until))
    assert found.until - found.since == timedelta(hours=hours)


def test_a_day_without_midnight_begins_when_it_begins() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    found = resolve_range(RangeSpec("2024-04-26"), berlin_time("2024-06-15T12:00"), cairo)
    assert found.since.astimezone(cairo).isoformat() == "2024-04-26T01:00:00+03:00"
    assert found.until - found.since == timedelta(hours=23)


@given(NOWS, ZONES)
def test_now_is_within_today_and_days_follow_without_a_gap(now: datetime, zone: ZoneInfo) -> None:
    found = get_today(now, zone)
    assert found.since <= now < found.until
    local = now.astimezone(zone).date()
    assert resolve_range(RangeSpec("yesterday"), now, zone).until == found.since
    assert found.since.astimezone(zone).date() == local
    assert (found.since - timedelta(microseconds=1)).astimezone(zone).date() == local - timedelta(days=1)
    assert (found.until - timedelta(microseconds=1)).astimezone(zone).date() == local


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-06-15T12:07:31", "2024-06-15T12:15"),
        ("2024-06-15T12:15:00", "2024-06-15T12:30"),
        ("2024-06-15T12:14:59.999999", "2024-06-15T12:15"),
        ("2024-06-15T23:50", "2024-06-16T00:00"),
    ],
)
def test_the_last_24_hours_end_with_the_present_quarter(now: str, until: str) -> None:
    assert get_last_24h(utc_time(now)) == (utc_time(until) - timedelta(hours=24), utc_time(until))


def test_the_last_24_hours_may_be_cut_into_other_buckets() -> None:
    assert get_last_24h(utc_time("2024-06-15T12:07"), timedelta(hours=1)).until == utc_time(
        "2024-06-15T13:00"
    )


@given(NOWS, ZONES)
def test_the_last_24_hours_are_96_quarters_with_now_in_the_last(now: datetime, zone: ZoneInfo) -> None:
    found = get_last_24h(now.astimezone(zone))
    assert (found.until - found.since) / timedelta(minutes=15) == 96
    assert found.until - timedelta(minutes=15) <= now < found.until
    assert found.until.timestamp() % 900 == 0


@given(NOWS, st.integers(1, 22))
def test_a_plant_for_the_real_clock_is_within_half_an_hour_of_the_hour_asked_for(
    now: datetime, hour: int
) -> None:
    local = now.astimezone(ZoneInfo(find_zone_where_it_is(hour, now)))
    asked = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    assert abs(local - asked) <= timedelta(minutes=30)
    assert local.utcoffset() == (local + timedelta(days=180)).utcoffset()
