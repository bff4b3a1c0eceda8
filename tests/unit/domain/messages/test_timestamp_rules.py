"""Which time one stamp gives, alone and after others of its device."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.domain.messages.models import TimeQuality
from dosing_tui.domain.messages.timestamp_rules import (
    ClockRules,
    ClockSample,
    ClockTrust,
    DeviceClock,
    ResolvedTime,
    resolve_timestamp,
    update_clock,
)
from tests.support.domain.payload_samples import MADE, RECEIVED, RULES, STAMP

DEVICE, UPTIME = TimeQuality.DEVICE, TimeQuality.UPTIME
WINDOW, RECEIVE = TimeQuality.WINDOW, TimeQuality.RECEIVE

R = RECEIVED.timestamp()
DAY = 86_400


def resolve_alone(stamp: object, rules: ClockRules = RULES) -> ResolvedTime:
    return resolve_timestamp(stamp, RECEIVED, rules, None)


def list_qualities(*heard: tuple[float, float]) -> list[TimeQuality]:
    """The quality of each (stamp, seconds after RECEIVED) of one device."""
    clock: DeviceClock | None = None
    found = []
    for stamp, after in heard:
        verdict = resolve_timestamp(stamp, RECEIVED + timedelta(seconds=after), RULES, clock)
        clock = verdict.clock
        found.append(verdict.quality)
    return found


@pytest.mark.parametrize(
    "stamp",
    [
        STAMP, float(STAMP), STAMP * 1_000, STAMP * 10**6, STAMP * 10**9,
        f"{STAMP}", f" {STAMP}000 ", f"{STAMP}.0",
        "2023-10-31T15:17:12Z", "2023-10-31T15:17:12+00:00", "2023-10-31T16:17:12.000+01:00",
        "2023-10-31 15:17:12", "20231031T151712Z", " 2023-10-31T15:17:12Z ",
    ],
)  # fmt: skip
def test_a_time_in_the_window_is_the_devices(stamp: object) -> None:
    verdict = resolve_alone(stamp)
    assert (verdict.time, verdict.quality, verdict.flag) == (MADE, DEVICE, "")


def test_parts_of_a_second_are_kept() -> None:
    assert resolve_alone(STAMP * 1_000 + 345).time == MADE + timedelta(milliseconds=345)
    assert resolve_alone(STAMP * 10**6 + 345_678).time == MADE + timedelta(microseconds=345_678)
    assert resolve_alone(STAMP + 0.25).time == MADE + timedelta(milliseconds=250)


def test_a_time_without_a_zone_is_in_the_devices_zone() -> None:
    rules = ClockRules(RULES.max_age, RULES.max_ahead, ZoneInfo("America/New_York"))
    assert resolve_alone("2023-10-31T11:17:12", rules).time == MADE
    assert resolve_alone("2023-10-31T15:17:12Z", rules).time == MADE


@pytest.mark.parametrize(
    ("stamp", "quality", "flag"),
    [
        (0, UPTIME, "timestamp: 0"),
        (86_400_123, UPTIME, "timestamp: 86400123"),
        (999_999_999, UPTIME, "timestamp: 999999999"),
        ("12345", UPTIME, "timestamp: 12345"),
        ("20231031", UPTIME, "timestamp: 20231031"),
        (1_000_000_000, WINDOW, "timestamp: 1000000000"),
        (1_200_000_000, WINDOW, "timestamp: 1200000000"),
        (STAMP + 301 + 2, WINDOW, f"timestamp: {STAMP + 303}"),
        (STAMP - 31 * DAY, WINDOW, None),
        (STAMP * 10**9 * 50, WINDOW, None),
        (9.99e20, WINDOW, None),
        ("2020-01-01T00:00:00Z", WINDOW, "timestamp: '2020-01-01T00:00:00Z'"),
        ("9999-12-31T23:59:59-12:00", WINDOW, None),
        ("0001-01-01T00:00:00+14:00", None, None),
        (None, RECEIVE, ""),
        (True, RECEIVE, "timestamp: true"),
        (-1, RECEIVE, "timestamp: -1"),
        (-5.5, RECEIVE, "timestamp: -5.5"),
        (float("nan"), RECEIVE, "timestamp: nan"),
        (float("inf"), RECEIVE, "timestamp: inf"),
        (10**400, RECEIVE, "timestamp: a number of very many digits"),
        ("9" * 5_000, RECEIVE, f"timestamp: '{'9' * 39}…'"),
        ("yesterday", RECEIVE, "timestamp: 'yesterday'"),
        ("", RECEIVE, "timestamp: ''"),
        ("2023-10-31", RECEIVE, "timestamp: '2023-10-31'"),
        ("2023-13-31T15:17:12Z", RECEIVE, None),
        ("\ud800", RECEIVE, "timestamp: '�'"),
        ("٣" * 10, RECEIVE, None),
        ([], RECEIVE, "timestamp: a list"),
        ({}, RECEIVE, "timestamp: an object"),
    ],
)
def test_a_stamp_that_is_no_time_leaves_the_receive_time(
    stamp: object, quality: TimeQuality | None, flag: str | None
) -> None:
    verdict = resolve_alone(stamp)
    assert quality is None or verdict.quality is quality
    assert flag is None or verdict.flag == flag
    assert (verdict.time == RECEIVED) == (verdict.quality is not DEVICE)


@pytest.mark.parametrize(("seconds", "quality"), [(300, DEVICE), (301, WINDOW)])
def test_the_window_ends_ahead_of_the_receive_time(seconds: int, quality: TimeQuality) -> None:
    assert resolve_alone(R + seconds).quality is quality


@pytest.mark.parametrize(("seconds", "quality"), [(30 * DAY, DEVICE), (30 * DAY + 1, WINDOW)])
def test_the_window_begins_before_the_receive_time(seconds: int, quality: TimeQuality) -> None:
    assert resolve_alone(R - seconds).quality is quality


def test_a_window_of_another_width_is_another() -> None:
    rules = ClockRules(timedelta(hours=1), timedelta(0), UTC)
    assert resolve_alone(R - 3_600, rules).quality is DEVICE
    assert resolve_alone(R - 3_601, rules).quality is WINDOW
    assert resolve_alone(R + 1, rules).quality is WINDOW


def test_a_counter_received_from_its_start_is_never_believed() -> None:
    heard = [(after * 1_000.0, float(after)) for after in range(0, 60 * DAY, 1_800)]
    assert set(list_qualities(*heard)) == {UPTIME}


def test_a_counter_first_received_shortly_before_it_looks_like_today_is_not_believed() -> None:
    before = R - 30 * DAY - 100_000
    heard = [(before + 1_000 * after, float(after)) for after in range(0, 4_000, 3)]
    assert DEVICE not in list_qualities(*heard)


def test_a_counter_first_received_while_it_looks_like_today_is_found_out_after_a_minute() -> None:
    inside = R - 10 * DAY
    heard = [(inside + 1_000 * after, float(after)) for after in range(0, 600, 30)]
    assert list_qualities(*heard) == [DEVICE] * 2 + [UPTIME] * 18


def test_a_station_that_learns_the_time_after_its_start_is_believed_at_once() -> None:
    assert list_qualities((12, 0), (42, 30), (R + 60, 61), (R + 60, 61.2), (R + 120, 121)) == [
        UPTIME, UPTIME, DEVICE, DEVICE, DEVICE,
    ]  # fmt: skip


def test_a_night_of_messages_delivered_at_once_keeps_its_times() -> None:
    night = [(R - 30_000 + 60 * number, number / 1_000) for number in range(500)]
    assert set(list_qualities(*night)) == {DEVICE}
    assert list_qualities((12, 0), *night) == [UPTIME] + [DEVICE] * 500
    assert list_qualities((R - 30_060, -30_060), *night, (R + 60, 60)) == [DEVICE] * 502


@pytest.mark.parametrize("outage", [1_800, 3_600, 3_600 * 5, 3_600 * 16, DAY, 3 * DAY])
@pytest.mark.parametrize("pause", [1, 5, 6, 8, 30, 60, 61, 90, 300])
@pytest.mark.parametrize("heard_before", [True, False])
def test_an_outage_and_its_backlog_leave_a_clock_a_clock(outage: int, pause: int, heard_before: bool) -> None:
    live = [(R - outage - 60, -outage - 60.0)] if heard_before else []
    backlog = [(R - outage + 60 * number, number / 1_000) for number in range(outage // 60)]
    after = [(R + pause + 30 * number, float(pause + 30 * number)) for number in range(10)]
    assert set(list_qualities(*live, *backlog, *after)) == {DEVICE}


def test_a_repeated_old_message_of_a_station_with_a_clock_changes_nothing() -> None:
    live = [(R + after, float(after)) for after in range(0, 300, 30)]
    old = [(R - 86_400, 75.0), (12.0, 105.5), (R - 29 * DAY, 165.0), (R - 40 * DAY, 195.5)]
    found = list_qualities(*sorted(live + old, key=lambda pair: pair[1]))
    assert found.count(DEVICE) == len(live) + 2
    assert (found.count(UPTIME), found.count(WINDOW)) == (1, 1)


def test_a_repeated_old_message_of_a_counter_does_not_make_it_a_clock() -> None:
    inside = R - 10 * DAY
    heard = [(inside - 1e9, -1e6), (inside - 3e6, -3e3), (inside, 0.0), (1e6, 10.0), (inside + 2e4, 20.0)]
    heard += [(inside - 1e9, 30.0), (inside + 4e4, 40.0), (inside, 50.0), (inside + 6e4, 60.0)]
    assert DEVICE not in list_qualities(*heard)


def test_weeks_of_silence_do_not_prove_that_a_counter_is_a_clock() -> None:
    """It started anew meanwhile, and shows by chance as much more as time has passed."""
    inside = R - 29 * DAY
    assert list_qualities((5e5, -2e6), (inside, 0), (inside + 25 * DAY, 25 * DAY)) == [UPTIME] * 3


def test_a_clock_that_steps_back_or_is_corrected_stays_a_clock() -> None:
    assert set(list_qualities((R, 0), (R - 3_590, 10), (R - 3_580, 20), (R + 30, 30), (R + 40, 40))) == {
        DEVICE
    }


def test_a_clock_that_was_wrong_by_months_is_believed_when_it_is_set() -> None:
    late = R - 60 * DAY
    assert list_qualities((late, 0), (late + 60, 60), (R + 120, 120), (R + 180, 180), (R + 240, 240)) == [
        WINDOW, WINDOW, UPTIME, DEVICE, DEVICE,
    ]  # fmt: skip


def test_a_counter_of_seconds_is_never_believed() -> None:
    assert set(list_qualities(*((float(after), float(after)) for after in range(0, 10 * DAY, 3_600)))) == {
        UPTIME
    }


def test_a_reboot_and_a_wrap_leave_a_counter_a_counter() -> None:
    top = 2.0**32
    assert list_qualities((top - 2e9, 0), (top - 1e9, 1e6), (5e5, 2e6), (1e9, 3e6), (100, 3.1e6)) == [
        WINDOW, UPTIME, UPTIME, UPTIME, UPTIME,
    ]  # fmt: skip


def test_written_dates_are_believed_whatever_the_numbers_were() -> None:
    counting = resolve_timestamp(5_000, RECEIVED, RULES, None).clock
    verdict = resolve_timestamp("2023-10-31T15:17:12Z", RECEIVED, RULES, counting)
    assert (verdict.time, verdict.quality, verdict.clock) == (MADE, DEVICE, counting)


def test_a_receive_clock_that_is_set_back_does_not_stop_the_judgement() -> None:
    now, then = ClockSample(R, R), ClockSample(R - 3_600, R - 3_600)
    clock = update_clock(DeviceClock(ClockTrust.CLOCK, now, now), *then, is_in_window=True)
    assert clock == DeviceClock(ClockTrust.CLOCK, then, then)


def test_the_largest_number_json_can_carry_is_no_time() -> None:
    assert resolve_alone(json.loads("1e308")).quality is RECEIVE


def test_the_time_is_written_in_utc() -> None:
    assert resolve_alone("2023-10-31T16:17:12+01:00").time.tzinfo is UTC
    assert resolve_alone(STAMP).time == datetime(2023, 10, 31, 15, 17, 12, tzinfo=UTC)
