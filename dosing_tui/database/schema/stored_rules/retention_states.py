"""How long the rows of each table are kept, by the plant's decisions."""

from datetime import UTC, datetime

from msgspec import Struct

from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.sql_files import read_statement

SUMS = "sums"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before every reading: the tables refuse times before 2020."""


class RetentionState(Struct, frozen=True):
    """A row of data_retention. ``keep_days`` is None while nothing is dropped."""

    table_name: str
    keep_days: int | None
    is_decided: bool

    @property
    def is_for_ever(self) -> bool:
        """Somebody decided that nothing is dropped."""
        return self.is_decided and self.keep_days is None


def list_states(session: Session) -> dict[str, RetentionState]:
    """The decisions by table; empty before the schema has them."""
    if fetch_row(session.execute("SELECT to_regclass('public.data_retention') IS NULL")) == (True,):
        return {}
    found = select_rows(session, RetentionState, "maintenance/select_retention")
    return {state.table_name: state for state in found}


def find_kept_since(session: Session, now: datetime) -> datetime:
    """The time since which no stored reading is dropped; long ago while there is none to drop."""
    (limit,) = fetch_row(session.execute(read_statement("maintenance/select_kept_since"), {"now": now}))
    return limit or LONG_AGO
