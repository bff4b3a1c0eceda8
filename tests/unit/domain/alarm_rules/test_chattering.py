"""What comes and goes faster than its on-delay is an alarm too (ISA-18.2: chattering)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, DatabasePartState, TopicAccess
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName
from tests.support.domain.evaluated_plant import UP, EvaluatedPlant

LINKS = {"BROKER_DOWN": "broker", "DB_DOWN": "database"}


def switch_link(plant: EvaluatedPlant, rule: str, *, is_up: bool, seconds: int) -> None:
    plant.outlook = replace(plant.outlook, **{LINKS[rule]: ConnectionState(is_up, plant.now)})  # type: ignore[arg-type]
    plant.advance_clock(seconds)


def flap_link(plant: EvaluatedPlant, rule: str, *, down_s: int, up_s: int, times: int) -> None:
    for _ in range(times):
        switch_link(plant, rule, is_up=False, seconds=down_s)
        switch_link(plant, rule, is_up=True, seconds=up_s)


def list_events(plant: EvaluatedPlant, rule: str) -> list[AlarmEvent]:
    return [entry.event for entry in plant.journal if entry.key.rule == rule]


@pytest.mark.parametrize("rule", LINKS)
@pytest.mark.parametrize(("down_s", "up_s"), [(9, 3), (1, 5), (9, 30), (6, 40)])
def test_a_link_that_flaps_is_one_alarm_until_it_is_steady_for_a_minute(
    rule: str, down_s: int, up_s: int
) -> None:
    plant = EvaluatedPlant()
    flap_link(plant, rule, down_s=down_s, up_s=up_s, times=20)
    assert list_events(plant, rule) == [AlarmEvent.RAISE]
    plant.advance_clock(61)
    assert list_events(plant, rule) == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_the_broker_that_is_down_for_9_of_12_seconds_says_so() -> None:
    plant = EvaluatedPlant()
    flap_link(plant, "BROKER_DOWN", down_s=9, up_s=3, times=2)
    [raised] = [entry for entry in plant.journal if entry.key.rule == "BROKER_DOWN"]
    assert raised.message == "Broker connection unstable: 2 outages in the last minute, 11 s in all"


@pytest.mark.parametrize("rule", LINKS)
def test_one_short_outage_is_none_and_a_long_one_returns_at_once(rule: str) -> None:
    plant = EvaluatedPlant()
    flap_link(plant, rule, down_s=9, up_s=120, times=3)
    assert list_events(plant, rule) == []
    flap_link(plant, rule, down_s=15, up_s=1, times=1)
    assert list_events(plant, rule) == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_link_that_is_up_and_only_changes_its_state_has_no_outage() -> None:
    """The database that works in part, and again whole, is up all the time."""
    plant = EvaluatedPlant()
    for _ in range(10):
        switch_link(plant, "DB_DOWN", is_up=True, seconds=5)
    assert list_events(plant, "DB_DOWN") == []


def test_a_topic_that_is_granted_and_refused_in_turn_is_one_alarm() -> None:
    plant = EvaluatedPlant()
    for number in range(20):
        access = TopicAccess("factory/batch/events", number % 2 == 0)
        plant.outlook = replace(plant.outlook, topics=(access,))
        plant.advance_clock(10)
    raises = list_events(plant, "TOPIC_REFUSED").count(AlarmEvent.RAISE)
    assert raises <= 3
    assert plant.get_shown_state("TOPIC_REFUSED", "", "factory/batch/events") is AlarmStateName.UNACK


def test_a_part_of_the_database_that_fails_for_15_seconds_again_and_again_is_an_alarm() -> None:
    plant = EvaluatedPlant()
    for number in range(8):
        fault = "No right to insert." if number % 2 == 0 else ""
        plant.outlook = replace(plant.outlook, database_parts=(DatabasePartState("journal", fault),))
        plant.advance_clock(15)
    assert plant.get_shown_state("DB_PARTIAL", "", "journal") is AlarmStateName.UNACK
    plant.advance_clock(61)
    assert plant.get_shown_state("DB_PARTIAL", "", "journal") is AlarmStateName.RTN_UNACK


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(61, 200)), max_size=6))
def test_outages_that_are_short_and_far_apart_are_no_alarm(spans: list[tuple[int, int]]) -> None:
    plant = EvaluatedPlant()
    for down_s, up_s in spans:
        flap_link(plant, "BROKER_DOWN", down_s=down_s, up_s=up_s, times=1)
    assert list_events(plant, "BROKER_DOWN") == []
    assert plant.outlook.database == UP
    assert plant.now >= UP.since + timedelta(days=1) if UP.since else True
