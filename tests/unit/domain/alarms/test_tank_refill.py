"""A refill that somebody tells of is no alarm, before or after; one that nobody tells of is."""

from datetime import timedelta

import pytest

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Shown
from dosing_tui.domain.alarms.operator_commands import Asking, remove
from dosing_tui.domain.alarms.tank_refill import RULE, refilled
from dosing_tui.errors import AlarmRefused
from tests.support.domain.alarm_entries import ANNA
from tests.support.domain.evaluated_plant import STATION, Plant

KEY = AlarmKey("STOCK_RESET", STATION, "T-12")
HOUR = timedelta(hours=1)


def tell(plant: Plant, *, grams: float | None = 10_000.0, within: timedelta = HOUR) -> list[Entry]:
    """Anna says it, and everybody hears of it."""
    plant.written()
    states = plant.evaluator.replica.states
    entries = refilled(
        states, Asking(ANNA, plant.now), device=STATION, chemical="T-12", grams=grams, within=within,
        most=timedelta(hours=4),
    )  # fmt: skip
    plant.journal += entries
    plant.written()
    return entries


def shown(plant: Plant) -> Shown:
    return plant.shown("STOCK_RESET", item="T-12")


def jump(plant: Plant, percent: float = 100.0) -> None:
    plant.hear(plant.level(percent))
    plant.tick(2)


def test_a_refill_told_before_the_level_jumps_is_no_alarm_and_is_over_after_its_time() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    (entry,) = tell(plant)
    assert (entry.event, entry.value, entry.comment, entry.who.name) == (
        Event.SHELVE, 10_000.0, "Refilled to 10000 g.", "Anna",
    )  # fmt: skip
    jump(plant)
    assert shown(plant) is Shown.SHELVED
    plant.tick(3700)
    assert shown(plant) is Shown.NORMAL
    assert all(one.event is not Event.RAISE for one in plant.journal if one.key == KEY)


def test_a_refill_told_just_after_the_jump_takes_the_alarm_out_of_the_list() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    jump(plant)
    assert [one.event for one in tell(plant)] == [Event.SHELVE]
    plant.tick(3700)
    assert shown(plant) is Shown.NORMAL


def test_a_refill_told_after_the_jump_explains_it() -> None:
    plant = Plant()
    plant.hear(plant.level(50))
    jump(plant)
    assert shown(plant) is Shown.UNACK
    plant.tick(70)
    assert [one.event for one in tell(plant, grams=None)] == [Event.ACKNOWLEDGE, Event.RESET]
    assert shown(plant) is Shown.NORMAL


def test_a_jump_of_another_tank_and_one_after_the_time_are_alarms() -> None:
    plant = Plant()
    plant.hear(plant.level(50), plant.level(50, chemical="T-9"))
    tell(plant, within=timedelta(minutes=10))
    plant.hear(plant.level(100, chemical="T-9"))
    assert plant.shown("STOCK_RESET", item="T-9") is Shown.UNACK
    plant.tick(700)
    jump(plant)
    assert shown(plant) is Shown.UNACK


def test_an_alarm_that_is_out_of_service_needs_no_refill() -> None:
    plant = Plant()
    plant.journal.append(remove(AlarmState(KEY), Asking(ANNA, plant.now), priority=RULE.priority, reason="x"))
    with pytest.raises(AlarmRefused, match="out of service: a refill raises no alarm"):
        tell(plant)
