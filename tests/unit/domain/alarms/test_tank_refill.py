"""A refill that somebody tells of is no alarm, before or after; one that nobody tells of is."""

from datetime import timedelta

import pytest

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, AlarmStateName, JournalEntry
from dosing_tui.domain.alarms.operator_commands import CommandContext, remove_from_service
from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_refill_entries
from dosing_tui.errors import AlarmCommandError
from tests.support.domain.alarm_entries import ANNA
from tests.support.domain.evaluated_plant import STATION, Plant

KEY = AlarmKey("STOCK_RESET", STATION, "T-12")
HOUR = timedelta(hours=1)


def tell(plant: Plant, *, grams: float | None = 10_000.0, within: timedelta = HOUR) -> list[JournalEntry]:
    """Anna says it, and everybody hears of it."""
    plant.written()
    states = plant.evaluator.projection.states
    entries = create_refill_entries(
        states, CommandContext(ANNA, plant.now), device=STATION, chemical="T-12", grams=grams, level_timeout=within,
        max_duration=timedelta(hours=4),
    )  # fmt: skip
    plant.journal += entries
    plant.written()
    return entries


def shown(plant: Plant) -> AlarmStateName:
    return plant.shown("STOCK_RESET", item="T-12")


def jump(plant: Plant, percent: float = 100.0) -> None:
    plant.hear(plant.level(percent))
    plant.tick(2)


def test_a_refill_told_before_the_level_jumps_is_no_alarm_and_is_over_after_its_time() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    (entry,) = tell(plant)
    assert (entry.event, entry.value, entry.comment, entry.who.name) == (
        AlarmEvent.SHELVE, 10_000.0, "Refilled to 10000 g.", "Anna",
    )  # fmt: skip
    jump(plant)
    assert shown(plant) is AlarmStateName.SHELVED
    plant.tick(3700)
    assert shown(plant) is AlarmStateName.NORMAL
    assert all(one.event is not AlarmEvent.RAISE for one in plant.journal if one.key == KEY)


def test_a_refill_told_just_after_the_jump_takes_the_alarm_out_of_the_list() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    jump(plant)
    assert [one.event for one in tell(plant)] == [AlarmEvent.SHELVE]
    plant.tick(3700)
    assert shown(plant) is AlarmStateName.NORMAL


def test_a_refill_told_after_the_jump_explains_it() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    jump(plant)
    assert shown(plant) is AlarmStateName.UNACK
    plant.tick(70)
    assert [one.event for one in tell(plant, grams=None)] == [AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET]
    assert shown(plant) is AlarmStateName.NORMAL


def test_a_jump_of_another_tank_and_one_after_the_time_are_alarms() -> None:
    plant = Plant()
    plant.hear(plant.level(50), plant.level(50, chemical="T-9"))
    tell(plant, within=timedelta(minutes=10))
    plant.hear(plant.level(100, chemical="T-9"))
    assert plant.shown("STOCK_RESET", item="T-9") is AlarmStateName.UNACK
    plant.tick(700)
    jump(plant)
    assert shown(plant) is AlarmStateName.UNACK


def test_an_alarm_that_is_out_of_service_needs_no_refill() -> None:
    plant = Plant()
    plant.journal.append(
        remove_from_service(
            AlarmState(KEY), CommandContext(ANNA, plant.now), priority=REFILL_RULE.priority, reason="x"
        )
    )
    with pytest.raises(AlarmCommandError, match="out of service: a refill raises no alarm"):
        tell(plant)
