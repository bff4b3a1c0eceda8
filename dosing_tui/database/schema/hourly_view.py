"""The guide's continuous aggregate of TimescaleDB Community: its refresh window, and refreshes before it."""

from collections.abc import Callable
from contextlib import suppress

from psycopg.errors import LockNotAvailable

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import.hourly_history import refresh_in_steps
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE
from dosing_tui.database.sql_files import read_statement

WINDOW_DAYS, WINDOW_MARGIN_DAYS = 80, 10
"""The policy's window ends before readings are dropped: a refresh over dropped rows deletes their hours."""
REFRESH_MARGIN_DAYS = 1
"""More than a refresh takes."""

_SPAN_QUERY = """
SELECT greatest((SELECT min(time) FROM dosing_consumption),
                (SELECT now() - make_interval(days => keep_days - %(margin)s)
                   FROM data_retention WHERE table_name = 'dosing_consumption')), now()
"""
"""Greatest of what is not NULL: no limit while nothing is dropped."""


def set_window(session: Session, keep_days: int | None) -> None:
    """Fit the refresh policy's window to the retention of doses, in days; None: they are kept for ever."""
    days = WINDOW_DAYS if keep_days is None else min(WINDOW_DAYS, keep_days - WINDOW_MARGIN_DAYS)
    parameters = {
        "relation": HOURLY_AGGREGATE,
        "policy": "policy_refresh_continuous_aggregate",
        "key": "start_offset",
    }
    found = session.execute(read_statement("maintenance/select_policy"), parameters).fetchone()
    if found == (days,):
        return
    if found is not None:
        session.execute("SELECT remove_continuous_aggregate_policy('dosing_consumption_hourly')")
    session.execute(read_statement("maintenance/create_refresh_policy"), {"days": days})


def refresh_hours(session: Session, report: Callable[[str], None]) -> None:
    """Refresh it from the oldest stored dose on: also hours filled late, before the policy's window.

    Never from NULL: that deletes hours whose doses were dropped. Nor from doses that retention may drop
    before the refresh ends: it drops whole chunks that end before its limit. Needs autocommit.
    """
    since, now = fetch_row(session.execute(_SPAN_QUERY, {"margin": REFRESH_MARGIN_DAYS}))
    if since is not None:
        with suppress(LockNotAvailable):  # its policy refreshes it now; the next maintenance does the rest
            refresh_in_steps(session, since, now, report)
