"""Two sessions that wait for each other: the server ends one, which is run again."""

import threading

import psycopg
import pytest

from dosing_tui.database.connection import open_connection
from dosing_tui.database.sessions import deadlock_retry
from dosing_tui.database.sessions.deadlock_retry import run_transaction
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import settings_for
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database

CHANGE = "UPDATE pair SET number = number WHERE number = %s"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"


@pytest.mark.parametrize("attempts", [1, 2])
def test_what_a_deadlock_ended_is_run_again(
    migrated: str, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    monkeypatch.setattr(deadlock_retry, "MAX_ATTEMPTS", attempts)
    with (
        open_connection(settings_for(migrated), application="test", autocommit=True) as session,
        psycopg.connect(migrated) as other,
        psycopg.connect(migrated, autocommit=True) as observer,
    ):
        session.execute("CREATE TABLE pair (number int PRIMARY KEY)")
        session.execute("INSERT INTO pair VALUES (1), (2)")
        other.execute("SET deadlock_timeout = '5min'")  # it is the first session that the server ends
        other.execute(CHANGE, (2,))

        def finish_other() -> None:
            other.execute(CHANGE, (1,))
            other.commit()

        thread = threading.Thread(target=finish_other)
        runs: list[int] = []

        def is_other_waiting() -> bool:
            row = observer.execute(WAITS, (other.info.backend_pid,)).fetchone()
            return row == (1,)

        def work() -> str:
            runs.append(len(runs))
            if len(runs) > 1:
                thread.join(60)  # else it may wait for this session once more
            session.execute(CHANGE, (1,))
            if len(runs) == 1:
                thread.start()
                wait_until(is_other_waiting)
            session.execute(CHANGE, (2,))
            return "done"

        if attempts == 1:
            with pytest.raises(DatabaseUnavailableError, match="The change and another session wait for"):
                run_transaction(session, work, "The change")
        else:
            assert run_transaction(session, work, "The change") == "done"
        thread.join(60)
        assert len(runs) == attempts


def test_another_failure_is_not_run_again(migrated: str) -> None:
    runs: list[int] = []
    with open_connection(settings_for(migrated), application="test", autocommit=True) as session:

        def work() -> None:
            runs.append(len(runs))
            session.execute("SELECT 1 / 0")

        with pytest.raises(psycopg.errors.DivisionByZero):
            run_transaction(session, work, "The change")
    assert runs == [0]
