"""Copies the rows of an adopted table in slices of time. Every slice is a transaction with its books, so a
copying that was interrupted goes on where it stopped."""

from collections.abc import Callable
from datetime import datetime, timedelta

from psycopg.errors import DeadlockDetected
from psycopg.sql import SQL, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session
from dosing_tui.database.legacy_import import copy_statements, progress, table_swap
from dosing_tui.database.legacy_import.copy_statements import Plan
from dosing_tui.database.legacy_import.legacy_schema import GuideTable
from dosing_tui.database.legacy_import.progress import State
from dosing_tui.database.server_flavour import Flavour
from dosing_tui.errors import DatabaseUnavailableError

Report = Callable[[str], None]

SLICE_ROWS = 20_000
"""Rows a slice should hold: enough to be quick, few enough that a writer hardly waits for it."""
NARROWEST, WIDEST = timedelta(minutes=1), timedelta(days=7)
ATTEMPTS = 5
"""How often a slice that collides with a writer is tried."""
REPORT_PERCENT = 5


def copy_rows(session: Session, table: GuideTable, flavour: Flavour, report: Report) -> None:
    """Everything of one table that is not copied yet.

    Raises: DatabaseAway, if a slice collides with writers again and again.
    """
    plan = table_swap.plan(session, table)
    state = _state(session, table)
    if state.copied_to is None:
        _begin(session, plan, state)
        state = _state(session, table)
    width, told = timedelta(hours=1), 0
    while (since := _next_row(session, state)) is not None:
        rows = _copy_slice(session, plan, flavour, since, min(since + width, state.sane_until))
        width = next_width(width, rows)
        state = _state(session, table)
        percent = 100 * state.done // max(state.rows, 1)
        if percent >= told + REPORT_PERCENT:
            told = percent
            report(f"Adopting {table.name}: {state.done:,} of {state.rows:,} rows.")


def next_width(width: timedelta, rows: int) -> timedelta:
    """How long the next slice is, after one of ``rows`` rows.

    >>> next_width(timedelta(hours=2), 50_000)
    datetime.timedelta(seconds=3600)
    """
    if rows > 2 * SLICE_ROWS:
        return max(width / 2, NARROWEST)
    return min(width * 2, WIDEST) if rows < SLICE_ROWS / 2 else width


def _state(session: Session, table: GuideTable) -> State:
    return progress.unfinished(session)[table.name]


def _begin(session: Session, plan: Plan, state: State) -> None:
    """Count, and set the rows aside that no slice of time can hold."""
    old = Identifier(state.old_name)
    indexed = session.execute(
        sql_files.statement("schema/adoption/time_index"), {"relation": f"public.{state.old_name}"}
    )
    if indexed.fetchone() == (False,):
        session.execute(SQL("CREATE INDEX ON {} (time)").format(old))
    with session.transaction():
        rows = progress.number(session.execute(SQL("SELECT count(*) FROM {}").format(old)).fetchone())
        progress.opened(session, state.table_name, rows)
        parameters = {
            "table": state.table_name,
            "sane_from": copy_statements.SANE_FROM,
            "sane_until": state.sane_until,
        }
        insane = progress.number(
            session.execute(copy_statements.set_aside_insane(plan), parameters).fetchone()
        )
        progress.advanced(
            session, state.table_name, until=copy_statements.SANE_FROM, copied=0, set_aside=insane
        )


def _copy_slice(session: Session, plan: Plan, flavour: Flavour, since: datetime, until: datetime) -> int:
    """Answers the number of rows read."""
    for _ in range(ATTEMPTS):
        try:
            with session.transaction():
                return _copied(session, plan, flavour, since, until)
        except DeadlockDetected:  # with a writer, over the rollups' rows: one of the two begins again
            continue
    raise DatabaseUnavailableError(
        f"Adopting {plan.table.name} collides with its writers; run migrate again."
    )


def _copied(session: Session, plan: Plan, flavour: Flavour, since: datetime, until: datetime) -> int:
    name = plan.table.name
    if flavour is Flavour.PLAIN:
        session.execute("SELECT compat.ensure_partitions(%s::regclass, %s, %s)", (name, since, until))
    parameters = {
        "table": name,
        "since": since,
        "until": until,
        "time_quality": plan.table.time_quality.value,
    }
    row = session.execute(copy_statements.copy_slice(plan), parameters).fetchone()
    assert row is not None  # a SELECT of counts
    read, copied, set_aside = row
    progress.advanced(session, name, until=until, copied=copied, set_aside=set_aside)
    return int(read)


def _next_row(session: Session, state: State) -> datetime | None:
    """The time of the oldest row that is still to be copied."""
    statement = SQL("SELECT min(time)::timestamptz FROM {} WHERE time >= %s AND time < %s")
    row = session.execute(
        statement.format(Identifier(state.old_name)), (state.copied_to, state.sane_until)
    ).fetchone()
    assert row is not None
    oldest: datetime | None = row[0]
    return oldest
