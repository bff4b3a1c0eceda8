"""A console that only watches never contradicts the collector about the collector's own state."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, DatabasePartState, TopicAccess
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName, JournalEntry
from tests.support.domain.alarm_entries import make_entry, numbered_uuid
from tests.support.domain.evaluated_plant import EvaluatedPlant

TOPIC = "factory/dosing/consumption"
COLLECTORS = [
    AlarmKey("BROKER_DOWN"), AlarmKey("DB_DOWN"), AlarmKey("SPOOL_FULL"), AlarmKey("SPOOL_HIGH"),
    AlarmKey("DB_PARTIAL", "", "journal"), AlarmKey("TOPIC_REFUSED", "", TOPIC),
]  # fmt: skip


def make_viewer() -> EvaluatedPlant:
    """Its own links, spool, topics and database parts are all right."""
    viewer = EvaluatedPlant(journaling=False)
    viewer.outlook = replace(
        viewer.outlook,
        database_parts=(DatabasePartState("journal", ""),),
        topics=(TopicAccess(TOPIC, False),),
    )
    viewer.advance_clock(5)
    return viewer


def journal_event(plant: EvaluatedPlant, event: AlarmEvent, key: AlarmKey, number: int) -> JournalEntry:
    entry = replace(
        make_entry(event),
        uuid=numbered_uuid(10_000 + number),
        key=key,
        at=plant.now,
        received_at=plant.now,
        id=number,
    )
    plant.evaluator.apply_committed([entry])
    return entry


def list_shown(
    viewer: EvaluatedPlant, *, is_journal_live: bool = True, has_collector: bool = True
) -> list[tuple[AlarmKey, AlarmStateName, bool | None]]:
    snapshot = viewer.evaluator.take_snapshot(
        viewer.now, is_journal_live=is_journal_live, has_collector=has_collector
    )
    return [
        (view.state.key, view.state.state_name, view.condition_active) for view in snapshot.annunciated_alarms
    ]


@pytest.mark.parametrize("key", COLLECTORS, ids=lambda key: key.rule)
def test_what_only_the_collector_can_tell_stands_until_the_journal_says_otherwise(key: AlarmKey) -> None:
    viewer = make_viewer()
    raised = journal_event(viewer, AlarmEvent.RAISE, key, 1)
    viewer.advance_clock(120)
    for is_live in (True, False):
        assert list_shown(viewer, is_journal_live=is_live) == [(key, AlarmStateName.UNACK, None)]
    journal_event(viewer, AlarmEvent.ACKNOWLEDGE, key, 2)
    viewer.advance_clock(120)
    assert list_shown(viewer) == [(key, AlarmStateName.ACKED, None)]
    journal_event(viewer, AlarmEvent.RETURN, key, 3)
    assert list_shown(viewer) == []
    assert raised.key == key


def lose_broker_for_a_minute() -> EvaluatedPlant:
    viewer = make_viewer()
    viewer.outlook = replace(viewer.outlook, broker=ConnectionState(False, viewer.now, "gone"))
    viewer.advance_clock(60)
    return viewer


def test_its_own_lost_broker_is_no_alarm_while_a_collector_has_none() -> None:
    """Nobody could acknowledge it, and it would stay for ever; a notice says that its own broker is lost."""
    viewer = lose_broker_for_a_minute()
    assert list_shown(viewer) == []
    assert count_recent_raises(viewer) == 0


def test_what_the_collector_does_not_journal_is_shown_while_it_lasts() -> None:
    """A collector that may not write its journal must not hide that a tank is empty."""
    viewer = make_viewer()
    viewer.receive_readings(viewer.make_level(10))
    viewer.advance_clock(10)
    assert [(key.rule, state) for key, state, _ in list_shown(viewer)] == [
        ("STOCK_LOW", AlarmStateName.UNACK)
    ]
    viewer.receive_readings(viewer.make_level(90))
    viewer.advance_clock(120)
    assert list_shown(viewer) == []


@pytest.mark.parametrize(("is_live", "has_collector"), [(True, False), (False, True), (False, False)])
def test_without_a_collector_or_the_journal_a_viewer_shows_what_it_sees_itself(
    is_live: bool, has_collector: bool
) -> None:
    viewer = lose_broker_for_a_minute()
    shown = list_shown(viewer, is_journal_live=is_live, has_collector=has_collector)
    assert [(key.rule, state) for key, state, _ in shown] == [("BROKER_DOWN", AlarmStateName.UNACK)]
    viewer.outlook = replace(viewer.outlook, broker=ConnectionState(True, viewer.now))
    viewer.advance_clock(60)
    shown = list_shown(viewer, is_journal_live=is_live, has_collector=has_collector)
    assert [state for _, state, _ in shown] == [AlarmStateName.RTN_UNACK]
    assert list_shown(viewer) == []  # as soon as a collector journals


def test_the_alarm_of_a_topic_that_is_no_longer_configured_returns() -> None:
    """Its topic was wrong in the settings, and the collector has been started again with another."""
    collector = EvaluatedPlant()
    collector.outlook = replace(collector.outlook, topics=(TopicAccess(TOPIC, False),))
    old = AlarmKey("TOPIC_REFUSED", "", "factory/dosnig/consumption")
    journal_event(collector, AlarmEvent.RAISE, old, 1)
    collector.advance_clock(int(timedelta(minutes=2).total_seconds()))
    assert collector.evaluator.projection.get_state(old).state_name is AlarmStateName.RTN_UNACK


def count_recent_raises(plant: EvaluatedPlant) -> int:
    return plant.evaluator.take_snapshot(plant.now, is_journal_live=True).recent_raise_count


def test_a_viewer_counts_as_many_alarms_of_ten_minutes_as_the_collector() -> None:
    """Both see the same doses, and the viewer reads the collector's journal a second later."""
    collector, viewer = EvaluatedPlant(), EvaluatedPlant(journaling=False)
    for number in range(1, 8):
        bad_dose = collector.make_dose(6.0, pump=number, chemical=f"T-{number}")
        entries = collector.receive_readings(bad_dose) + collector.advance_clock()
        viewer.receive_readings(bad_dose)
        viewer.advance_clock()
        assert count_recent_raises(viewer) == number - 1
        start = 100 * number
        viewer.evaluator.apply_committed(
            replace(entry, id=n, uuid=numbered_uuid(10_000 + n)) for n, entry in enumerate(entries, start)
        )
        viewer.advance_clock()
        assert count_recent_raises(viewer) == count_recent_raises(collector) == number
