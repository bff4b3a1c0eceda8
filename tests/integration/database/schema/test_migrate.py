"""The schema is made once, by one at a time, completely, or not at all."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.database import server_flavour
from dosing_tui.database.schema import migration_history
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.migration_lock import LOCK_KEY
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server, new_name
from tests.support.polling import wait_until


def list_applied(dsn: str) -> list[str]:
    return [name for (name,) in fetch_rows(dsn, "SELECT name FROM schema_migrations")]


def list_tables(dsn: str) -> list[str]:
    query = """
        SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY relname
    """
    return [name for (name,) in fetch_rows(dsn, query)]


def list_applied_migrations(dsn: str) -> list[str]:
    return migrate_schema(settings_for(dsn), report=lambda line: None)


@pytest.fixture
def viewer(migrated: str) -> Iterator[str]:
    """A connection string of a role that may look and no more."""
    yield from role_of(migrated)


def role_of(dsn: str) -> Iterator[str]:
    name = new_name("role")
    with psycopg.connect(dsn, autocommit=True) as session:
        role = sql.Identifier(name)
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        session.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield make_conninfo(dsn, user=name)
        session.execute(sql.SQL("DROP OWNED BY {}").format(role))
        session.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize("flavour_", list(ServerFlavour))
def test_the_files_are_numbered_and_every_number_is_used_once(flavour_: ServerFlavour) -> None:
    names = [migration.name for migration in migration_history.list_migrations(flavour_)]
    numbers = [migration.number for migration in migration_history.list_migrations(flavour_)]
    assert [name for name in names if not re.fullmatch(r"[a-z]+/\d{4}_[a-z_]+", name)] == []
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("server_", "words"),
    [
        (server_flavour.ServerInfo(13, "", "", offered=False), "PostgreSQL 13 is too old"),
        (
            server_flavour.ServerInfo(15, "2.17.2", "timescale", offered=True),
            "TimescaleDB 2.17.2 is too old .* 2.18 or",
        ),
        (
            server_flavour.ServerInfo(15, "2.12.0", "apache", offered=True),
            "TimescaleDB 2.12.0 is too old .* 2.13 or",
        ),
    ],
)
def test_a_server_that_is_too_old_is_refused(server_: server_flavour.ServerInfo, words: str) -> None:
    with pytest.raises(DatabaseAccessError, match=words):
        server_flavour.check_versions(server_)


def test_a_server_of_the_guides_container_will_do() -> None:
    server_flavour.check_versions(server_flavour.ServerInfo(14, "2.19.3", "timescale", offered=True))


def test_a_new_database_gets_every_migration_of_its_flavour_once(flavour: Server, database: str) -> None:
    assert list_applied_migrations(database)
    assert list_applied_migrations(database) == []
    assert list_pending_steps(settings_for(database)) == []
    known = [migration.name for migration in migration_history.list_migrations(flavour_of(database))]
    assert sorted(list_applied(database)) == sorted(known)


def test_what_is_pending_is_what_is_done(flavour: Server, database: str) -> None:
    wanted = list_pending_steps(settings_for(database))
    done = list_applied_migrations(database)
    # the edition of TimescaleDB, and what belongs to it alone, shows when its extension is there
    alone = [name for name in done if name not in wanted]
    assert wanted == [name for name in done if name not in alone]
    assert bool(alone) == ("extension/timescaledb" in done)


def test_each_step_is_told(database: str) -> None:
    told: list[str] = []
    names = migrate_schema(settings_for(database), report=told.append)
    steps = [name for name in names if name != "extension/timescaledb"]
    assert [each for each in told if each.startswith("Applied ")][-len(steps) :] == [
        f"Applied {name}." for name in steps
    ]


def test_two_at_once_make_one_schema(flavour: Server, database: str) -> None:
    with ThreadPoolExecutor() as threads:
        both = list(threads.map(list_applied_migrations, [database] * 2))
    none, all_of_them = sorted(both, key=len)
    assert none == []
    assert set(list_applied(database)) == set(all_of_them) - {"extension/timescaledb"}


def test_waiting_for_another_one_is_told(database: str) -> None:
    told: list[str] = []
    with psycopg.connect(database, autocommit=True) as other, ThreadPoolExecutor() as threads:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        waiting = threads.submit(migrate_schema, settings_for(database), report=told.append)
        wait_until(lambda: told)
        other.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))
        waiting.result(timeout=60)
    assert told[0] == "Another dosing-tui is changing the schema; waiting for it to finish."


def test_a_migration_that_fails_leaves_nothing_behind(flavour: Server, database: str) -> None:
    execute_statements(database, "CREATE TABLE rejected_messages (mine integer)")
    with pytest.raises(
        DatabaseAccessError, match=r"any/0006_collector .* \"rejected_messages\" already exists"
    ):
        list_applied_migrations(database)
    assert list_tables(database) == ["rejected_messages"]


def test_a_changed_file_is_refused(migrated: str) -> None:
    execute_statements(
        migrated, "UPDATE schema_migrations SET checksum = 'other' WHERE name = 'any/0005_rollups'"
    )
    with pytest.raises(DatabaseAccessError, match="any/0005_rollups differs from the one"):
        list_applied_migrations(migrated)


def test_line_ends_are_no_change() -> None:
    unix, windows = (migration_history.Migration("any/0001_x", f"SELECT 1;{end}") for end in ("\n", "\r\n"))
    assert unix.checksum == windows.checksum


def test_a_schema_newer_than_the_program_is_refused(migrated: str) -> None:
    execute_statements(migrated, "INSERT INTO schema_migrations VALUES ('any/0999_next', '', 'plain')")
    with pytest.raises(DatabaseAccessError, match=r"newer than this program \(it holds any/0999_next\)"):
        list_pending_steps(settings_for(migrated))


def test_a_viewer_sees_that_nothing_is_pending(flavour: Server, viewer: str) -> None:
    assert list_pending_steps(settings_for(viewer)) == []


def test_a_viewer_has_nothing_to_migrate(viewer: str) -> None:
    assert list_applied_migrations(viewer) == []


def test_a_viewer_is_told_which_right_is_missing_in_an_empty_database(
    postgres: Server, database: str
) -> None:
    for viewer in role_of(database):
        assert list_pending_steps(settings_for(viewer)) != []
        with pytest.raises(DatabaseAccessError, match="lacks CREATE on schema public"):
            list_applied_migrations(viewer)


def test_who_may_not_make_tables_does_not_make_the_extension_either(flavour: Server, database: str) -> None:
    """The guide's GRANT ALL ON DATABASE allows CREATE EXTENSION, and no table."""
    for limited in role_of(database):
        names = (str(conninfo_to_dict(dsn)[key]) for dsn, key in ((database, "dbname"), (limited, "user")))
        with psycopg.connect(database) as owner:
            grant = sql.SQL("GRANT ALL ON DATABASE {} TO {}")
            owner.execute(grant.format(*map(sql.Identifier, names)))
        with pytest.raises(DatabaseAccessError, match="lacks CREATE on schema public"):
            list_applied_migrations(limited)
        assert fetch_value(database, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'") == 0


def test_a_viewer_is_told_whose_tables_they_are(flavour: Server, migrated: str, viewer: str) -> None:
    execute_statements(migrated, "DELETE FROM schema_migrations WHERE name = 'any/0006_collector'")
    with pytest.raises(DatabaseAccessError, match="its tables belong to"):
        list_applied_migrations(viewer)


def test_a_database_keeps_the_flavour_it_was_made_with(migrated: str) -> None:
    execute_statements(migrated, "UPDATE schema_migrations SET flavour = 'apache'")
    with pytest.raises(DatabaseAccessError, match="newer than this program"):
        list_pending_steps(settings_for(migrated))
    assert fetch_value(migrated, "SELECT count(DISTINCT flavour) FROM schema_migrations") == 1
