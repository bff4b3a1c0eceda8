"""The past: at the plant's rhythm, and the present goes on from it."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.simulator.shift_pattern import WORKING_HOURS, find_next_working_time
from tests.support.simulator.simulated_plants import (
    DOSES,
    LEVELS,
    NOW,
    decode_fields,
    group_by_tank,
    to_centigrams,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from([UTC, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")])
MOMENTS = st.integers(0, 3 * 365 * 86_400).map(
    lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def test_a_station_says_a_few_hundred_messages_a_day() -> None:
    days, devices = 10, 3
    plant = SimulatedPlant(1, devices, since=NOW - timedelta(days=days))
    messages = list(plant.generate_history(NOW, BERLIN))
    assert 200 < len(messages) / days / devices < 600
    assert all(before.at <= after.at for before, after in pairwise(messages))
    assert NOW - timedelta(days=days) <= messages[0].at
    assert messages[-1].at < NOW


def test_nobody_works_at_night_in_the_plants_own_zone() -> None:
    plant = SimulatedPlant(1, 2, since=NOW - timedelta(days=20))
    hours = Counter(message.at.astimezone(BERLIN).hour for message in plant.generate_history(NOW, BERLIN))
    assert min(hours) == 6
    assert max(hours) <= 22
    assert hours[10] > 1.5 * hours[12], "the break at noon"


def test_a_history_that_ends_at_night_ends_with_the_shift() -> None:
    until = datetime(2026, 11, 23, 3, 0, tzinfo=BERLIN)
    plant = SimulatedPlant(1, 2, since=until - timedelta(days=2))
    last = list(plant.generate_history(until, BERLIN))[-1]
    assert last.at.astimezone(BERLIN).hour in (21, 22)
    at_night = list(islice(plant.generate_live(until), 20))
    assert at_night[0].at - until < timedelta(minutes=1)


def test_the_present_goes_on_with_the_stock_and_the_batches_of_the_past() -> None:
    plant = SimulatedPlant(3, 2, since=NOW - timedelta(days=2))
    past = list(plant.generate_history(NOW, BERLIN))
    present = list(islice(plant.generate_live(NOW, rate=5), 300))
    levels: dict[tuple[str, str], int] = {}
    for tank, message in group_by_tank(past):
        if message.topic == LEVELS:
            levels[tank] = to_centigrams(decode_fields(message)["remaining_g"])
    checked = set()
    for tank, message in group_by_tank(present):
        if message.topic == DOSES and tank not in checked:
            levels[tank] -= to_centigrams(decode_fields(message)["actual_g"])
        elif tank not in checked:
            checked.add(tank)
            assert to_centigrams(decode_fields(message)["remaining_g"]) == levels[tank]
    assert len(checked) >= 4


def test_a_history_made_in_pieces_is_the_history() -> None:
    since = NOW - timedelta(days=2)
    whole = list(SimulatedPlant(1, 3, since=since).generate_history(NOW, BERLIN))
    plant = SimulatedPlant(1, 3, since=since)
    first = list(plant.generate_history(NOW - timedelta(days=1), BERLIN))
    assert first + list(plant.generate_history(NOW, BERLIN)) == whole


@given(MOMENTS, ZONES)
def test_the_next_working_moment_is_in_working_hours_and_never_before(at: datetime, zone: ZoneInfo) -> None:
    moment = find_next_working_time(at.timestamp(), zone)
    assert at.timestamp() <= moment <= (at + timedelta(hours=10)).timestamp()
    clock = datetime.fromtimestamp(moment, zone).time()
    assert any(begin <= clock < end for begin, end in WORKING_HOURS)


@given(MOMENTS, ZONES)
def test_in_working_hours_the_next_working_moment_is_now(at: datetime, zone: ZoneInfo) -> None:
    moment = find_next_working_time(at.timestamp(), zone)
    assert find_next_working_time(moment, zone) == moment


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 7, 1), 8)]
)
def test_nights_may_be_an_hour_shorter_or_longer(day: date, hours: int) -> None:
    asleep = datetime.combine(day, time(22, 10), BERLIN).timestamp()
    assert find_next_working_time(asleep, BERLIN) - asleep == hours * 3600
