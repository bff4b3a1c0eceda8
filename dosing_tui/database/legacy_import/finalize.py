"""Completes an import: copies, compares row counts, drops the old tables."""

from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import copy, hourly_history, progress
from dosing_tui.database.legacy_import.copy import CopyReporter
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE, TABLES
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count
from dosing_tui.errors import DatabaseAccessError


def import_rows(session: Session, flavour: ServerFlavour, report: CopyReporter) -> list[str]:
    """Finish every import that has begun; return the tables' names. The session must be in autocommit.

    Raises: DatabaseAccessError, if the row counts of a table differ; DatabaseUnavailableError.
    """
    waiting = progress.list_unfinished(session)
    if not waiting:
        return []
    # times without a zone were written in UTC; a nested loop over a slice would take for ever
    session.execute("SET TimeZone = 'UTC'")
    session.execute("SET enable_nestloop = off")
    tables = [table for table in TABLES if table.name in waiting]
    for table in tables:
        copy.copy_rows(session, table, flavour, report)
    if flavour is ServerFlavour.COMMUNITY:
        report("Refreshing the hourly aggregate.")
        hourly_history.refresh_aggregate(session, report)
    hourly_history.store_history(session, flavour)
    # the aggregate goes before the table it is built on
    for name in (HOURLY_AGGREGATE, *(table.name for table in tables)):
        if name in waiting:
            _finish_table(session, name, report)
    return list(waiting)


def _finish_table(session: Session, name: str, report: CopyReporter) -> None:
    """Drop the old relation, if the row counts match."""
    state = progress.list_unfinished(session)[name]
    copied, rejected = format_count(state.copied), format_count(state.set_aside)
    with session.transaction():
        session.execute("SET LOCAL lock_timeout = '15s'")
        rows = state.rows if name == HOURLY_AGGREGATE else _recount_rows(session, state.old_name)
        if rows != state.done_rows:
            raise DatabaseAccessError(
                f"{state.old_name} holds {count_noun(rows, 'row')}, but {copied} were copied and"
                f" {rejected} rejected. The old table stays and {name} is not imported yet."
            )
        copies = progress.count_copies(session, name)
        _drop_relation(session, state.old_name)
        progress.finish_table(session, name)
    rounded = f" {format_count(state.flagged)} of them rounded," if state.flagged else ""
    if copies:
        rejected = f"{format_count(copies)} left out as copies, {format_count(state.set_aside - copies)}"
    report(f"Imported {name}: {copied} rows copied,{rounded} {rejected} rejected.")
    session.execute(SQL("ANALYZE {}").format(Identifier(name)))


def _recount_rows(session: Session, old_name: str) -> int:
    old = Identifier(old_name)
    session.execute(SQL("LOCK TABLE {}").format(old))
    return int(fetch_row(session.execute(SQL("SELECT count(*) FROM {}").format(old)))[0])


def _drop_relation(session: Session, old_name: str) -> None:
    kind = session.execute(
        "SELECT relkind::text FROM pg_class WHERE oid = %s::regclass", (f"public.{old_name}",)
    ).fetchone()
    # a continuous aggregate looks like a view to the catalog
    what = SQL("TABLE") if kind in (("r",), ("p",)) else SQL("MATERIALIZED VIEW")
    session.execute(SQL("DROP {} {}").format(what, Identifier(old_name)))
