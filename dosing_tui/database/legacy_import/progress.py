"""Where the copying of each adopted table stands, as the database keeps it."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session


@dataclass(frozen=True, slots=True)
class State:
    """Rows before ``copied_to`` are done; ``rows`` were counted when the copying began."""

    table_name: str
    old_name: str
    sane_until: datetime
    rows: int
    copied: int
    set_aside: int
    copied_to: datetime | None

    @property
    def done(self) -> int:
        return self.copied + self.set_aside


def unfinished(session: Session) -> dict[str, State]:
    """The adopted tables that are still to be copied or dropped, by name."""
    if session.execute("SELECT to_regclass('public.adoptions') IS NULL").fetchone() == (True,):
        return {}
    with session.cursor(row_factory=class_row(State)) as cursor:
        states = cursor.execute(sql_files.statement("schema/adoption/unfinished")).fetchall()
    return {state.table_name: state for state in states}


def opened(session: Session, table: str, rows: int) -> None:
    """The copying of a table of so many rows begins."""
    session.execute("UPDATE adoptions SET rows = %s WHERE table_name = %s", (rows, table))


def advanced(session: Session, table: str, *, until: datetime, copied: int, set_aside: int) -> None:
    """So many more rows are done; in the transaction that did them."""
    session.execute(
        sql_files.statement("schema/adoption/advance"),
        {"table": table, "until": until, "copied": copied, "set_aside": set_aside},
    )


def closed(session: Session, table: str) -> None:
    session.execute("UPDATE adoptions SET finished_at = now() WHERE table_name = %s", (table,))


def number(row: tuple[int, ...] | None) -> int:
    """The one number of a row that a count always has."""
    assert row is not None
    return row[0]
