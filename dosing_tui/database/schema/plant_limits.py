"""Keeps the plant's rules in the database as the settings say: what is out of tolerance, and low stock."""

from dosing_tui.config.settings import LimitSettings
from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement

TOLERANCE = "rules/tolerance"
STOCK_LOW = "rules/stock_low"
LIMIT_NAMES = frozenset({TOLERANCE, STOCK_LOW})
RECOUNT_STATEMENTS = ("recount_15m", "recount_1h", "recount_6h")


def list_differences(session: Session, limits: LimitSettings) -> tuple[str, ...]:
    """What would be brought in line; nothing where there are no rules yet, or the same ones."""
    if session.execute("SELECT to_regclass('public.plant_limits')").fetchone() == (None,):
        return ()
    row = session.execute(read_statement("maintenance/rules")).fetchone()
    if row is None:
        return ()
    tolerance_g, stock_low_percent = row
    found = [TOLERANCE] if tolerance_g != limits.tolerance_g else []
    if stock_low_percent is not None and stock_low_percent != limits.stock_low_percent:
        found.append(STOCK_LOW)
    return tuple(found)


def set_tolerance(session: Session, tolerance_g: float) -> None:
    """In the caller's transaction. Doses that are gone stay counted by the rule of their time."""
    session.execute(
        "SET LOCAL work_mem = '256MB'"
    )  # months of doses are counted in memory, not sorted on disk
    session.execute("LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE")
    session.execute(read_statement("maintenance/tolerance"), {"tolerance_g": tolerance_g})
    for name in RECOUNT_STATEMENTS:
        session.execute(read_statement(f"maintenance/{name}"))


def set_stock_low(session: Session, stock_low_percent: float) -> None:
    """Batches that are judged from now on, or judged again, go by it."""
    session.execute(read_statement("maintenance/stock_low"), {"stock_low_percent": stock_low_percent})
