"""Exactly one process per site collects, and the next one takes over when its session ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from dosing_tui.database.leader_election import LeaderElection, LockHolder, compute_lock_key
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import settings_for
from tests.support.polling import wait_until


@contextmanager
def join_election(dsn: str, site: str = "plant1") -> Iterator[LeaderElection]:
    candidate = LeaderElection(settings_for(dsn, site=site))
    yield candidate
    candidate.release_lock()


def end_sessions(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dosing-tui/election' AND datname = current_database()"
        )


def test_one_of_two_is_elected_and_stays(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert [first.try_acquire(), second.try_acquire()] == [True, False]
        assert [first.try_acquire(), second.try_acquire()] == [True, False]
        assert [first.is_held(), second.is_held()] == [True, False]


def test_release_lets_the_other_collect(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert first.try_acquire()
        assert not second.try_acquire()
        first.release_lock()
        assert not first.is_held()
        wait_until(second.try_acquire)
        assert not first.try_acquire()


def test_being_elected_twice_takes_one_release(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert first.try_acquire()
        assert first.try_acquire()
        first.release_lock()
        wait_until(second.try_acquire)


def test_each_site_has_its_own(database: str) -> None:
    with join_election(database, "north") as north, join_election(database, "south") as south:
        assert north.try_acquire()
        assert south.try_acquire()


def test_a_lost_session_is_lost_leadership(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert first.try_acquire()
        end_sessions(database)
        assert not first.is_held()
        assert second.try_acquire()
        assert not first.try_acquire()


def test_nobody_is_elected_while_the_database_is_away(own_postgres: EmbeddedPostgres) -> None:
    with join_election(own_postgres.dsn) as only:
        assert only.try_acquire()
        own_postgres.kill()
        wait_until(lambda: not only.is_held())  # a session may outlive its server by a moment
        with pytest.raises(DatabaseUnavailableError):
            only.try_acquire()
        own_postgres.restart()
        assert only.try_acquire()


def test_who_holds_it_is_known_to_all(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert second.read_holder() is None
        assert first.try_acquire()
        holder = second.read_holder()
        assert holder is not None
        assert holder == first.read_holder() == LockHolder("dosing-tui/election", holder.host, holder.pid)
        with psycopg.connect(database) as connection:
            row = connection.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        assert row == (holder.pid,)


def test_the_key_of_a_site_never_changes() -> None:
    """Two releases of the program must not both collect."""
    assert compute_lock_key("plant1") == compute_lock_key("plant1")
    assert compute_lock_key("plant1") != compute_lock_key("plant2")
    assert all(-(2**63) <= compute_lock_key(f"site{n}") < 2**63 for n in range(100))
    assert {compute_lock_key(f"site{n}") < 0 for n in range(100)} == {True, False}


@pytest.mark.parametrize("site", [f"site{n}" for n in range(6)])
def test_keys_of_either_sign_are_found_again(database: str, site: str) -> None:
    with join_election(database, site) as only:
        assert only.try_acquire()
        assert only.read_holder() is not None
