"""A station or tank that is retired raises nothing, and is back by itself when it is used again."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.operator_commands import (
    CommandContext,
    acknowledge_alarm,
    remove_from_service,
    return_to_service,
)
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, TimeQuality
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from tests.support.domain.alarm_entries import numbered_uuid
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

ANNA = Actor("Anna", "anna")
N = AlarmStateName


def act(plant: EvaluatedPlant, key: AlarmKey, *, retire: bool = True) -> None:
    """The entry of an operator, in the journal."""
    plant.confirm_journal()
    number = len(plant.journal) + 10_000
    context = CommandContext(ANNA, plant.now, new_id=lambda: numbered_uuid(number))
    state = plant.evaluator.projection.get_state(key)
    plant.journal.append(
        remove_from_service(state, context, priority=Priority.LOW, reason="sold")
        if retire else return_to_service(state, context)
    )  # fmt: skip
    plant.confirm_journal()


def retire(plant: EvaluatedPlant, chemical: str = "") -> None:
    plant.advance_clock()
    act(plant, AlarmKey(RETIRED, STATION, chemical))
    plant.advance_clock()


def get_retired_state(plant: EvaluatedPlant, chemical: str = "") -> AlarmStateName:
    return plant.get_shown_state(RETIRED, STATION, chemical)


def fill_plant(plant: EvaluatedPlant) -> None:
    """Alarms of every kind: active, latched, acknowledged."""
    plant.receive_readings(plant.make_level(3), plant.make_dose(3.0))
    plant.receive_readings(plant.make_dose(1.0, chemical="T-9"), plant.make_level(10, chemical="T-9"))
    plant.advance_clock(3)
    plant.confirm_journal()
    state = plant.evaluator.projection.get_state(AlarmKey("STOCK_CRITICAL", STATION, "T-12"))
    plant.journal.append(
        acknowledge_alarm(state, CommandContext(ANNA, plant.now, new_id=lambda: numbered_uuid(9_999)))
    )
    plant.confirm_journal()


def list_own(plant: EvaluatedPlant) -> set[AlarmKey]:
    return {key for key in plant.evaluator.projection.states if key.device == STATION and key.rule != RETIRED}


def test_all_alarms_of_a_retired_station_end_and_none_is_raised() -> None:
    plant = EvaluatedPlant()
    fill_plant(plant)
    plant.receive_readings(plant.make_level(3, device="other"))
    assert list_own(plant)
    retire(plant)
    assert list_own(plant) == set()
    plant.advance_clock(1_300)
    assert list_own(plant) == set()
    assert get_retired_state(plant) is N.OUT_OF_SERVICE
    assert plant.get_shown_state("STOCK_CRITICAL", "other", "T-12") is not N.NORMAL
    assert plant.get_shown_state("DEVICE_OFFLINE", "other") is N.UNACK
    ended = [entry for entry in plant.journal if entry.event is AlarmEvent.UNSUPPRESS]
    assert {entry.comment for entry in ended} == {"retired: sold"}


def test_a_retired_tank_is_silent_and_the_others_of_its_station_are_not() -> None:
    plant = EvaluatedPlant()
    fill_plant(plant)
    retire(plant, "T-12")
    assert {key.item for key in list_own(plant)} == {"T-9"}
    plant.receive_readings(plant.make_level(5, chemical="T-9"))
    assert plant.get_shown_state("STOCK_CRITICAL", item="T-9") is not None


@pytest.mark.parametrize("kind", ["dose", "level", "event", "status"])
def test_a_station_that_sends_again_is_back_with_a_sentence(kind: str) -> None:
    plant = EvaluatedPlant()
    fill_plant(plant)
    retire(plant)
    plant.advance_clock(600)
    match kind:
        case "dose":
            plant.receive_readings(plant.make_dose(3.0))
        case "level":
            plant.receive_readings(plant.make_level(3))
        case "event":
            plant.receive_readings(plant.make_event("start"))
        case _:
            plant.evaluator.on_news(StationReport(STATION, plant.now, False, ConnectionReport.ONLINE))
            plant.advance_clock()
    back = [entry for entry in plant.journal if entry.key.rule == RETIRED][-1]
    assert back.event is AlarmEvent.RETURN_TO_SERVICE
    assert back.message == f"Station {STATION} sends messages again: no longer retired"
    assert get_retired_state(plant) is N.UNACK
    assert kind != "dose" or plant.get_shown_state("DOSE_GROSS", item="T-12") is N.UNACK
    plant.advance_clock(61)
    assert get_retired_state(plant) is N.RTN_UNACK


def test_what_is_kept_or_late_brings_no_station_back() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    retire(plant)
    plant.advance_clock(60)
    plant.evaluator.load_history([plant.make_level(50)])
    plant.receive_readings(plant.make_dose(3.0, behind=timedelta(minutes=5)))
    plant.evaluator.on_news(StationReport(STATION, plant.now, True, ConnectionReport.ONLINE))
    plant.evaluator.on_news(StationReport(STATION, plant.now, False, ConnectionReport.OFFLINE))
    plant.advance_clock()
    assert get_retired_state(plant) is N.OUT_OF_SERVICE


def test_a_tank_is_back_when_it_is_dosed_from_or_its_level_changes() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(3))
    retire(plant, "T-12")
    plant.receive_readings(plant.make_level(3), plant.make_event("start"), plant.make_dose(chemical="T-9"))
    assert get_retired_state(plant, "T-12") is N.OUT_OF_SERVICE
    plant.advance_clock()
    plant.receive_readings(plant.make_level(4))
    assert get_retired_state(plant, "T-12") is N.UNACK
    assert plant.get_shown_state("STOCK_CRITICAL", item="T-12") is N.UNACK
    message = f"Tank T-12 of station {STATION} is in use again: no longer retired"
    assert plant.evaluator.projection.get_state(AlarmKey(RETIRED, STATION, "T-12")).message == message


def test_by_hand_it_is_back_without_an_alarm_of_its_own() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(3))
    retire(plant)
    act(plant, AlarmKey(RETIRED, STATION), retire=False)
    plant.advance_clock(601)
    assert get_retired_state(plant) is N.NORMAL
    assert plant.get_shown_state("DEVICE_OFFLINE") is N.UNACK


def test_a_viewer_shows_the_same() -> None:
    collector = EvaluatedPlant()
    fill_plant(collector)
    retire(collector)
    collector.confirm_journal()
    viewer = EvaluatedPlant(journaling=False)
    fill_plant(viewer)
    entries = [replace(entry, id=number) for number, entry in enumerate(collector.journal, start=1)]
    viewer.evaluator.apply_committed(entries)
    viewer.advance_clock(10)
    snapshot = viewer.evaluator.take_snapshot(viewer.now, is_journal_live=True)
    assert [view.state.key for view in snapshot.annunciated_alarms] == []
    assert [view.state.key for view in snapshot.out_of_service] == [AlarmKey(RETIRED, STATION)]


def test_a_retired_station_that_is_long_gone_is_freed_though_it_is_expected() -> None:
    plant = EvaluatedPlant(expected=(STATION,))
    plant.receive_readings(plant.make_level(3))
    retire(plant)
    plant.now += timedelta(days=31)
    plant.advance_clock()
    assert STATION not in plant.evaluator.rules.state.stations
    plant.receive_readings(plant.make_level(4))
    assert plant.get_shown_state("STOCK_CRITICAL", item="T-12") is N.UNACK


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.sampled_from(["dose", "level", "start", "tick", "offline"]), max_size=12))
def test_whatever_came_before_nothing_of_a_retired_station_stands(steps: list[str]) -> None:
    plant = EvaluatedPlant()
    for step in steps:
        readings: dict[str, Dose | InventoryLevel | BatchEvent] = {
            "dose": plant.make_dose(3.0, dedup=len(plant.journal)), "level": plant.make_level(3),
            "start": plant.make_event("start"),
        }  # fmt: skip
        if step in readings:
            plant.receive_readings(readings[step])
        plant.advance_clock(601 if step == "offline" else 1)
    retire(plant)
    plant.advance_clock()
    assert list_own(plant) == set()
    assert TimeQuality.DEVICE is plant.make_dose().time_quality
