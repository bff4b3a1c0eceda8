"""Copies the rows of an imported table in slices of time. Every slice is a transaction with its progress: an
interrupted copy continues where it stopped."""

from collections.abc import Callable
from datetime import datetime, timedelta

from psycopg.sql import SQL, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import copy_statements, progress, table_layout
from dosing_tui.database.legacy_import.legacy_schema import LegacyTable
from dosing_tui.database.legacy_import.progress import ImportProgress, add_progress, start_table
from dosing_tui.database.legacy_import.table_layout import TableLayout
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.database.sessions.deadlock_retry import run_transaction
from dosing_tui.domain.quantities.quantity_text import format_count

CopyReporter = Callable[[str], None]

SLICE_ROWS = 20_000
"""Target rows of a slice: enough for speed, few enough not to block writers."""
MIN_SLICE_WIDTH, MAX_SLICE_WIDTH = timedelta(minutes=1), timedelta(days=7)
REPORT_PERCENT = 5


def copy_rows(session: Session, table: LegacyTable, flavour: ServerFlavour, report: CopyReporter) -> None:
    """Copy the remaining rows of one table.

    Raises: DatabaseUnavailableError, if a slice collides with writers again and again.
    """
    layout = table_layout.read_layout(session, table, table.legacy_name)
    state = _read_progress(session, table)
    if state.copied_to is None:
        _start_copy(session, layout, state)
        state = _read_progress(session, table)
    width, told = timedelta(hours=1), 0
    while (since := _find_next_time(session, state)) is not None:
        rows = _copy_slice(session, layout, flavour, since, min(since + width, state.sane_until))
        width = compute_next_width(width, rows)
        state = _read_progress(session, table)
        percent = 100 * state.done_rows // max(state.rows, 1)
        if percent >= told + REPORT_PERCENT:
            told = percent
            done, rows_text = format_count(state.done_rows), format_count(state.rows)
            report(f"Importing {table.name}: {done} of {rows_text} rows.")


def compute_next_width(width: timedelta, rows: int) -> timedelta:
    """Width of the next slice, after one of ``rows`` rows.

    >>> compute_next_width(timedelta(hours=2), 50_000)
    datetime.timedelta(seconds=3600)
    """
    if rows > 2 * SLICE_ROWS:
        return max(width / 2, MIN_SLICE_WIDTH)
    return min(width * 2, MAX_SLICE_WIDTH) if rows < SLICE_ROWS / 2 else width


def _read_progress(session: Session, table: LegacyTable) -> ImportProgress:
    return progress.list_unfinished(session)[table.name]


def _start_copy(session: Session, layout: TableLayout, progress: ImportProgress) -> None:
    """Count the rows, and reject those whose time is in no slice."""
    old = Identifier(progress.old_name)
    indexed = session.execute(
        sql_files.read_statement("legacy_import/select_has_time_index"),
        {"relation": f"public.{progress.old_name}"},
    )
    if indexed.fetchone() == (False,):
        session.execute(SQL("CREATE INDEX ON {} (time)").format(old))
    with session.transaction():
        (rows,) = fetch_row(session.execute(SQL("SELECT count(*) FROM {}").format(old)))
        start_table(session, progress.table_name, rows)
        parameters = {
            "table": progress.table_name,
            "sane_from": copy_statements.EARLIEST_TIME,
            "sane_until": progress.sane_until,
        }
        (insane,) = fetch_row(session.execute(copy_statements.reject_invalid_rows(layout), parameters))
        add_progress(
            session,
            progress.table_name,
            until=copy_statements.EARLIEST_TIME,
            copied_rows=0,
            rejected_rows=insane,
        )


def _copy_slice(
    session: Session, layout: TableLayout, flavour: ServerFlavour, since: datetime, until: datetime
) -> int:
    """Copy one slice; return the number of rows read. Writers have the same rows of the rollups."""
    return run_transaction(
        session,
        lambda: _copy_rows_between(session, layout, flavour, since, until),
        f"The import of {layout.table.name}",
    )


def _copy_rows_between(
    session: Session, layout: TableLayout, flavour: ServerFlavour, since: datetime, until: datetime
) -> int:
    name = layout.table.name
    if flavour is ServerFlavour.PLAIN:
        session.execute("SELECT compat.ensure_partitions(%s::regclass, %s, %s)", (name, since, until))
    parameters = {
        "table": name,
        "since": since,
        "until": until,
        "time_quality": layout.table.time_quality.value,
    }
    counts = session.execute(copy_statements.compose_slice_copy(layout), parameters)
    read, copied, set_aside, flagged = fetch_row(counts)
    add_progress(
        session, name, until=until, copied_rows=copied, rejected_rows=set_aside, flagged_rows=flagged
    )
    return int(read)


def _find_next_time(session: Session, progress: ImportProgress) -> datetime | None:
    """Time of the oldest row not copied yet."""
    statement = SQL("SELECT min(time)::timestamptz FROM {} WHERE time >= %s AND time < %s")
    found = session.execute(
        statement.format(Identifier(progress.old_name)), (progress.copied_to, progress.sane_until)
    )
    oldest: datetime | None = fetch_row(found)[0]
    return oldest
