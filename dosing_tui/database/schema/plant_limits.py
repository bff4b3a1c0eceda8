"""Sets the limits in the database from the settings: tolerance rules, and low stock."""

from dosing_tui.config.alarm_limits import build_tolerance_rules
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.schema.tolerance_rules import select_rules_versions, was_replaced
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook

TOLERANCE = "limits/tolerance"
STOCK_LOW = "limits/stock_low"
LIMIT_NAMES = frozenset({TOLERANCE, STOCK_LOW})


def list_differences(
    session: Session, settings: Settings, *, keeps_newer_rules: bool = False
) -> tuple[str, ...]:
    """Names of limits that differ from the settings; none before the schema has tolerance rules.

    ``keeps_newer_rules``: tolerance rules that have replaced those of the settings are no difference.
    """
    if session.execute("SELECT to_regclass('public.tolerance_rules')").fetchone() == (None,):
        return ()
    (stock_low_percent,) = fetch_row(session.execute(read_statement("maintenance/select_plant_limits")))
    book = ToleranceBook(select_rules_versions(session))
    is_kept = keeps_newer_rules and was_replaced(settings, book)
    checks = (
        (TOLERANCE, is_kept or book.newest.rules == build_tolerance_rules(settings)),
        (STOCK_LOW, stock_low_percent == settings.limits.stock_low_percent),
    )
    return tuple(name for name, is_equal in checks if not is_equal)


def set_stock_low(session: Session, stock_low_percent: float) -> None:
    """Set the low stock mark of later assessments."""
    session.execute(read_statement("maintenance/update_stock_low"), {"stock_low_percent": stock_low_percent})
