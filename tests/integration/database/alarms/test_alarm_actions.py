"""Operators' actions on alarms are entered by a function of the database, at its time, within its limits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.action_outcomes import find_action_outcomes
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.models import (
    MAX_SHELVE_DURATION,
    Actor,
    AlarmEvent,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.errors import AlarmCommandError, DatabaseAccessError, InvalidRowError
from tests.integration.database.alarms.test_journal import follow_in_thread, new_entry
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.domain.alarm_entries import ANNA, KEY, NOW
from tests.support.polling import wait_until

LONG_AGO = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def plant(migrated: str) -> Settings:
    """With one high alarm."""
    settings = settings_for(migrated)
    journal.append_entries(
        settings, [new_entry(AlarmEvent.RAISE, priority=Priority.HIGH, message="Low: 3 %")]
    )
    return settings


def enter(settings: Settings, event: AlarmEvent, **changes: object) -> JournalEntry:
    """Anna's action, and the entry that the journal has of it."""
    asked = new_entry(event, **{"who": ANNA, **changes})
    journal.enter_actions(settings, [asked])
    return next(one for one in read_journal(settings) if one.uuid == asked.uuid)


def test_an_action_has_the_servers_time_and_role_and_the_journals_words(
    flavour: Server, plant: Settings
) -> None:
    (raised,) = read_journal(plant)
    stored = enter(plant, AlarmEvent.ACKNOWLEDGE, at=LONG_AGO, received_at=LONG_AGO, message="all is well",
                   limit=0.0, rule_version=99, active=True, latching=True, priority=Priority.DIAGNOSTIC,
                   occurrence=raised.uuid, comment="seen")  # fmt: skip
    now: datetime = fetch_value(plant.database.dsn, "SELECT now()")
    assert now - timedelta(minutes=5) < stored.at == stored.received_at <= now
    role = fetch_value(plant.database.dsn, "SELECT session_user::text")
    assert (stored.who, stored.comment) == (Actor("Anna", "anna", role), "seen")
    assert (stored.message, stored.limit, stored.rule_version) == ("Low: 3 %", raised.limit, 1)
    assert (stored.priority, stored.active, stored.latching) == (Priority.HIGH, False, False)
    assert journal.read_alarm_states(plant)[KEY].state_name is AlarmStateName.ACKED


def test_an_action_that_is_sent_twice_is_one_and_is_heard(plant: Settings) -> None:
    asked = new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA)
    with follow_in_thread(plant) as ear:
        journal.enter_actions(plant, [asked])
        journal.enter_actions(plant, [asked, new_entry(AlarmEvent.REMOVE_FROM_SERVICE)])
        wait_until(lambda: len(ear.entries) == 3)
    assert [one.event for one in read_journal(plant)] == [
        AlarmEvent.RAISE, AlarmEvent.ACKNOWLEDGE, AlarmEvent.REMOVE_FROM_SERVICE,
    ]  # fmt: skip


@pytest.mark.parametrize("priority", Priority)
def test_an_alarm_is_shelved_for_as_long_as_its_priority_permits_by_the_servers_clock(
    plant: Settings, priority: Priority
) -> None:
    """The state machine's limits; a time far ahead, as the client's clock has it, is not taken."""
    key, most = KEY._replace(item="B"), MAX_SHELVE_DURATION[priority]
    ahead = datetime(2099, 12, 31, tzinfo=UTC)
    stored = enter(plant, AlarmEvent.SHELVE, key=key, priority=priority, at=ahead, until=ahead + most)
    assert (stored.until or ahead) - stored.at == most
    assert stored.at < ahead
    assert journal.read_alarm_states(plant)[key].state_name is AlarmStateName.SHELVED
    with pytest.raises(AlarmCommandError, match=r"B is not shelved: with priority .* minutes at most\."):
        enter(plant, AlarmEvent.SHELVE, key=key, priority=priority, until=NOW + most + timedelta(seconds=1))


def test_an_active_alarm_is_as_urgent_as_the_collector_says(plant: Settings) -> None:
    hours = {"priority": Priority.LOW, "until": NOW + timedelta(hours=4)}
    with pytest.raises(AlarmCommandError, match="with priority high for 30 minutes at most"):
        enter(plant, AlarmEvent.SHELVE, **hours)
    journal.append_entries(plant, [new_entry(AlarmEvent.RETURN)])
    assert enter(plant, AlarmEvent.SHELVE, **hours).message == ""


def test_a_refused_action_stores_none_of_those_with_it_and_says_why(plant: Settings) -> None:
    nobody = new_entry(AlarmEvent.ACKNOWLEDGE)
    with pytest.raises(AlarmCommandError, match=r"^Enter your name\.$"):
        journal.enter_actions(plant, [new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA), nobody])
    assert len(read_journal(plant)) == 1


def test_who_may_only_read_acts_on_no_alarm(plant: Settings) -> None:
    dsn = plant.database.dsn
    execute_statements(dsn, "CREATE ROLE looks_on LOGIN", "GRANT SELECT ON alarm_journal TO looks_on")
    try:
        viewer = settings_for(psycopg.conninfo.make_conninfo(dsn, user="looks_on"))
        with pytest.raises(DatabaseAccessError, match="lacks a right"):
            journal.enter_actions(viewer, [new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA)])
    finally:
        execute_statements(dsn, "DROP OWNED BY looks_on", "DROP ROLE looks_on")


def test_an_entry_made_offline_keeps_its_own_time_within_bounds(plant: Settings) -> None:
    now = datetime.now(UTC)
    ahead, past = now + timedelta(hours=1), now - timedelta(days=2)
    offline = {"who": ANNA, "offline": True}
    journal.append_entries(plant, [
        new_entry(AlarmEvent.ACKNOWLEDGE, at=past, **offline),
        new_entry(AlarmEvent.SHELVE, at=ahead, until=ahead + timedelta(minutes=20), **offline),
    ])  # fmt: skip
    _, acked, shelved = read_journal(plant)
    assert (acked.at, acked.offline) == (past, True)
    assert shelved.at < ahead
    assert (shelved.until or ahead) - shelved.at == timedelta(minutes=20)
    for bad in ({"event": AlarmEvent.RAISE}, {"at": now - timedelta(days=91)}):
        with pytest.raises(InvalidRowError):
            journal.append_entries(plant, [replace(acked, uuid=uuid4(), **bad)])


def test_tags_of_another_site_and_those_that_only_operators_name_are_not_walked(plant: Settings) -> None:
    """By a batch's rebuild, which asks for the alarms of its time."""
    dsn = plant.database.dsn
    execute_statements(
        dsn,
        "INSERT INTO alarm_journal (uuid, site, rule, item, event, at, received_at, priority, rule_version)"
        " SELECT gen_random_uuid(), s.site, 'STOCK_LOW', 'tag ' || g, s.event, now(), now(), 'high', 1"
        " FROM generate_series(1, 2000) AS g,"
        " (VALUES ('x', 'raise'), ('plant1', 'unshelve')) AS s (site, event)",
        "ANALYZE alarm_journal",
    )
    asked = {"site": plant.plant.site, "from": NOW, "to": NOW + timedelta(hours=1)}
    with psycopg.connect(dsn) as session:
        explain = "EXPLAIN (ANALYZE, FORMAT JSON) " + read_statement("batches/select_alarm_spans")
        plan = session.execute(explain.encode(), asked).fetchone()
    assert plan
    walked = [node for node in iterate_nodes(plan[0][0]["Plan"]) if node["Node Type"] == "Recursive Union"]
    assert [node["Actual Rows"] for node in walked] == [1]
    assert sum(sum(value for name, value in node.items() if name.startswith("Rows Removed"))
               for node in iterate_nodes(walked[0])) == 0  # fmt: skip


def iterate_nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from iterate_nodes(part)


def acknowledge_many(count: int) -> list[JournalEntry]:
    return [
        new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA, key=KEY._replace(item=f"C-{number}"))
        for number in range(count)
    ]


def set_spent(plant: Settings, actions: int) -> None:
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        session.execute(
            "UPDATE alarm_action_rates SET spent = %s, at = now() + INTERVAL '1 hour'", (actions,)
        )


def test_all_alarms_of_a_flood_are_acknowledged_at_once_and_then_again_but_not_for_ever(
    flavour: Server, plant: Settings
) -> None:
    journal.enter_actions(plant, acknowledge_many(400))
    set_spent(plant, 7_600)  # of a flood; nothing of it is forgotten meanwhile
    journal.enter_actions(plant, acknowledge_many(400))
    assert fetch_value(plant.database.dsn, "SELECT spent FROM alarm_action_rates") == 8_000
    set_spent(plant, 9_800)
    with pytest.raises(AlarmCommandError, match=r"too many alarm actions .*at most 10000 at once"):
        journal.enter_actions(plant, acknowledge_many(400))
    assert len(read_journal(plant)) == 1 + 800
    execute_statements(
        plant.database.dsn, "UPDATE alarm_action_rates SET spent = 10000.5, at = now() - INTERVAL '5 seconds'"
    )
    journal.enter_actions(plant, acknowledge_many(50))
    with pytest.raises(AlarmCommandError, match=r"Try again in a minute\."):
        journal.enter_actions(plant, acknowledge_many(2_000))


def test_it_is_known_what_an_action_has_changed_and_why_another_has_not(
    flavour: Server, plant: Settings
) -> None:
    """The function takes an acknowledgement of whatever occurrence; the alarm's state decides."""
    (raised,) = read_journal(plant)
    late = enter(plant, AlarmEvent.ACKNOWLEDGE, occurrence=uuid4())
    first = enter(plant, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid)
    second = enter(plant, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid)
    unknown = enter(plant, AlarmEvent.ACKNOWLEDGE, key=KEY._replace(item="none"), occurrence=uuid4())
    asked = [one.uuid for one in (late, first, second, unknown)]
    before = find_action_outcomes(plant, [*asked, uuid4()])
    states = fold_entries(read_journal(plant))
    head = read_journal(plant)[-1].id
    journal.save_checkpoint(plant, Checkpoint(head, tuple(states.values())))
    for outcomes in (before, find_action_outcomes(plant, asked)):  # a later checkpoint changes nothing
        assert list(outcomes) == asked
        assert [bool(outcomes[uuid]) for uuid in asked] == [True, False, True, True]
        assert "has been raised again" in outcomes[late.uuid]
        assert "acknowledged already, by Anna" in outcomes[second.uuid]
        assert "is normal: there is nothing to acknowledge" in outcomes[unknown.uuid]
    assert find_action_outcomes(plant, [uuid4()]) == {}
