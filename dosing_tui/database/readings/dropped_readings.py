"""The times whose readings retention has dropped. None of them is stored, counted or rebuilt again."""

from datetime import datetime

from msgspec import Struct
from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.models import READING_TABLES


class DroppedSpan(Struct, frozen=True):
    """From ``since`` to before ``until``."""

    since: datetime
    until: datetime


def note_dropped(session: Session) -> None:
    """Bring it up to date: others drop rows, too, e.g. a job of TimescaleDB."""
    session.execute(read_statement("maintenance/update_dropped_readings"))


def list_dropped(session: Session) -> tuple[DroppedSpan, ...]:
    """The times of which any table of readings has dropped rows, in order."""
    asked = {"tables": list(READING_TABLES)}
    return tuple(select_rows(session, DroppedSpan, "maintenance/select_dropped_spans", asked))


def reject_dropped_rows(session: Session, table: str, relation: str) -> int:
    """Set aside the rows of ``relation`` whose time ``table`` has dropped; return their number."""
    note_dropped(session)
    statement = SQL(read_statement("legacy_import/reject_dropped_rows")).format(old=Identifier(relation))
    return int(fetch_row(session.execute(statement, {"table": table}))[0])
