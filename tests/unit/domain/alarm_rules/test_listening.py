"""Silence counts only while this process listens: an alarm of silence that nobody could hear is false."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName
from dosing_tui.domain.messages.models import Reading
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant


def list_raised(plant: EvaluatedPlant) -> list[str]:
    return [entry.key.rule for entry in plant.journal]


def set_back(reading: Reading, minutes: float) -> Reading:
    at = NOW - timedelta(minutes=minutes)
    return replace(reading, time=at, received_at=at)


@pytest.mark.parametrize("minutes", [7, 62])
def test_a_batch_that_goes_on_over_a_restart_has_not_stalled(minutes: int) -> None:
    """The dose before the restart was its last message, not its start."""
    plant = EvaluatedPlant()
    plant.evaluator.load_history(
        [set_back(plant.make_event("start"), minutes), set_back(plant.make_dose(), 0.5)]
    )
    plant.evaluator.rules.load_dose_errors([])
    plant.advance_clock(300)
    assert list_raised(plant) == []


def test_a_batch_that_is_silent_since_a_restart_has_stalled_after_as_long_as_any() -> None:
    plant = EvaluatedPlant()
    plant.evaluator.load_history([set_back(plant.make_event("start"), 30)])
    plant.evaluator.rules.load_dose_errors([])
    plant.advance_clock(360)
    assert "BATCH_STALLED" not in list_raised(plant)
    plant.advance_clock(10)
    assert "BATCH_STALLED" in list_raised(plant)


def test_a_batch_is_not_aborted_while_the_broker_is_away() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(20)
    plant.outlook = replace(plant.outlook, broker=ConnectionState(False, plant.now, "gone"))
    plant.advance_clock(3700)
    assert list_raised(plant) == ["BROKER_DOWN"]
    plant.outlook = replace(plant.outlook, broker=ConnectionState(True, plant.now))
    plant.advance_clock(90)
    assert not {"BATCH_STALLED", "BATCH_ABORTED"} & {*list_raised(plant)}


def test_a_full_spool_that_takes_no_message_says_nothing_of_stations_and_batches() -> None:
    plant = EvaluatedPlant()
    stations = ("s1", "s2", "s3")
    plant.receive_readings(*(plant.make_event("start", device=name) for name in stations))
    plant.outlook = replace(plant.outlook, is_intake_stopped=True)
    plant.advance_clock(3700)
    assert list_raised(plant) == ["SPOOL_FULL"]
    plant.outlook = replace(plant.outlook, is_intake_stopped=False)
    plant.advance_clock(59)
    assert {*list_raised(plant)} == {"SPOOL_FULL"}
    plant.advance_clock(1)  # what waited at the broker has come; these stations sent nothing
    assert [entry.key for entry in plant.journal if entry.key.device] == [
        AlarmKey("DEVICE_OFFLINE", name) for name in stations
    ]


def test_a_station_that_is_silent_is_offline_though_the_collector_was_started_again() -> None:
    plant = EvaluatedPlant(expected=(STATION,))
    plant.evaluator.load_history([set_back(plant.make_level(50), 9)])
    plant.evaluator.rules.load_dose_errors([])
    plant.advance_clock(61)
    assert list_raised(plant) == ["DEVICE_OFFLINE"]


def test_a_station_that_started_again_with_a_full_tank_is_noticed_though_the_collector_did_too() -> None:
    """A power cut restarts both: the station counts from a full tank, which nobody has filled."""
    plant = EvaluatedPlant()
    plant.evaluator.load_history([set_back(plant.make_level(12.0), 20)])
    plant.evaluator.rules.load_dose_errors([])
    plant.advance_clock(2)
    plant.receive_readings(plant.make_level(100.0))
    assert [entry.key.rule for entry in plant.journal if entry.event is AlarmEvent.RAISE] == ["STOCK_RESET"]


def test_a_level_below_the_stored_one_is_no_mismatch() -> None:
    """Nobody knows what was dosed in between."""
    plant = EvaluatedPlant()
    plant.evaluator.load_history([set_back(plant.make_level(60.0), 20)])
    plant.receive_readings(plant.make_dose(), plant.make_level(40.0))
    plant.advance_clock(60)
    assert plant.journal == []
    plant.receive_readings(plant.make_level(39.0))
    plant.advance_clock(40)
    assert list_raised(plant) == ["STOCK_MISMATCH"]


def test_a_stored_level_of_a_clock_that_was_ahead_hides_no_level() -> None:
    plant = EvaluatedPlant()
    ahead = replace(plant.make_level(60.0), time=NOW + timedelta(hours=5))
    plant.evaluator.load_history([ahead])
    plant.receive_readings(plant.make_level(3.0))
    assert plant.get_shown_state("STOCK_CRITICAL", item="T-12") is AlarmStateName.UNACK
