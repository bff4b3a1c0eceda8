"""Silence counts only while this process listens: an alarm of silence that nobody could hear is false."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dosing_tui.domain.alarm_rules.detection import ConnectionState
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.messages.models import Reading
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import STATION, Plant


def list_raised(plant: Plant) -> list[str]:
    return [entry.key.rule for entry in plant.journal]


def set_back(reading: Reading, minutes: float) -> Reading:
    at = NOW - timedelta(minutes=minutes)
    return replace(reading, time=at, received_at=at)


@pytest.mark.parametrize("minutes", [7, 62])
def test_a_batch_that_goes_on_over_a_restart_has_not_stalled(minutes: int) -> None:
    """The dose before the restart was its last message, not its start."""
    plant = Plant()
    plant.evaluator.load_history(
        [set_back(plant.make_event("start"), minutes), set_back(plant.make_dose(), 0.5)]
    )
    plant.evaluator.load_dose_errors([])
    plant.advance_clock(300)
    assert list_raised(plant) == []


def test_a_batch_that_is_silent_since_a_restart_has_stalled_after_as_long_as_any() -> None:
    plant = Plant()
    plant.evaluator.load_history([set_back(plant.make_event("start"), 30)])
    plant.evaluator.load_dose_errors([])
    plant.advance_clock(360)
    assert "BATCH_STALLED" not in list_raised(plant)
    plant.advance_clock(10)
    assert "BATCH_STALLED" in list_raised(plant)


def test_a_batch_is_not_aborted_while_the_broker_is_away() -> None:
    plant = Plant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(20)
    plant.outlook = replace(plant.outlook, broker=ConnectionState(False, plant.now, "gone"))
    plant.advance_clock(3700)
    assert list_raised(plant) == ["BROKER_DOWN"]
    plant.outlook = replace(plant.outlook, broker=ConnectionState(True, plant.now))
    plant.advance_clock(90)
    assert not {"BATCH_STALLED", "BATCH_ABORTED"} & {*list_raised(plant)}


def test_a_full_spool_that_takes_no_message_says_nothing_of_stations_and_batches() -> None:
    plant = Plant()
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
    plant = Plant(expected=(STATION,))
    plant.evaluator.load_history([set_back(plant.make_level(50), 9)])
    plant.evaluator.load_dose_errors([])
    plant.advance_clock(61)
    assert list_raised(plant) == ["DEVICE_OFFLINE"]
