"""However many names are invented, a station that is new gets its alarms, and what is long over is freed."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.plant_wide import dosing_pace
from dosing_tui.domain.alarm_rules.shared import rule_state
from dosing_tui.domain.alarm_rules.shared.bounded_states import BoundedStates
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _low_ceilings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_state, "MAX_SERIES", 40)
    monkeypatch.setattr(rule_state, "MAX_ALARMED", 60)
    monkeypatch.setattr(dosing_pace, "MAX_KINDS", 40)


def flood(plant: EvaluatedPlant, names: int, prefix: str = "invented") -> None:
    """A name with each message; a message a second."""
    for number in range(names):
        plant.now += timedelta(seconds=1)
        plant.receive_readings(plant.make_level(50, device=f"{prefix} {number}"))


def list_conditions(evaluator: Evaluator) -> list[AlarmKey]:
    return list(evaluator._conditions)


def test_a_station_that_is_new_after_a_flood_of_names_gets_its_alarms() -> None:
    plant = EvaluatedPlant()
    flood(plant, 200)
    plant.receive_readings(
        plant.make_level(10, device="new"), plant.make_dose(3.0, device="new", target_g=1.0)
    )
    assert plant.get_shown_state("STOCK_LOW", "new", "T-12") is AlarmStateName.UNACK
    assert plant.get_shown_state("DOSE_GROSS", "new", "T-12") is AlarmStateName.UNACK
    assert plant.evaluator.ceiling_text.startswith(
        "Alarms watch at most 40 stations and tanks, and 60 more with"
    )


def test_a_flood_of_names_frees_no_station_that_works_nor_one_that_is_expected() -> None:
    plant = EvaluatedPlant(expected=("expected",))
    for _ in range(30):
        plant.advance_clock()
        plant.receive_readings(plant.make_level(50), plant.make_level(50, chemical="T-9"))
    flood(plant, 200)
    plant.now += timedelta(seconds=400)
    plant.advance_clock()
    assert plant.get_shown_state("DEVICE_OFFLINE", STATION) is AlarmStateName.UNACK
    assert plant.get_shown_state("DEVICE_OFFLINE", "expected") is AlarmStateName.UNACK


def test_each_low_tank_has_its_alarm_however_many_there_are_and_the_ceiling_is_said() -> None:
    plant = EvaluatedPlant()
    names = [f"station {number}" for number in range(200)]

    def list_active() -> set[str]:
        return {key.device for key, state in plant.evaluator.projection.states.items() if state.active}

    for _ in range(3):
        plant.receive_readings(*(plant.make_level(10, device=name) for name in names))
        plant.advance_clock(30)
        assert list_active() == set(names)
    assert plant.evaluator.ceiling_text.startswith(
        "Alarms watch at most 40 stations and tanks, and 60 more with"
    )
    plant.advance_clock(31)
    assert list_active() == set(plant.evaluator.rules.state.stations)


@pytest.mark.parametrize("stations", [240, 24])
@pytest.mark.parametrize("low_every", [1, 7])
def test_rare_levels_of_more_tanks_than_the_ceiling_end_no_stock_alarm(
    monkeypatch: pytest.MonkeyPatch, stations: int, low_every: int
) -> None:
    """Each tank with a level every 10 min: longer than the off-delay. A tenth of the ceilings of a plant."""
    monkeypatch.setattr(rule_state, "MAX_SERIES", 200)
    monkeypatch.setattr(rule_state, "MAX_ALARMED", 800)
    plant = EvaluatedPlant()
    tanks = [(f"station {number % stations}", f"c{number // stations}") for number in range(240)]
    for _ in range(3):
        for step in range(6):
            plant.receive_readings(*(
                plant.make_level(10 if number % low_every == 0 else 50, device=device, chemical=chemical)
                for number, (device, chemical) in enumerate(tanks) if number % 6 == step
            ))  # fmt: skip
            for _ in range(2):
                plant.now += timedelta(seconds=49)
                plant.advance_clock()
    events = Counter(
        (entry.event, entry.key.device, entry.key.item)
        for entry in plant.journal if entry.key.rule == "STOCK_LOW"
    )  # fmt: skip
    assert events == Counter((AlarmEvent.RAISE, *tank) for tank in tanks[::low_every])


def test_the_alarms_of_stations_that_are_freed_end() -> None:
    plant = EvaluatedPlant()
    flood(plant, 30)
    plant.advance_clock(601)
    assert plant.get_shown_state("DEVICE_OFFLINE", "invented 0") is AlarmStateName.UNACK
    flood(plant, 200, "others")
    plant.advance_clock()
    assert plant.get_shown_state("DEVICE_OFFLINE", "invented 0") is AlarmStateName.RTN_UNACK


def test_a_station_that_is_gone_for_a_month_and_has_no_alarm_is_freed() -> None:
    plant = EvaluatedPlant(outlook=replace(EvaluatedPlant().outlook, is_shift_scheduled=False))
    plant.receive_readings(plant.make_level(50, device="gone"), plant.make_level(10, device="low"))
    plant.now += 31 * DAY
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock()
    stations = plant.evaluator.rules.state.stations
    assert (
        "gone" not in stations or plant.get_shown_state("DEVICE_OFFLINE", "gone") is not AlarmStateName.NORMAL
    )
    assert "low" in stations
    assert STATION in stations


def test_a_condition_that_is_over_is_forgotten() -> None:
    plant = EvaluatedPlant()
    for number in range(100):
        plant.receive_readings(plant.make_level(50, chemical=f"c{number}"))
    plant.receive_readings(plant.make_level(10))
    assert [key.item for key in list_conditions(plant.evaluator) if key.rule == "STOCK_LOW"] == ["T-12"]
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(130)
    plant.confirm_journal()
    state = plant.evaluator.projection.get_state(AlarmKey("STOCK_LOW", STATION, "T-12"))
    assert state.state_name is AlarmStateName.RTN_UNACK
    assert all(key.rule != "STOCK_CRITICAL" for key in list_conditions(plant.evaluator))


@given(st.lists(st.integers(0, 300), max_size=600), st.integers(1, 100))
def test_the_least_useful_are_freed_first(keys: list[int], most: int) -> None:
    freed: list[int] = []
    states: BoundedStates[int, int] = BoundedStates(
        most=most, rank_use=lambda key, state: (key,), on_freed=freed.extend
    )
    for key in keys:
        states.get_or_add(key, lambda: 0)
        assert len(states) <= most
        assert key in states
    kept = sorted(set(states))
    assert not freed or not kept or min(freed) < max(kept) or len(set(keys)) > most
