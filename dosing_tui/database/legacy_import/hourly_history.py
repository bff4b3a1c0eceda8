"""Hours of the old aggregate whose doses were dropped by retention."""

from datetime import datetime, timedelta
from typing import LiteralString

from psycopg.sql import SQL, Identifier, Literal

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import progress
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE, HOURLY_COLUMNS
from dosing_tui.database.server_flavour import ServerFlavour

MIN_REFRESH_SPAN = timedelta(hours=4)
"""TimescaleDB refuses a refresh of fewer than two whole hours."""


def refresh_aggregate(session: Session) -> None:
    """Fill the new aggregate from the copied doses, and mark all the past as refreshed.

    Otherwise the first run of its policy hides every hour before its window, and deletes stored hours in it.
    Repeatable after an interruption.
    """
    state = progress.list_unfinished(session).get(HOURLY_AGGREGATE)
    if state is not None and state.copied_to is not None:
        return
    known = [_select_time(session, "SELECT min(time) FROM dosing_consumption")]
    if state is not None:
        known.append(_select_time(session, _OLDEST_HOUR_QUERY))
    since = min((moment for moment in known if moment is not None), default=None)
    now = _select_time(session, "SELECT now()")
    if since is None or now is None:
        return
    # the first fills it, chunk by chunk; the second marks the time outside the chunks as refreshed
    call_refresh(session, since, now)
    call_refresh(session, since, now)


def call_refresh(session: Session, since: datetime, now: datetime) -> None:
    """Refresh the hours from ``since`` to the last whole one before ``now``; nothing if there are too few."""
    if now - since < MIN_REFRESH_SPAN:
        return
    # the procedure commits itself: no transaction, and no parameters
    session.execute(
        SQL("CALL refresh_continuous_aggregate({}, {}, {})").format(
            Literal(HOURLY_AGGREGATE),
            Literal(since.replace(minute=0, second=0, microsecond=0)),
            Literal(now - timedelta(hours=1)),
        )
    )


def store_history(session: Session, flavour: ServerFlavour) -> None:
    """Store those hours once, after the doses are copied and the new aggregate is refreshed."""
    state = progress.list_unfinished(session).get(HOURLY_AGGREGATE)
    if state is None or state.copied_to is not None:
        return
    with session.transaction():
        counts = session.execute(sql_files.read_statement("legacy_import/insert_hourly_history"))
        rows, copied = fetch_row(counts)
        progress.start_table(session, HOURLY_AGGREGATE, rows)
        progress.add_progress(
            session, HOURLY_AGGREGATE, until=state.sane_until, copied_rows=copied, rejected_rows=0
        )
        if flavour is ServerFlavour.COMMUNITY:
            _insert_into_aggregate(session)


_OLDEST_HOUR_QUERY = """
SELECT min(bucket) FROM adopted_dosing_consumption_hourly WHERE bucket >= '2020-01-01 00:00:00+00'
"""


def _select_time(session: Session, query: LiteralString) -> datetime | None:
    moment: datetime | None = fetch_row(session.execute(query))[0]
    return moment


def _insert_into_aggregate(session: Session) -> None:
    """Insert them into the aggregate's hypertable, as TimescaleDB's own migration of aggregates does."""
    found = session.execute(sql_files.read_statement("legacy_import/select_aggregate_hypertable"))
    columns = SQL(", ").join(Identifier(name) for name in HOURLY_COLUMNS)
    session.execute(
        SQL("INSERT INTO {} ({}) SELECT {} FROM dosing_hourly_history").format(
            Identifier(*fetch_row(found)), columns, columns
        )
    )
