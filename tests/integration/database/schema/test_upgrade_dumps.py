"""A filled database of each earlier state is migrated: no row is lost, the schema is that of today.

Migration 27 has tests of its own: test_takeover.py. ``tests/support/database/make_upgrade_dump.py`` makes the
next dump.
"""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.migration_history import list_migrations, record_migration
from dosing_tui.database.server_flavour import ServerFlavour, detect_server
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_dump import dump_schema
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.thorough_tests import keep_plain

DUMPS = sorted((Path(__file__).parents[3] / "support/database/upgrade_dumps").glob("*.sql.gz"))
JUDGED_AGAIN = {"batches", "batch_records", "batch_rebuild_queue"}
"""Their batches stay; what is said of them follows today's rules."""
SET_AGAIN = {"alarm_limits"}
"""From the settings, which have more limits now."""
COUNTED_AGAIN = {
    "dosing_rollup_15m", "dosing_rollup_1h", "dosing_rollup_6h", "recipe_rollup_15m", "batch_outcomes_15m",
    "batch_outcomes_1h", "plant_rollup", "plant_limits",
}  # fmt: skip
"""Sums of the rows, by bins and columns that differ from state to state; limits follow the settings."""


def restore_dump(dsn: str, file: Path) -> None:
    """On plain PostgreSQL the dump; else its rows, in a schema of the same migrations on TimescaleDB."""
    statements = gzip.decompress(file.read_bytes()).decode()
    with psycopg.connect(dsn, autocommit=True) as session:
        server = detect_server(session)
        session.execute(_AUDITOR)
        if not server.offered:
            session.execute(statements.encode())
            return
        session.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    with psycopg.connect(dsn, autocommit=True) as session:
        flavour = detect_server(session).flavour
        _create_schema(session, flavour, statements)
        session.execute("\n".join(_ROWS.findall(statements)).encode())


def _create_schema(
    session: psycopg.Connection[tuple[object, ...]], flavour: ServerFlavour, statements: str
) -> None:
    """The migrations that the dump names, and those of TimescaleDB in place of the plain ones."""
    session.execute("SET search_path = public")
    session.execute(_CREATE_HISTORY)
    migrations = list_migrations(flavour)
    newest = max(_get_number(one.name) for one in migrations if f"'{one.name}'" in statements)
    for migration in migrations:
        is_in_place = migration.name.startswith("timescale/") and _get_number(migration.name) <= newest
        if f"'{migration.name}'" in statements or is_in_place:
            session.execute(migration.text.encode())
            record_migration(session, migration, flavour)
    session.execute("SET session_replication_role = replica")
    for (table,) in session.execute(_FILLED_TABLES).fetchall():
        session.execute(f"DELETE FROM {table}".encode())


def _get_number(migration: str) -> int:
    """
    >>> _get_number("timescale/0100_reading_parts")
    100
    """
    return int(migration.partition("/")[2][:4])


_CREATE_HISTORY = """
CREATE TABLE schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, flavour text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migrations TO PUBLIC;
"""
_FILLED_TABLES = """
SELECT c.oid::regclass::text FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
"""A migration may have filled them."""
_AUDITOR = """
DO $$ BEGIN
    CREATE ROLE dosing_auditor NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
"""A dump has no roles; the migrations make this one."""
_ROWS = re.compile(
    r"^INSERT INTO public\.(?!schema_migrations ).*?\);$|^SELECT pg_catalog\.setval\(.*?\);$",
    re.MULTILINE | re.DOTALL,
)
_NUMBERED_INDEX = re.compile(r"(_p[0-9]{8}\w*_idx)[0-9]+\b")
"""The server numbers the indexes of a week in the order in which the parent's were made."""
_NAMED_NOT_NULL = re.compile(r" CONSTRAINT \w+(?= NOT NULL)")


def read_rows(dsn: str) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, but for the migration history."""
    tables = fetch_rows(
        dsn,
        "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migrations'",
    )
    return {
        name: [row for (row,) in fetch_rows(dsn, f'SELECT to_jsonb(t) FROM "{name}" AS t')]
        for (name,) in tables
    }


def count_rows(rows: list[dict[str, object]], columns: set[str]) -> Counter[str]:
    return Counter(
        json.dumps({name: value for name, value in row.items() if name in columns}, sort_keys=True)
        for row in rows
    )


@pytest.mark.parametrize(
    "dump", keep_plain(DUMPS, DUMPS[0], DUMPS[-1]), ids=lambda file: file.name.partition(".")[0]
)
def test_an_earlier_database_loses_no_row_and_gets_todays_schema(
    flavour: Server, database: str, migrated: str, dump: Path
) -> None:
    settings = settings_for(database)
    restore_dump(database, dump)
    before = read_rows(database)
    assert len(before["dosing_consumption"]) > 100
    migrate_schema(settings, report=print)
    assert list_pending_steps(settings) == []
    after = read_rows(database)
    assert {row["batch_key"] for row in after["batches"]} == {row["batch_key"] for row in before["batches"]}
    changed = []
    for table, rows in before.items():
        if table not in after and table in COUNTED_AGAIN:
            continue
        columns = set(rows[0] if rows else ()) & set(after[table][0] if after[table] else ())
        if count_rows(rows, columns) != count_rows(after[table], columns):
            changed.append(table)
    assert set(changed) <= JUDGED_AGAIN | COUNTED_AGAIN | SET_AGAIN
    assert fetch_value(database, "SELECT sum(doses) FROM dosing_rollup_6h") == len(
        before["dosing_consumption"]
    )
    assert verify_audit_trail(settings).faults == ()
    check_schema(database, migrated)


_WEEKS: LiteralString = """
SELECT DISTINCT right(relname, 8) FROM pg_class WHERE relispartition AND relname ~ '_p[0-9]{8}$'
"""
_MAKE_WEEK: LiteralString = """
SELECT compat.ensure_partitions(parent, week, week + INTERVAL '1 hour')
  FROM to_timestamp(%(week)s, 'YYYYMMDD') AS week,
       unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
"""


def give_same_weeks(*dsns: str) -> None:
    """Partitions, where there are any: a database has those of the weeks in which it was used."""
    weeks = {week for dsn in dsns for (week,) in fetch_rows(dsn, _WEEKS)}
    for dsn in dsns:
        with psycopg.connect(dsn) as session:
            for week in sorted(weeks):
                session.execute(_MAKE_WEEK, {"week": week})


def check_schema(migrated_dsn: str, new_dsn: str) -> None:
    """The lines of pg_dump -s; a dump writes constants of a CHECK, and names of NOT NULL, in another way."""
    give_same_weeks(migrated_dsn, new_dsn)
    dumps = [dump_schema(dsn) for dsn in (migrated_dsn, new_dsn)]
    assert None not in dumps, "no pg_dump is new enough for this server"
    ours, theirs = (Counter(map(_normalize_line, lines or ())) for lines in dumps)
    assert (ours - theirs, theirs - ours) == (Counter(), Counter())


def _normalize_line(line: str) -> str:
    line = _NUMBERED_INDEX.sub(r"\1", _NAMED_NOT_NULL.sub("", line.rstrip(",")))
    return re.sub(r"[()']|::numeric|::double precision", "", line) if " CHECK " in line else line
