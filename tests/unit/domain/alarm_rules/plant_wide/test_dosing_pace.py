"""A chemical is slow only where every station is slow with it; one slow pump is a worn one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import (
    CommonPace,
    DosingPace,
    UsualDuration,
)
from dosing_tui.domain.alarms.models import AlarmStateName
from tests.support.domain.evaluated_plant import EvaluatedPlant

STATIONS = ("station_1", "station_2", "station_3")
USUAL = [UsualDuration(name, "T-12", "CU-85", "CATALYST", 60.0, 100) for name in STATIONS]
PERCENTS = st.dictionaries(
    st.sampled_from(STATIONS), st.lists(st.integers(-20, 60), min_size=1, max_size=6), max_size=3
)


def measure(slower: Mapping[str, Sequence[float]], *, minute: int = 100) -> list[CommonPace]:
    """Of doses that took so many percent longer than 60 s, in minute 100."""
    pace, plant = DosingPace(), EvaluatedPlant()
    pace.load_usual(USUAL)
    for name, percents in slower.items():
        for percent in percents:
            dose = replace(plant.make_dose(device=name), duration_ms=round(60_000 * (1 + percent / 100)))
            pace.add_dose(dose, minute)
    return list(pace.compare_stations(100))


@given(PERCENTS)
def test_the_quickest_station_counts(slower: dict[str, list[float]]) -> None:
    found = measure(slower)
    sure = [each for each in slower.values() if len(each) >= 3]
    if len(sure) < 2:
        assert all(each.slower_percent is None for each in found)
    else:
        least = min(sum(each) / len(each) for each in sure)
        # what is usual follows each dose a little
        assert [(each.chemical, each.stations) for each in found] == [("T-12", len(sure))]
        assert found[0].slower_percent == pytest.approx(least, abs=3)


@given(PERCENTS, st.permutations(STATIONS))
def test_the_stations_names_and_order_do_not_matter(
    slower: dict[str, list[float]], names: Sequence[str]
) -> None:
    renamed = dict(zip(STATIONS, names, strict=True))
    turned = {renamed[name]: slower[name] for name in reversed(list(slower))}
    assert measure(turned) == measure(slower)


def test_what_is_older_than_an_hour_does_not_count() -> None:
    slower = dict.fromkeys(STATIONS, (20.0,) * 3)
    assert [each.stations for each in measure(slower, minute=40)] == [0]
    assert [each.stations for each in measure(slower, minute=41)] == [3]


def test_nothing_is_usual_yet_without_twenty_doses() -> None:
    pace, plant = DosingPace(), EvaluatedPlant()
    for number in range(22):
        for name in STATIONS[:2]:
            pace.add_dose(replace(plant.make_dose(device=name), duration_ms=60_000), 100 + number)
    assert list(pace.compare_stations(121)) == [CommonPace("T-12", 0, None)]


def test_a_cold_chemical_is_an_alarm_and_a_worn_pump_is_none() -> None:
    plant = EvaluatedPlant()
    plant.evaluator.rules.load_dose_history([], USUAL)

    def dose_all(durations_s: Sequence[float]) -> None:
        for _ in range(3):
            for name, seconds in zip(STATIONS, durations_s, strict=True):
                dose = plant.make_dose(device=name, dedup=len(plant.journal) + int(plant.now.timestamp()))
                plant.receive_readings(replace(dose, duration_ms=round(seconds * 1000)))
            plant.advance_clock(60)

    dose_all((75, 60, 60))
    assert plant.get_shown_state("CHEMICAL_SLOW", "", "T-12") is AlarmStateName.NORMAL
    plant.advance_clock(3_600)
    dose_all((75, 70, 71))
    assert plant.get_shown_state("CHEMICAL_SLOW", "", "T-12") is AlarmStateName.UNACK
    raised = next(entry for entry in plant.journal if entry.key.rule == "CHEMICAL_SLOW")
    assert raised.message.startswith("T-12 takes 1")
    assert raised.message.endswith(" % longer than usual at all 3 stations that dose it")
    plant.advance_clock(int(timedelta(hours=1, minutes=2).total_seconds()))
    assert plant.get_shown_state("CHEMICAL_SLOW", "", "T-12") is AlarmStateName.RTN_UNACK
