"""What a database without policies needs from time to time: partitions ahead, and an end to what is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dosing_tui.config.settings import Settings
from dosing_tui.database import server_flavour, sql_files, table_owner
from dosing_tui.database.connection import Limits, Session, connect, target
from dosing_tui.database.error_mapping import database_errors
from dosing_tui.database.legacy_import import progress
from dosing_tui.database.schema import migration_history
from dosing_tui.database.server_flavour import Flavour
from dosing_tui.errors import DatabaseAccessError

RAW_KEPT = timedelta(days=90)
SUMS_KEPT = timedelta(days=730)
"""Two years; TimescaleDB's policies on the Community flavour say the same."""

LOCK = 0x646F73696E68
"""Key of the advisory lock: one program at a time tidies up. The migrations' key is its neighbour."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Names of statements: those that make room ahead, and those that end what has been kept long enough."""

    ahead: tuple[str, ...]
    kept: tuple[str, ...]


def maintain(settings: Settings, *, now: datetime) -> None:
    """Make partitions ahead and drop what is older than it is kept, unless somebody else is at it.

    Nothing is dropped while a database is being adopted.

    Raises: DatabaseAway; DatabaseRefused, if there is no schema or the user does not own it.
    """
    limits = Limits(statement_s=0, lock_s=10)
    with (
        connect(settings, application="maintenance", autocommit=True, limits=limits) as session,
        database_errors(target(settings)),
    ):
        session.execute("SET search_path = public, compat")
        if session.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,):
            _tidy(session, now)


def _tidy(session: Session, now: datetime) -> None:
    had = migration_history.applied(session)
    if not had:
        raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
    table_owner.become_owner(session)
    moments = {"now": now, "raw_from": now - RAW_KEPT, "sums_from": now - SUMS_KEPT}
    steps = _steps(Flavour(had[0].flavour), server_flavour.ask(session).flavour)
    wanted = steps.ahead if progress.unfinished(session) else steps.ahead + steps.kept
    for name in wanted:
        session.execute(sql_files.statement(f"maintenance/{name}"), moments)


def _steps(made_as: Flavour, now_is: Flavour) -> Steps:
    if made_as is Flavour.PLAIN:
        return Steps(ahead=("partitions",), kept=("drop_partitions", "prune"))
    # a Community schema on a server that fell back to the Apache license has policies, but no jobs
    if Flavour.APACHE in (made_as, now_is):
        return Steps(ahead=(), kept=("drop_chunks", "prune"))
    return Steps(ahead=(), kept=("prune",))
