"""Progress of each imported table, stored in the database."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row, select_rows


class ImportProgress(Struct, frozen=True):
    """Rows before ``copied_to`` are done; ``rows`` were counted at the start."""

    table_name: str
    old_name: str
    sane_until: datetime
    rows: int
    copied: int
    set_aside: int
    copied_to: datetime | None
    flagged: int
    """Of ``copied``: rows whose fractions were rounded."""

    @property
    def done_rows(self) -> int:
        return self.copied + self.set_aside


def list_unfinished(session: Session) -> dict[str, ImportProgress]:
    """The imported tables still to be copied or dropped, by name."""
    if session.execute("SELECT to_regclass('public.legacy_imports') IS NULL").fetchone() == (True,):
        return {}
    states = select_rows(session, ImportProgress, "legacy_import/select_unfinished_imports")
    return {state.table_name: state for state in states}


def start_table(session: Session, table: str, rows: int) -> None:
    """Record the start of a table's copy."""
    session.execute("UPDATE legacy_imports SET rows = %s WHERE table_name = %s", (rows, table))


def add_progress(
    session: Session,
    table: str,
    *,
    until: datetime,
    copied_rows: int,
    rejected_rows: int,
    flagged_rows: int = 0,
) -> None:
    """Record the rows of a slice, in its transaction."""
    session.execute(
        sql_files.read_statement("legacy_import/update_copy_progress"),
        {
            "table": table,
            "until": until,
            "copied": copied_rows,
            "set_aside": rejected_rows,
            "flagged": flagged_rows,
        },
    )


def count_copies(session: Session, table: str) -> int:
    """Of the rejected rows of an unfinished import: those that are stored all the same."""
    statement = sql_files.read_statement("legacy_import/count_copies")
    return int(fetch_row(session.execute(statement, {"table": table}))[0])


def finish_table(session: Session, table: str) -> None:
    session.execute("UPDATE legacy_imports SET finished_at = now() WHERE table_name = %s", (table,))
