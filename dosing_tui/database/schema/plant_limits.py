"""Sets the limits in the database from the settings: tolerance, and low stock."""

from psycopg.sql import SQL, Identifier, Literal

from dosing_tui.config.settings import LimitSettings
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement

TOLERANCE = "limits/tolerance"
STOCK_LOW = "limits/stock_low"
LIMIT_NAMES = frozenset({TOLERANCE, STOCK_LOW})
WIDER_ROLLUPS = {"dosing_rollup_1h": "1 hour", "dosing_rollup_6h": "6 hours"}
"""Rollups that are recounted from the one of 15 minutes, and the width of their buckets."""


def list_differences(session: Session, limits: LimitSettings) -> tuple[str, ...]:
    """Names of limits that differ from the settings; none without a schema."""
    if session.execute("SELECT to_regclass('public.plant_limits')").fetchone() == (None,):
        return ()
    stored = fetch_row(session.execute(read_statement("maintenance/select_plant_limits")))
    pairs = zip(stored, (limits.tolerance_g, limits.stock_low_percent), (TOLERANCE, STOCK_LOW), strict=True)
    return tuple(name for stored_limit, limit, name in pairs if stored_limit != limit)


def set_tolerance(session: Session, tolerance_g: float) -> None:
    """Set and recount in the caller's transaction. Buckets whose doses were dropped keep their count."""
    session.execute(
        "SET LOCAL work_mem = '256MB'"
    )  # months of doses are counted in memory, not sorted on disk
    session.execute("LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE")
    session.execute(read_statement("maintenance/update_tolerance"), {"tolerance_g": tolerance_g})
    session.execute(read_statement("maintenance/recount_from_doses"))
    recount = SQL(read_statement("maintenance/recount_from_15m"))
    for table, width in WIDER_ROLLUPS.items():
        session.execute(recount.format(rollup=Identifier(table), width=Literal(width)))


def set_stock_low(session: Session, stock_low_percent: float) -> None:
    """Set the low stock mark of later assessments."""
    session.execute(read_statement("maintenance/update_stock_low"), {"stock_low_percent": stock_low_percent})
