"""The session that calls keep which repeat every few seconds."""

from contextlib import closing

import psycopg
import pytest

from dosing_tui.database.connection import KeptSession
from dosing_tui.errors import DatabaseError
from tests.support.database.reading_samples import settings_for

pytestmark = pytest.mark.new_database

LIST_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dosing-tui/polls'"


def ask_process(kept: KeptSession) -> tuple[int]:
    with kept.use() as session:
        row = session.execute("SELECT pg_backend_pid()").fetchone()
    assert row
    return (int(row[0]),)


def list_sessions(dsn: str) -> list[tuple[int]]:
    with psycopg.connect(dsn) as session:
        return session.execute(LIST_SESSIONS).fetchall()


def test_repeated_calls_have_the_same_session_until_it_is_closed(migrated: str) -> None:
    kept = KeptSession(settings_for(migrated), application="polls")
    with closing(kept):
        first = ask_process(kept)
        assert [ask_process(kept) for _ in range(10)] == [first] * 10
        assert list_sessions(migrated) == [first]
        kept.close()
        assert ask_process(kept) != first


def test_a_session_that_the_server_ended_is_opened_anew(migrated: str) -> None:
    with closing(KeptSession(settings_for(migrated), application="polls")) as kept:
        first = ask_process(kept)
        with psycopg.connect(migrated, autocommit=True) as session:
            session.execute("SELECT pg_terminate_backend(%s, 5000)", first)
        assert ask_process(kept) != first


def test_a_statement_goes_on_after_a_migration_changed_its_columns(migrated: str) -> None:
    with (
        closing(KeptSession(settings_for(migrated), application="polls")) as kept,
        psycopg.connect(migrated, autocommit=True) as owner,
    ):
        owner.execute("CREATE TABLE polled (a int)")
        for _ in range(10):
            with kept.use() as session:
                assert session.execute("TABLE polled").fetchall() == []
        owner.execute("ALTER TABLE polled ADD COLUMN b int")
        with kept.use() as session:
            assert session.execute("TABLE polled").fetchall() == []


def test_an_error_does_not_end_the_session(migrated: str) -> None:
    with closing(KeptSession(settings_for(migrated), application="polls")) as kept:
        first = ask_process(kept)
        with pytest.raises(DatabaseError), kept.use() as session, session.transaction():
            session.execute("SELECT 1 / 0")
        assert ask_process(kept) == first
