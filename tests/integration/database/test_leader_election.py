"""Exactly one process per site collects, and the next one takes over when its heartbeat stops."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg import sql

from dosing_tui.database import leader_election
from dosing_tui.database.connection import open_connection
from dosing_tui.database.leader_election import (
    LeaderElection,
    LeaderLease,
    compute_lock_key,
    lead_transaction,
)
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_value
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database


@pytest.fixture(autouse=True)
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leader_election, "LEASE_S", 1.0)
    monkeypatch.setattr(leader_election, "LOST_SESSION_S", 0.3)


@contextmanager
def join_election(
    dsn: str, site: str = "plant1", lease: LeaderLease | None = None
) -> Iterator[LeaderElection]:
    candidate = LeaderElection(settings_for(dsn, site=site), lease or LeaderLease())
    yield candidate
    with suppress(DatabaseUnavailableError):  # its session may have ended
        candidate.release_lock()


@contextmanager
def heartbeat(candidate: LeaderElection) -> Iterator[None]:
    """As of a leader that runs."""
    stop_event = threading.Event()

    def beat() -> None:
        while not stop_event.wait(0.05):
            candidate.renew()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    yield
    stop_event.set()
    thread.join()


def end_sessions(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dosing-tui/election' AND datname = current_database()"
        )


def test_one_of_two_is_elected_and_stays(migrated: str) -> None:
    with join_election(migrated) as first, join_election(migrated) as second:
        assert first.try_acquire()
        assert not second.try_acquire()
        assert first.try_acquire()
        assert not second.try_acquire()


def test_release_lets_the_other_collect_at_once(migrated: str) -> None:
    with join_election(migrated) as first, join_election(migrated) as second:
        assert first.try_acquire()
        assert not second.try_acquire()
        first.release_lock()
        assert second.try_acquire()
        assert not first.try_acquire()


def test_each_site_has_its_own(migrated: str) -> None:
    with join_election(migrated, "north") as north, join_election(migrated, "south") as south:
        assert north.try_acquire()
        assert south.try_acquire()


def test_a_leader_whose_heartbeat_stops_is_replaced_and_finds_out(migrated: str) -> None:
    lease = LeaderLease()
    with join_election(migrated, lease=lease) as first, join_election(migrated) as second:
        assert first.try_acquire()
        assert lease.is_confirmed
        wait_until(second.try_acquire)
        assert not lease.is_confirmed
        assert not first.try_acquire()
        assert not lease.is_confirmed
        assert not first.try_acquire()  # its threads have ended by now
        assert lease.is_confirmed
        assert lease.token is None


def test_whoever_finds_out_first_the_token_fences_the_leader_until_it_has_stopped(migrated: str) -> None:
    """Its heartbeat, in another thread, must not make it a process without an election."""
    lease = LeaderLease()
    with join_election(migrated, lease=lease) as first, join_election(migrated) as second:
        assert first.try_acquire()
        token = lease.token
        wait_until(second.try_acquire)
        first.renew()
        assert not first.try_acquire()
        assert lease.token == token
        with (
            open_connection(settings_for(migrated), application="test") as session,
            pytest.raises(DatabaseUnavailableError),
            lead_transaction(session, lease.token),
        ):
            session.execute("SELECT 1")
        assert not first.try_acquire()
        assert lease.token is None


def test_a_leader_with_a_heartbeat_is_not_replaced(migrated: str) -> None:
    with join_election(migrated) as first, join_election(migrated) as second:
        assert first.try_acquire()
        with heartbeat(first):
            before = fetch_value(migrated, "SELECT beat FROM collector_leases")
            # several times as many heartbeats as fit into a lease
            wait_until(
                lambda: (
                    second.try_acquire()
                    or fetch_value(migrated, "SELECT beat FROM collector_leases") > before + 60
                )
            )
        assert first.try_acquire()


def test_a_lost_session_is_not_lost_leadership(migrated: str) -> None:
    with join_election(migrated) as first, join_election(migrated) as second:
        assert first.try_acquire()
        end_sessions(migrated)
        with pytest.raises(DatabaseUnavailableError):
            first.try_acquire()
        assert first.try_acquire()
        assert not second.try_acquire()


def test_a_leader_whose_process_ended_is_replaced_before_its_lease_expires(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_election, "LEASE_S", 3600.0)
    with join_election(migrated) as first, join_election(migrated) as second:
        assert first.try_acquire()
        end_sessions(migrated)
        wait_until(second.try_acquire)


def test_an_outage_leaves_the_leader_confirmed(
    own_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_election, "LEASE_S", 60.0)  # longer than the server takes to die
    lease = LeaderLease()
    with join_election(own_postgres.dsn, lease=lease) as only:
        assert only.try_acquire()
        assert lease.token
        own_postgres.kill()
        wait_until(lambda: fails(only))  # a session may outlive its server by a moment
        assert lease.is_confirmed
        own_postgres.restart()
        assert only.try_acquire()


def fails(candidate: LeaderElection) -> bool:
    try:
        candidate.try_acquire()
    except DatabaseUnavailableError:
        return True
    return False


def test_what_a_replaced_leader_writes_is_rolled_back(migrated: str) -> None:
    lease = LeaderLease()
    with (
        join_election(migrated, lease=lease) as first,
        join_election(migrated) as second,
        psycopg.connect(migrated, autocommit=True) as session,
    ):
        assert first.try_acquire()
        with lead_transaction(session, lease.token):
            session.execute("CREATE TABLE while_it_led ()")
        wait_until(second.try_acquire)
        with (
            pytest.raises(DatabaseUnavailableError, match="Another process was elected"),
            lead_transaction(session, lease.token),
        ):
            session.execute("CREATE TABLE afterwards ()")
        assert fetch_value(migrated, "SELECT to_regclass('while_it_led') IS NOT NULL")
        assert fetch_value(migrated, "SELECT to_regclass('afterwards') IS NULL")


def test_nobody_is_elected_between_the_check_and_the_commit_of_a_leader(migrated: str) -> None:
    lease = LeaderLease()
    with (
        join_election(migrated, lease=lease) as first,
        join_election(migrated) as second,
        psycopg.connect(migrated) as session,
    ):
        assert first.try_acquire()
        session.execute("SELECT 1")  # begins the transaction that stays open
        with lead_transaction(session, lease.token):
            pass
        first.renew()  # its own heartbeat does not wait for its transactions
        wait_until(lambda: fails(second))  # the row is locked for longer than lock_timeout
        session.commit()
        wait_until(second.try_acquire)


def test_a_leader_suspended_within_a_transaction_holds_nobody_up(migrated: str) -> None:
    """Between the check of its lease and COMMIT: the server ends its session."""
    lease = LeaderLease()
    with join_election(migrated, lease=lease) as first, join_election(migrated) as second:
        assert first.try_acquire()
        session = open_connection(settings_for(migrated), application="test")
        session.execute("SELECT 1")
        with lead_transaction(session, lease.token):
            pass
        wait_until(lambda: has_acquired(second), timeout=30)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            session.execute("COMMIT")
        session.close()


def has_acquired(candidate: LeaderElection) -> bool:
    try:
        return bool(candidate.try_acquire())
    except DatabaseUnavailableError:
        return False


def test_a_role_that_may_only_read_cannot_stop_the_election(migrated: str) -> None:
    role = sql.Identifier(f"viewer_{fetch_value(migrated, 'SELECT current_database()')}")
    key = compute_lock_key("plant1")
    with psycopg.connect(migrated, autocommit=True) as owner, psycopg.connect(migrated) as viewer:
        owner.execute(sql.SQL("CREATE ROLE {}").format(role))
        try:
            owner.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
            viewer.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(role))
            viewer.commit()
            for attempt in (
                "SELECT FROM collector_leases FOR UPDATE",
                "SELECT FROM collector_leases FOR KEY SHARE",
                "LOCK TABLE collector_leases IN ROW SHARE MODE",
                "UPDATE collector_leases SET holder = NULL",
                "DELETE FROM collector_leases",
                "INSERT INTO collector_leases VALUES ('plant1', 99, NULL, '', 0)",
                f"SELECT pg_advisory_lock({key})",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    viewer.execute(sql.SQL(attempt))
                viewer.rollback()
            viewer.execute("LOCK TABLE collector_leases IN ACCESS SHARE MODE")
            with join_election(migrated) as first, join_election(migrated) as second:
                assert first.try_acquire()
                assert first.try_acquire()
                wait_until(second.try_acquire)
        finally:
            viewer.close()
            owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
            owner.execute(sql.SQL("DROP ROLE {}").format(role))


def test_before_the_migration_one_of_two_is_elected_by_its_session(database: str) -> None:
    with join_election(database) as first, join_election(database) as second:
        assert first.try_acquire()
        assert not second.try_acquire()
        assert first.try_acquire()
        assert not second.try_acquire()
        first.release_lock()
        wait_until(second.try_acquire)


def test_nobody_else_is_elected_while_the_first_leader_makes_the_table_of_leases(database: str) -> None:
    """Until its next attempt, after the migration, there is no lease."""
    with (
        join_election(database) as first,
        join_election(database) as second,
        join_election(database) as viewer,
    ):
        assert first.try_acquire()
        migrate_schema(settings_for(database), report=print)
        assert not second.try_acquire()
        assert viewer.has_leader() is None
        with heartbeat(first):
            assert first.try_acquire()
            assert not second.try_acquire()
            wait_until(viewer.has_leader)
        first.release_lock()
        wait_until(second.try_acquire)


def test_before_the_migration_a_role_that_may_only_read_cannot_stop_the_election(database: str) -> None:
    role = sql.Identifier(f"viewer_{fetch_value(database, 'SELECT current_database()')}")
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            with psycopg.connect(database, user=role.as_string().strip('"'), autocommit=True) as viewer:
                viewer.execute("SELECT pg_advisory_lock(%s)", (compute_lock_key("plant1"),))
                with join_election(database) as only:
                    assert only.try_acquire()
        finally:
            owner.execute(sql.SQL("DROP ROLE {}").format(role))


def test_the_key_of_a_site_never_changes() -> None:
    assert compute_lock_key("plant1") == compute_lock_key("plant1")
    assert compute_lock_key("plant1") != compute_lock_key("plant2")
    assert all(-(2**63) <= compute_lock_key(f"site{n}") < 2**63 for n in range(100))
    assert {compute_lock_key(f"site{n}") < 0 for n in range(100)} == {True, False}
