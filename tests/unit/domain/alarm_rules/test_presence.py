"""What a status topic and sequence numbers mean for the alarms of a station."""

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName
from dosing_tui.domain.presence.models import ConnectionReport, MessageLoss, StationNews, StationReport
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

ONLINE, OFFLINE = ConnectionReport.ONLINE, ConnectionReport.OFFLINE


def report(
    plant: EvaluatedPlant,
    status: ConnectionReport | None,
    *,
    is_retained: bool = False,
    is_cleared: bool = False,
) -> StationReport:
    return StationReport(STATION, plant.now, is_retained, status, is_cleared=is_cleared)


def hear(plant: EvaluatedPlant, news: StationNews) -> None:
    plant.evaluator.on_news(news)
    plant.advance_clock(1)


def list_offline(plant: EvaluatedPlant) -> list[AlarmEvent]:
    return [entry.event for entry in plant.journal if entry.key.rule == "DEVICE_OFFLINE"]


def plant_in_operation() -> EvaluatedPlant:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(70)
    return plant


def test_a_last_will_is_an_alarm_at_once_and_the_next_reading_ends_it() -> None:
    plant = plant_in_operation()
    hear(plant, report(plant, OFFLINE))
    (entry,) = plant.journal
    assert entry.event is AlarmEvent.RAISE
    assert entry.message == f"Dosing system offline: disconnected from the broker ({STATION})"
    plant.advance_clock(5)
    plant.receive_readings(plant.make_level(49))
    plant.advance_clock(1)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.RTN_UNACK


@pytest.mark.parametrize("is_retained", [False, True])
def test_online_ends_what_a_last_will_began(is_retained: bool) -> None:
    plant = plant_in_operation()
    hear(plant, report(plant, OFFLINE))
    hear(plant, report(plant, ONLINE, is_retained=is_retained))
    assert list_offline(plant) == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_status_without_a_word_is_a_sign_of_life_too() -> None:
    plant = plant_in_operation()
    hear(plant, report(plant, OFFLINE))
    hear(plant, report(plant, None))
    assert list_offline(plant) == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_kept_offline_is_a_state_and_raises_nothing_by_itself() -> None:
    plant = plant_in_operation()
    hear(plant, report(plant, OFFLINE, is_retained=True))
    plant.advance_clock(500)
    assert list_offline(plant) == []
    plant.advance_clock(100)  # ten minutes after its last message, as without a status
    assert list_offline(plant) == [AlarmEvent.RAISE]
    assert "offline for 10 min" in plant.journal[-1].message


def test_a_kept_offline_of_a_station_that_is_gone_for_long_is_no_alarm() -> None:
    plant = EvaluatedPlant()
    hear(plant, report(plant, OFFLINE, is_retained=True))
    plant.advance_clock(1_000)
    assert plant.journal == []


@pytest.mark.parametrize("is_retained", [False, True])
def test_online_without_messages_times_out(is_retained: bool) -> None:
    plant = EvaluatedPlant()
    hear(plant, report(plant, ONLINE, is_retained=is_retained))
    plant.advance_clock(500)
    assert list_offline(plant) == []
    plant.advance_clock(100)
    assert list_offline(plant) == [AlarmEvent.RAISE]
    hear(plant, report(plant, ONLINE, is_retained=True))  # at the next connection of the collector
    assert list_offline(plant) == [AlarmEvent.RAISE]


def test_a_kept_offline_that_only_repeats_the_last_will_does_not_hide_what_came_after() -> None:
    plant = plant_in_operation()
    hear(plant, report(plant, OFFLINE))
    plant.receive_readings(plant.make_level(49))
    hear(plant, report(plant, OFFLINE, is_retained=True))
    assert list_offline(plant) == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_status_that_was_taken_back_leaves_the_silence_to_judge() -> None:
    plant = plant_in_operation()
    plant.evaluator.on_news(report(plant, OFFLINE))
    hear(plant, report(plant, None, is_cleared=True))
    assert list_offline(plant) == []
    plant.advance_clock(600)
    assert list_offline(plant) == [AlarmEvent.RAISE]


def test_nothing_new_is_concluded_from_a_last_will_while_the_broker_is_down() -> None:
    plant = plant_in_operation()
    plant.outlook = replace(plant.outlook, broker=ConnectionState(False, plant.now, "gone"))
    hear(plant, report(plant, OFFLINE))
    assert list_offline(plant) == []


def test_lost_messages_are_an_alarm_with_their_number() -> None:
    plant = plant_in_operation()
    hear(plant, MessageLoss(STATION, plant.now, 3, 7, 9))
    (entry,) = plant.journal
    assert (entry.key.rule, entry.event, entry.value) == ("MESSAGES_LOST", AlarmEvent.RAISE, 3.0)
    assert entry.message == f"3 messages of {STATION} lost (numbers 7 to 9)"
    hear(plant, MessageLoss(STATION, plant.now, -1, 8, 8))
    assert len(plant.journal) == 1
    plant.advance_clock(61)
    assert plant.get_shown_state("MESSAGES_LOST") is AlarmStateName.LATCHED_UNACK


def test_several_gaps_are_reported_together() -> None:
    plant = plant_in_operation()
    plant.evaluator.on_news(MessageLoss(STATION, plant.now, 1, 7, 7))
    hear(plant, MessageLoss(STATION, plant.now, 2, 9, 10))
    assert plant.journal[-1].message == f"3 messages of {STATION} lost"


def test_only_what_changes_a_state_asks_for_an_evaluation_at_once() -> None:
    plant = plant_in_operation()
    assert plant.evaluator.on_news(report(plant, ONLINE))
    plant.advance_clock(1)
    assert not plant.evaluator.on_news(report(plant, None))
    assert plant.evaluator.on_news(report(plant, OFFLINE))
    assert not plant.evaluator.on_news(MessageLoss(STATION, plant.now, 0, 7, 7))
