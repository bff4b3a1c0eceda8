"""Keeps the plant's rules in the database as the settings say: what counts as out of tolerance."""

from dosing_tui.database.flavours import Session
from dosing_tui.database.sqlfiles import statement

NAME = "rules/tolerance"
RECOUNTED = ("recount_15m", "recount_1h", "recount_6h")


def differing(session: Session, tolerance_g: float) -> tuple[str, ...]:
    """What would be brought in line; nothing where there are no rules yet, or the same ones."""
    if session.execute("SELECT to_regclass('public.plant_rules')").fetchone() == (None,):
        return ()
    row = session.execute(statement("reads/tolerance")).fetchone()
    return () if row is None or row[0] == tolerance_g else (NAME,)


def keep(session: Session, tolerance_g: float) -> None:
    """In the caller's transaction. Doses that are gone stay counted by the rule of their time."""
    session.execute(
        "SET LOCAL work_mem = '256MB'"
    )  # months of doses are counted in memory, not sorted on disk
    session.execute("LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE")
    session.execute(statement("maintenance/tolerance"), {"tolerance_g": tolerance_g})
    for name in RECOUNTED:
        session.execute(statement(f"maintenance/{name}"))
