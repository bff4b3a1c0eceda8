"""A session at rest is taken for alive without a question to the server, and an ended one is not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from dosing_tui.database.connection import open_connection
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.sessions.session_check import check_session
from dosing_tui.database.sessions.statement_deadline import DeadlineConnection
from tests.support.database.reading_samples import settings_for
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database

END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'dosing-tui/%'
"""


@pytest.fixture
def session(migrated: str) -> Iterator[DeadlineConnection]:
    with closing(open_connection(settings_for(migrated), application="console", autocommit=True)) as session:
        yield session


def end_sessions(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute(END_SESSIONS)


def has_ended(session: DeadlineConnection) -> bool:
    try:
        check_session(session)
    except psycopg.OperationalError:
        return True
    return False


def test_a_session_at_rest_costs_the_server_nothing(
    session: DeadlineConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    execute: Callable[..., Any] = session.execute

    def note_and_execute(query: str) -> Any:
        asked.append(query)
        return execute(query)

    monkeypatch.setattr(session, "execute", note_and_execute)
    for _ in range(3):
        check_session(session)
        execute("SELECT 1")
    assert asked == []


def test_a_session_that_the_server_has_ended_is_found_out(migrated: str, session: DeadlineConnection) -> None:
    assert not has_ended(session)
    end_sessions(migrated)
    wait_until(lambda: has_ended(session))


def test_a_panel_reader_takes_another_session_for_one_that_was_ended(migrated: str) -> None:
    with closing(PanelReader(settings_for(migrated))) as reader:
        reader.open()
        assert reader.load_readings() == []
        end_sessions(migrated)
        wait_until(lambda: _count_sessions(migrated) == 0)
        assert reader.load_readings() == []


def _count_sessions(dsn: str) -> int:
    with psycopg.connect(dsn) as other:
        row = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'dosing-tui/%'"
        ).fetchone()
    assert row is not None
    return int(row[0])
