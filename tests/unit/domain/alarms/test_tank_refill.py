"""A refill that somebody tells of is no alarm, before or after; one that nobody tells of is."""

from datetime import timedelta

import pytest

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, AlarmStateName, JournalEntry
from dosing_tui.domain.alarms.operator_commands import CommandContext, remove_from_service
from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_material_entries
from dosing_tui.errors import AlarmCommandError
from tests.support.domain.alarm_entries import ANNA
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

KEY = AlarmKey("STOCK_RESET", STATION, "T-12")
HOUR = timedelta(hours=1)


def report_refill(
    plant: EvaluatedPlant, *, grams: float | None = 10_000.0, within: timedelta = HOUR
) -> list[JournalEntry]:
    """Anna says it, and everybody hears of it."""
    plant.confirm_journal()
    states = plant.evaluator.projection.states
    entries = create_material_entries(
        states,
        CommandContext(ANNA, plant.now),
        device=STATION,
        chemical="T-12",
        words="Refilled." if grams is None else f"Refilled to {grams:g} g.",
        added_g=grams,
        level_timeout=within,
        max_duration=timedelta(hours=4),
    )
    plant.journal += entries
    plant.confirm_journal()
    return entries


def get_refill_state(plant: EvaluatedPlant) -> AlarmStateName:
    return plant.get_shown_state("STOCK_RESET", item="T-12")


def jump_level(plant: EvaluatedPlant, percent: float = 100.0) -> None:
    plant.receive_readings(plant.make_level(percent))
    plant.advance_clock(2)


def test_a_refill_entered_before_the_level_jumps_is_no_alarm_and_is_over_after_its_time() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    (entry,) = report_refill(plant)
    assert (entry.event, entry.value, entry.comment, entry.who.name) == (
        AlarmEvent.SHELVE, 10_000.0, "Refilled to 10000 g.", "Anna",
    )  # fmt: skip
    jump_level(plant)
    assert get_refill_state(plant) is AlarmStateName.SHELVED
    plant.advance_clock(3700)
    assert get_refill_state(plant) is AlarmStateName.NORMAL
    assert all(one.event is not AlarmEvent.RAISE for one in plant.journal if one.key == KEY)


def test_a_refill_entered_just_after_the_jump_takes_the_alarm_out_of_the_list() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    jump_level(plant)
    assert [one.event for one in report_refill(plant)] == [AlarmEvent.SHELVE]
    plant.advance_clock(3700)
    assert get_refill_state(plant) is AlarmStateName.NORMAL


def test_a_refill_entered_after_the_jump_explains_it() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    jump_level(plant)
    assert get_refill_state(plant) is AlarmStateName.UNACK
    plant.advance_clock(70)
    assert [one.event for one in report_refill(plant, grams=None)] == [
        AlarmEvent.ACKNOWLEDGE,
        AlarmEvent.RESET,
    ]
    assert get_refill_state(plant) is AlarmStateName.NORMAL


def test_a_jump_of_another_tank_and_one_after_the_time_are_alarms() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50), plant.make_level(50, chemical="T-9"))
    report_refill(plant, within=timedelta(minutes=10))
    plant.receive_readings(plant.make_level(100, chemical="T-9"))
    assert plant.get_shown_state("STOCK_RESET", item="T-9") is AlarmStateName.UNACK
    plant.advance_clock(700)
    jump_level(plant)
    assert get_refill_state(plant) is AlarmStateName.UNACK


def test_an_alarm_that_is_out_of_service_needs_no_refill() -> None:
    plant = EvaluatedPlant()
    plant.journal.append(
        remove_from_service(
            AlarmState(KEY), CommandContext(ANNA, plant.now), priority=REFILL_RULE.priority, reason="x"
        )
    )
    with pytest.raises(AlarmCommandError, match="out of service: a refill raises no alarm"):
        report_refill(plant)
