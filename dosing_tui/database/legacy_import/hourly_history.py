"""Hours of the old aggregate whose doses were dropped by retention."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import LiteralString

from psycopg.sql import SQL, Identifier, Literal

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.legacy_import import progress
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE, HOURLY_COLUMNS
from dosing_tui.database.server_flavour import ServerFlavour

MIN_STEP = timedelta(hours=3)
"""TimescaleDB refuses a refresh of fewer than two whole hours."""
FIRST_STEP, MAX_STEP = timedelta(days=1), timedelta(days=7)
STEP_S = 2.0
"""Aim for the run time of one refresh, in s: the view's own job and readers of its chunks wait for it."""
REPORT_S = 5.0
"""Time in s between two reports."""


def refresh_aggregate(session: Session, report: Callable[[str], None]) -> None:
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
    # these fill it; the next marks the time outside the chunks as refreshed
    refresh_in_steps(session, since, now, report)
    for whole in iterate_steps(since, now, first=now - since, longest=now - since):
        call_refresh(session, *whole)


def refresh_in_steps(session: Session, since: datetime, now: datetime, report: Callable[[str], None]) -> None:
    """Refresh the hours from ``since`` to the last whole one before ``now``; nothing if there are too few.

    Oldest first: until the newest are refreshed, they are computed as the view is read. Needs autocommit.
    """
    told = monotonic()
    for start, until in iterate_steps(since, now):
        call_refresh(session, start, until)
        if monotonic() - told >= REPORT_S:
            told = monotonic()
            report(f"Refreshed the hourly view up to {until:%Y-%m-%d}.")


def iterate_steps(
    since: datetime,
    now: datetime,
    *,
    first: timedelta = FIRST_STEP,
    longest: timedelta = MAX_STEP,
    clock: Callable[[], float] = monotonic,
) -> Iterator[tuple[datetime, datetime]]:
    """Spans to refresh, each from a whole hour (UTC) on. Their width follows the time spent on the last."""
    # whole hours of UTC, which those of a zone like Asia/Kolkata are not
    start, end = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0), now - timedelta(hours=1)
    width = first
    while end - start >= MIN_STEP:
        until = end if end - start - width < MIN_STEP else start + width
        began = clock()
        yield start, until
        start, width = until, min(compute_next_step(width, clock() - began), longest)


def compute_next_step(width: timedelta, seconds: float) -> timedelta:
    """Width of the next step, after one that took ``seconds``: whole hours.

    >>> compute_next_step(timedelta(hours=5), 60.0), compute_next_step(timedelta(days=1), 0.1)
    (datetime.timedelta(seconds=10800), datetime.timedelta(days=2))
    """
    if seconds > STEP_S:
        return max(timedelta(hours=width // timedelta(hours=2)), MIN_STEP)
    return width * 2 if seconds < STEP_S / 2 else width


def call_refresh(session: Session, since: datetime, until: datetime) -> None:
    # the procedure commits itself: no transaction, and no parameters
    session.execute(
        SQL("CALL refresh_continuous_aggregate({}, {}, {})").format(
            Literal(HOURLY_AGGREGATE), Literal(since), Literal(until)
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
