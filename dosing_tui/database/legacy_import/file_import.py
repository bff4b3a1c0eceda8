"""Loads a CSV or Parquet file into a table as an import finds them, with the columns that the file names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import progress, table_layout
from dosing_tui.database.legacy_import.file_formats.csv_file import read_csv
from dosing_tui.database.legacy_import.file_formats.file_rows import FileRows, open_stream
from dosing_tui.database.legacy_import.file_formats.parquet_file import is_parquet, read_parquet
from dosing_tui.database.legacy_import.legacy_schema import TABLES, LegacyTable
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DatabaseAccessError

_REGISTER = """
INSERT INTO legacy_imports (table_name, old_name) VALUES (%(table)s, %(old)s)
ON CONFLICT (table_name) DO UPDATE
   SET old_name = excluded.old_name, sane_until = now() + INTERVAL '10 minutes', copied_to = '-infinity',
       rows = 0, copied = 0, set_aside = 0, flagged = 0, finished_at = NULL
"""


_ISO_TIME = r"^\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s*(Z|[+-]\d\d(:?\d\d){0,2})?)?\s*$"
"""Of 03.11.2026 the server would make 11 March, and it knows words, e.g. yesterday."""
_READ_TIMES = """
ALTER TABLE {} DROP CONSTRAINT "time", ALTER COLUMN time TYPE timestamptz USING time::timestamptz
"""


def load_file(session: Session, path: Path, table_name: str, *, zone: str) -> int:
    """Load the rows beside the table and register them for ``finalize.import_rows``; return their number.

    ``zone``: of times without an offset. One transaction: a file that cannot be read leaves nothing behind.

    Raises: DatabaseAccessError, with line or column, if the file does not fit the table.
    """
    (table,) = (each for each in TABLES if each.name == table_name)
    if table_name in progress.list_unfinished(session):
        raise DatabaseAccessError(f"An import of {table_name} is not finished: run dosing-tui migrate first.")
    with _open_rows(path) as rows, session.transaction():
        session.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
        _create_table(session, table, rows.columns)
        _copy_rows(session, rows, table, path)
        session.execute("SET LOCAL TimeZone = 'UTC'")
        table_layout.check_layout(
            session, table_layout.read_layout(session, table, table.legacy_name), table.legacy_name
        )
        session.execute(_REGISTER, {"table": table_name, "old": table.legacy_name})
        query = SQL("SELECT count(*) FROM {}").format(Identifier(table.legacy_name))
        return int(fetch_row(session.execute(query))[0])


@contextmanager
def _open_rows(path: Path) -> Iterator[FileRows]:
    with open_stream(path) as stream:
        if is_parquet(stream):
            with read_parquet(stream, path) as rows:
                yield rows
        elif path.suffix.lower() == ".parquet":
            raise DatabaseAccessError(f"{path.name} is not a Parquet file: it does not begin with PAR1.")
        else:
            yield read_csv(stream, path)


def _create_table(session: Session, table: LegacyTable, columns: list[str]) -> None:
    guides = {column.name for column in table.columns}
    unknown = [name for name in columns if name not in guides]
    if unknown:
        raise DatabaseAccessError(
            f"The column {unknown[0]} is none of {table.name}: it has {', '.join(sorted(guides))}."
        )
    checked = SQL('{} text CONSTRAINT "time" CHECK ({} ~ {})')
    definition = SQL(", ").join(
        checked.format(Identifier(name), Identifier(name), _ISO_TIME)
        if name == "time"
        else SQL("{} text").format(Identifier(name))
        for name in columns
    )
    session.execute(SQL("CREATE TABLE {} ({})").format(Identifier(table.legacy_name), definition))


def _copy_rows(session: Session, rows: FileRows, table: LegacyTable, path: Path) -> None:
    statement = SQL("COPY {} FROM STDIN (FORMAT csv)").format(Identifier(table.legacy_name))
    try:
        with session.cursor().copy(statement) as copy:
            for block in rows.blocks:
                copy.write(block)
        session.execute(SQL(_READ_TIMES).format(Identifier(table.legacy_name)))
    except (psycopg.DataError, psycopg.errors.CheckViolation) as error:
        where = rows.name_place((error.diag.context or "").partition(",")[2].strip())
        reason = error.diag.message_primary
        if isinstance(error, psycopg.errors.CheckViolation):
            where, reason = where.partition(":")[0], "time is not written as 2026-11-03 10:00:00"
        raise DatabaseAccessError(
            f"{path.name} cannot be read ({where or 'its times'}): {clean_line(reason or '')}."
        ) from error
