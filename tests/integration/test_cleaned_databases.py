"""The databases that tests have one after the other: nothing of a test is left in that of the next one."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.conftest import _migrate_database
from tests.support.cleaned_databases import CleanedDatabases
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.kept_sessions import SessionStore

STORE_LEVEL = """
INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full, dedup)
VALUES (now(), 'station-1', 'BDO', 1, 2, 50, 1)
"""


@pytest.fixture
def lent(embedded: Server) -> Iterator[CleanedDatabases]:
    template = embedded.get_template("migrated", _migrate_database)
    databases = CleanedDatabases(embedded, template, SessionStore())
    yield databases
    databases.drop_databases()


def read_all(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, and where the sequences stand."""
    tables = fetch_rows(
        dsn,
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
    )
    found = {"sequences": fetch_rows(dsn, "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")}
    with psycopg.connect(dsn) as session:
        for (table,) in tables:
            rows = session.execute(sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.SQL(table)))
            found[table] = rows.fetchall()
    return found


def test_rows_settings_and_numbers_are_as_in_a_new_database(lent: CleanedDatabases) -> None:
    with lent.lend_database() as dsn:
        new = read_all(dsn)
        execute_statements(
            dsn,
            STORE_LEVEL,
            "INSERT INTO operator_notes (at, author, device_id, text) VALUES (now(), 'x', 'station-1', 'x')",
            "UPDATE data_retention SET keep_days = 40",
            "DELETE FROM alarm_limits",
            "SET session_replication_role = replica",  # no trigger refuses it
            "TRUNCATE tolerance_rules CASCADE",
        )
        assert read_all(dsn) != new
    with lent.lend_database() as again:
        assert again == dsn
        assert read_all(again) == new


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE left_behind ()",
        "CREATE FUNCTION left_behind() RETURNS int RETURN 1",
        "CREATE SCHEMA left_behind",
        "ALTER TABLE batches ADD left_behind int",
        "ALTER TABLE batches DISABLE TRIGGER ALL",
        "ALTER TABLE batches SET (fillfactor = 50)",
        "DROP INDEX batches_time",
        "DROP VIEW IF EXISTS left_behind; ALTER TABLE batches ALTER recipe SET DEFAULT 'left behind'",
        "COMMENT ON TABLE batches IS 'left behind'",
        "GRANT SELECT ON batches TO PUBLIC",
        "GRANT SELECT (recipe) ON batches TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "ANALYZE alarm_limits",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 65', current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO PUBLIC', current_database()); END $$",
    ],
)
def test_a_changed_schema_is_not_used_again(lent: CleanedDatabases, change: str) -> None:
    with lent.lend_database() as dsn, psycopg.connect(dsn, autocommit=True) as session:
        session.execute(sql.SQL(change))
    with lent.lend_database() as other:
        assert other != dsn
        assert fetch_value(other, "SELECT to_regclass('batches_time') IS NOT NULL") is True


def test_a_database_with_an_open_session_is_not_used_again(lent: CleanedDatabases, embedded: Server) -> None:
    with lent.lend_database() as dsn:
        left_open = psycopg.connect(dsn, application_name="left open")
    with left_open, lent.lend_database() as other:
        assert other != dsn
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")


def test_a_session_is_used_again_as_a_new_one(lent: CleanedDatabases) -> None:
    with lent.lend_database() as dsn, psycopg.connect(dsn, autocommit=True) as session:
        pid = session.info.backend_pid
        for statement in (
            "SET search_path = pg_catalog", "LISTEN left_behind", "SELECT pg_advisory_lock(4711)",
            "PREPARE left_behind AS SELECT 1", "CREATE TEMPORARY TABLE left_behind ()",
            "SET SESSION AUTHORIZATION pg_monitor",
        ):  # fmt: skip
            session.execute(sql.SQL(statement))
    with lent.lend_database() as again, psycopg.connect(again) as session:
        assert session.info.backend_pid == pid
        (left,) = session.execute(
            "SELECT current_setting('search_path'), current_user <> 'pg_monitor',"
            " (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_prepared_statements),"
            " to_regclass('pg_temp.left_behind'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"
        ).fetchall()
        assert left == ('"$user", public', True, 0, 0, None, 0)


def test_a_closed_session_is_closed_and_its_transaction_undone(lent: CleanedDatabases) -> None:
    with lent.lend_database() as dsn:
        session = psycopg.connect(dsn)
        session.execute("DELETE FROM alarm_limits")
        session.close()
        assert session.closed
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
        assert fetch_value(dsn, "SELECT count(*) FROM alarm_limits") == 1


def test_a_session_that_the_server_ended_is_not_used_again(lent: CleanedDatabases) -> None:
    with lent.lend_database() as dsn:
        with psycopg.connect(dsn, application_name="polls") as session:
            pid = session.info.backend_pid
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with psycopg.connect(dsn, application_name="polls") as session:
            assert session.execute("SELECT 1").fetchall() == [(1,)]


def test_a_kept_session_is_not_found_by_the_name_of_its_program(lent: CleanedDatabases) -> None:
    named: LiteralString = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'polls'"
    with lent.lend_database() as dsn:
        for _ in range(2):
            with psycopg.connect(dsn, application_name="polls") as session:
                assert session.execute(named).fetchall() == [(1,)]
            assert fetch_value(dsn, named) == 0


def test_a_session_of_a_role_that_a_test_made_is_not_kept(lent: CleanedDatabases) -> None:
    with lent.lend_database() as dsn:
        for _ in range(2):
            execute_statements(dsn, "CREATE ROLE left_behind LOGIN")
            with psycopg.connect(dsn, user="left_behind") as session:
                assert session.execute("SELECT current_user").fetchall() == [("left_behind",)]
            execute_statements(dsn, "DROP ROLE left_behind")
