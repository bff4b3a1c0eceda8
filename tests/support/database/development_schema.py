"""A database at migration 27 of the development schema, filled from a database of today."""

import hashlib
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from dosing_tui.database.server_flavour import ServerFlavour, detect_server

FILES = Path(__file__).parent / "schema_27"
"""The 27 migrations as they were; frozen."""

RENAMED_TABLES = {
    "legacy_import_rejects": "rows_set_aside",
    "legacy_imports": "adoptions",
    "spool_progress": "collector_books",
    "plant_limits": "plant_rules",
    "batch_duration_baselines": "usual_durations",
    "batch_rebuild_queue": "batches_touched",
    "dosing_rollup_15m": "dosing_15m",
    "dosing_rollup_6h": "dosing_6h",
    "inventory_latest": "inventory_last",
}
"""Today's name of a table, and the name it had."""

_HISTORY = """
CREATE TABLE schema_migrations (
    name       text        PRIMARY KEY,
    checksum   text        NOT NULL,
    flavour    text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migrations TO PUBLIC;
"""
_TABLES = """
SELECT c.relname FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relname <> 'schema_migrations'
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname
"""
# the histogram, which had a column for each bin
_BINS_READ: LiteralString = "".join(f", bin_count(bins, {bin_})" for bin_ in range(22))
_BINS_WRITTEN: LiteralString = "".join(f", b{bin_:02}" for bin_ in range(22))
_COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


def create_development_schema(dsn: str, *, last: int = 999) -> ServerFlavour:
    """Apply the migrations up to number ``last`` to an empty database."""
    with psycopg.connect(dsn, autocommit=True) as session:
        if detect_server(session).offered:
            session.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    with psycopg.connect(dsn, autocommit=True) as session:
        flavour = detect_server(session).flavour
        session.execute("SET search_path = public")
        session.execute(_HISTORY)
        with session.transaction():
            for file in _list_files(flavour):
                if int(file.name[:4]) <= last:
                    session.execute(file.read_bytes())
                    _record_file(session, file, flavour)
    return flavour


def _list_files(flavour: ServerFlavour) -> list[Path]:
    found = [file for folder in flavour.schema_folders for file in (FILES / folder).glob("*.sql")]
    return sorted(found, key=lambda file: int(file.name[:4]))


def _record_file(session: psycopg.Connection[tuple[object, ...]], file: Path, flavour: ServerFlavour) -> None:
    text = "\n".join(file.read_text(encoding="utf-8").splitlines())
    session.execute(
        "INSERT INTO schema_migrations (name, checksum, flavour) VALUES (%s, %s, %s)",
        (f"{file.parent.name}/{file.stem}", hashlib.sha256(text.encode()).hexdigest(), flavour.value),
    )


def copy_all_rows(source_dsn: str, target_dsn: str) -> None:
    """Copy every table of today's schema into the tables of migration 27, without firing a trigger."""
    with psycopg.connect(source_dsn) as source, psycopg.connect(target_dsn) as target:
        target.execute("SET session_replication_role = replica")
        for (name,) in source.execute(_TABLES).fetchall():
            old_name = RENAMED_TABLES.get(str(name), str(name))
            had = {column for (column,) in target.execute(_COLUMNS, (old_name,))}
            if not had or name == "plant_limits":
                continue  # a table of a later migration, or one that has lost a column: it has the defaults
            old = sql.Identifier(old_name)
            columns = sql.SQL(", ").join(
                sql.Identifier(str(column))
                for (column,) in source.execute(_COLUMNS, (f"public.{name}",))
                if column in had
            )
            target.execute(sql.SQL("DELETE FROM {}").format(old))
            bins = name == "dosing_rollup_6h"
            _copy_table(
                source,
                target,
                (sql.Identifier(str(name)), columns + sql.SQL(_BINS_READ if bins else "")),
                (old, columns + sql.SQL(_BINS_WRITTEN if bins else "")),
            )
            _advance_identity(target, old)


def _copy_table(
    source: psycopg.Connection[tuple[object, ...]],
    target: psycopg.Connection[tuple[object, ...]],
    kept: tuple[sql.Identifier, sql.Composed],
    old: tuple[sql.Identifier, sql.Composed],
) -> None:
    """``kept`` and ``old``: the table, and its columns."""
    read = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(kept[1], kept[0])
    write = sql.SQL("COPY {} ({}) FROM STDIN").format(*old)
    with source.cursor().copy(read) as rows, target.cursor().copy(write) as stored:
        for data in rows:
            stored.write(data)


def _advance_identity(target: psycopg.Connection[tuple[object, ...]], table: sql.Identifier) -> None:
    """The next id is one more than the highest."""
    identity = target.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attidentity <> ''",
        (table.as_string(target),),
    ).fetchone()
    if identity is not None:
        column = str(identity[0])
        target.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), max({})) FROM {}").format(
                table.as_string(target), column, sql.Identifier(column), table
            )
        )
