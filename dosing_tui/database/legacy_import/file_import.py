"""Loads a CSV file into a table as an import finds them, with the columns of its header."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import psycopg
from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import progress, table_layout
from dosing_tui.database.legacy_import.legacy_schema import TABLES, LegacyTable
from dosing_tui.errors import DatabaseAccessError

_BLOCK_BYTES = 256 * 1024

_REGISTER = """
INSERT INTO legacy_imports (table_name, old_name) VALUES (%(table)s, %(old)s)
ON CONFLICT (table_name) DO UPDATE
   SET old_name = excluded.old_name, sane_until = now() + INTERVAL '10 minutes', copied_to = '-infinity',
       rows = 0, copied = 0, set_aside = 0, flagged = 0, finished_at = NULL
"""


def load_file(session: Session, path: Path, table_name: str, *, zone: str) -> int:
    """Load the rows beside the table and register them for ``finalize.import_rows``; return their number.

    ``zone``: of times without an offset. One transaction: a file that cannot be read leaves nothing behind.

    Raises: DatabaseAccessError, with line or column, if the file does not fit the table.
    """
    (table,) = (each for each in TABLES if each.name == table_name)
    if table_name in progress.list_unfinished(session):
        raise DatabaseAccessError(f"An import of {table_name} is not finished: run dosing-tui migrate first.")
    with _open_file(path) as stream, session.transaction():
        columns = _read_header(stream, path)
        session.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
        _create_table(session, table, columns)
        _copy_rows(session, stream, table, path)
        session.execute("SET LOCAL TimeZone = 'UTC'")
        table_layout.check_layout(
            session, table_layout.read_layout(session, table, table.legacy_name), table.legacy_name
        )
        session.execute(_REGISTER, {"table": table_name, "old": table.legacy_name})
        query = SQL("SELECT count(*) FROM {}").format(Identifier(table.legacy_name))
        return int(fetch_row(session.execute(query))[0])


@contextmanager
def _open_file(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise DatabaseAccessError(f"{path} cannot be read: {error.strerror}.") from error


def _read_header(stream: BinaryIO, path: Path) -> list[str]:
    """The names of the columns; the stream is left at the first row."""
    try:
        line = stream.readline().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatabaseAccessError(f"{path.name} is not a CSV file in UTF-8.") from error
    columns = [name.strip() for name in next(csv.reader([line]), [])]
    if len(set(columns)) != len(columns) or not all(columns):
        raise DatabaseAccessError(f"{path.name} has a column twice or without a name in its first line.")
    if "time" not in columns:
        raise DatabaseAccessError(f"{path.name} has no column time in its first line.")
    return columns


def _create_table(session: Session, table: LegacyTable, columns: list[str]) -> None:
    guides = {column.name for column in table.columns}
    unknown = [name for name in columns if name not in guides]
    if unknown:
        raise DatabaseAccessError(
            f"The column {unknown[0]} is none of {table.name}: it has {', '.join(sorted(guides))}."
        )
    definition = SQL(", ").join(
        SQL("{} timestamptz" if name == "time" else "{} text").format(Identifier(name)) for name in columns
    )
    session.execute(SQL("CREATE TABLE {} ({})").format(Identifier(table.legacy_name), definition))


def _copy_rows(session: Session, stream: BinaryIO, table: LegacyTable, path: Path) -> None:
    statement = SQL("COPY {} FROM STDIN (FORMAT csv)").format(Identifier(table.legacy_name))
    try:
        with session.cursor().copy(statement) as copy:
            while block := stream.read(_BLOCK_BYTES):
                copy.write(block)
    except psycopg.DataError as error:
        where = (error.diag.context or "").partition(",")[2].strip()
        raise DatabaseAccessError(
            f"{path.name} cannot be read ({where or 'its rows'}): {error.diag.message_primary}."
        ) from error
