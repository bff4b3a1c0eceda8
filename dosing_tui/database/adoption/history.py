"""What only the old hourly aggregate still knows: hours whose doses its retention has dropped."""

from datetime import datetime, timedelta

from psycopg.sql import SQL, Identifier, Literal

from dosing_tui.database import sqlfiles
from dosing_tui.database.adoption import books
from dosing_tui.database.adoption.guide import HOURLY, HOURLY_COLUMNS
from dosing_tui.database.flavours import Flavour, Session

LEAST_REFRESH = timedelta(hours=4)
"""A refresh of fewer than two whole hours is refused."""


def refresh(session: Session) -> None:
    """Fill the new continuous aggregate from the copied doses.

    Without it the first run of its policy would hide every hour before the policy's window.
    """
    row = session.execute("SELECT min(time), now() FROM dosing_consumption").fetchone()
    assert row is not None
    oldest: datetime | None = row[0]
    now: datetime = row[1]
    if oldest is None or now - oldest < LEAST_REFRESH:
        return
    since = oldest.replace(minute=0, second=0, microsecond=0)
    # a procedure that commits on its own: outside a transaction, and with its values in the text
    session.execute(
        SQL("CALL refresh_continuous_aggregate({}, {}, {})").format(
            Literal(HOURLY), Literal(since), Literal(now - timedelta(hours=1))
        )
    )


def keep(session: Session, flavour: Flavour) -> None:
    """Keep the hours that have no doses any more; once, and after the doses are copied and refreshed."""
    state = books.unfinished(session).get(HOURLY)
    if state is None or state.copied_to is not None:
        return
    with session.transaction():
        row = session.execute(sqlfiles.statement("schema/adoption/hourly_history")).fetchone()
        assert row is not None  # a SELECT of counts
        books.opened(session, HOURLY, row[0])
        books.advanced(session, HOURLY, until=state.sane_until, copied=row[1], set_aside=0)
        if flavour is Flavour.COMMUNITY:
            _into_aggregate(session)


def _into_aggregate(session: Session) -> None:
    """Put them where the aggregate keeps its own rows, as TimescaleDB's migration of aggregates does."""
    row = session.execute(sqlfiles.statement("schema/adoption/aggregate_store")).fetchone()
    assert row is not None  # the schema has it
    columns = SQL(", ").join(Identifier(name) for name in HOURLY_COLUMNS)
    session.execute(
        SQL("INSERT INTO {} ({}) SELECT {} FROM dosing_hourly_history").format(
            Identifier(*row), columns, columns
        )
    )
