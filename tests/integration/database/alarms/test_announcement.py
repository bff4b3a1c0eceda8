"""New journal entries are announced after they are stored: no announcement that fails costs an entry."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from dosing_tui.database.alarms import journal
from dosing_tui.database.connection import describe_target
from dosing_tui.database.error_mapping import translate_errors
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.errors import DatabaseUnavailableError, InvalidRowError
from tests.integration.database.alarms.test_journal import follow_in_thread, new_entry
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.polling import wait_until

PAYLOAD = "repeat('x', 7900) || g"


@pytest.fixture
def short_queue(own_postgres: EmbeddedPostgres) -> EmbeddedPostgres:
    """A server whose queue of notifications is full after half a megabyte."""
    with psycopg.connect(own_postgres.dsn, autocommit=True) as session:
        session.execute("ALTER SYSTEM SET max_notify_queue_pages = 64")
        session.execute("CREATE ROLE viewer LOGIN")
    own_postgres.restart()
    return own_postgres


@contextmanager
def fill_queue(dsn: str) -> Iterator[None]:
    """As a role without any right: one session listens within a transaction, the other notifies."""
    viewer = make_conninfo(dsn, user="viewer")
    with psycopg.connect(viewer, autocommit=True) as deaf, psycopg.connect(viewer, autocommit=True) as loud:
        deaf.execute("LISTEN a")
        deaf.execute("BEGIN")
        deaf.execute("SELECT 1")
        for pieces in (20, 1):
            try:
                for _ in range(100):
                    loud.execute(f"SELECT pg_notify('a', {PAYLOAD}) FROM generate_series(1, {pieces}) AS g")
            except psycopg.errors.ProgramLimitExceeded:
                continue
        yield


def test_an_entry_is_stored_and_heard_while_the_queue_of_notifications_is_full(
    short_queue: EmbeddedPostgres,
) -> None:
    settings = settings_for(short_queue.dsn)
    first, second = new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.RETURN)
    with follow_in_thread(settings) as ear, fill_queue(short_queue.dsn):
        journal.append_entries(settings, [first])
        journal.append_entries(settings, [second])
        wait_until(lambda: ear.uuids == [first.uuid, second.uuid])
        with pytest.raises(DatabaseUnavailableError), translate_errors(describe_target(settings)):
            execute_statements(
                short_queue.dsn, "SELECT pg_notify('a', 'the queue is full: no row is at fault')"
            )


def test_a_row_beyond_a_limit_of_the_server_is_at_fault(migrated: str) -> None:
    """The SQLSTATE of a full queue, raised by INSERT: it would be refused again and again."""
    execute_statements(migrated, "CREATE TABLE one (a text PRIMARY KEY)")
    too_long = "INSERT INTO one SELECT string_agg(gen_random_uuid()::text, '') FROM generate_series(1, 500)"
    with pytest.raises(InvalidRowError), translate_errors(describe_target(settings_for(migrated))):
        execute_statements(migrated, too_long)


def test_no_row_of_the_journal_is_tied_to_a_notification(migrated: str) -> None:
    """Not in its transaction, whoever inserts it."""
    heard = threading.Event()
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute(f"LISTEN {journal.NOTIFY_CHANNEL}")
        session.execute(
            "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version)"
            " VALUES (%s, 'plant1', 'X', 'raise', now(), now(), 'low', 1)",
            (uuid4(),),
        )
        for _ in session.notifies(timeout=0, stop_after=1):
            heard.set()
    assert not heard.is_set()
    assert fetch_value(migrated, "SELECT to_regproc('alarm_journal_notify')") is None
