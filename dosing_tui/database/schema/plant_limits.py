"""Sets the limits in the database from the settings: tolerance rules, low stock, reorder point, alarms."""

import json

from dosing_tui.config.alarm_limits import build_alarm_limits, build_tolerance_rules
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, fetch_row, use_session
from dosing_tui.database.schema.stored_rules.assessment_limits import select_rules_versions
from dosing_tui.database.schema.tolerance_rules import was_replaced
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.stored_limits import format_limits, replace_limits
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook

TOLERANCE = "limits/tolerance"
STOCK_LOW = "limits/stock_low"
REORDER = "limits/reorder"
ALARMS = "limits/alarms"
_HAS_LIMITS = (
    "SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.plant_limits') AND attname = 'reorder_z'"
)
_HAS_ALARM_LIMITS = "SELECT FROM pg_class WHERE oid = to_regclass('public.alarm_limits')"
LIMIT_NAMES = frozenset({TOLERANCE, STOCK_LOW, REORDER, ALARMS})


def list_differences(
    session: Session, settings: Settings, *, keeps_newer_rules: bool = False
) -> tuple[str, ...]:
    """Names of limits that differ from the settings, of those that the schema has so far.

    ``keeps_newer_rules``: tolerance rules that have replaced those of the settings are no difference.
    """
    if session.execute(_HAS_LIMITS).fetchone() is None:
        return ()
    (stock_low_percent,) = fetch_row(session.execute(read_statement("maintenance/select_plant_limits")))
    reorder = fetch_row(session.execute(read_statement("maintenance/select_reorder")))
    limits = settings.limits
    book = ToleranceBook(select_rules_versions(session))
    is_kept = keeps_newer_rules and was_replaced(settings, book)
    checks = (
        (TOLERANCE, is_kept or book.newest.rules == build_tolerance_rules(settings)),
        (STOCK_LOW, stock_low_percent == limits.stock_low_percent),
        (REORDER, reorder == (limits.reorder_lead_days, limits.reorder_z)),
        (ALARMS, not _has_other_alarm_limits(session, settings)),
    )
    return tuple(name for name, is_equal in checks if not is_equal)


def _has_other_alarm_limits(session: Session, settings: Settings) -> bool:
    """Not while their table is missing: later migrations than those of the other limits create it."""
    if session.execute(_HAS_ALARM_LIMITS).fetchone() is None:
        return False
    definition, _ = fetch_row(session.execute(read_statement("maintenance/select_alarm_limits")))
    return bool(json.loads(definition) != json.loads(format_limits(build_alarm_limits(settings))))


def set_stock_low(session: Session, stock_low_percent: float) -> None:
    """Set the low stock mark of later assessments."""
    session.execute(read_statement("maintenance/update_stock_low"), {"stock_low_percent": stock_low_percent})


def set_reorder(session: Session, *, lead_days: float, z: float) -> None:
    """Set the lead time in production days and the safety factor of the reorder point."""
    session.execute(read_statement("maintenance/update_reorder"), {"lead_days": lead_days, "z": z})


def set_alarm_limits(session: Session, settings: Settings) -> None:
    """Set the limits of the alarms, for the console and for Grafana."""
    definition = {"definition": format_limits(build_alarm_limits(settings))}
    session.execute(read_statement("maintenance/update_alarm_limits"), definition)


def read_alarm_limits(settings: Settings) -> AlarmLimits:
    """The limits of every alarm rule at this site: those of the database, others from the settings.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application="limits") as session:
        return select_alarm_limits(session, settings)


def select_alarm_limits(session: Session, settings: Settings) -> AlarmLimits:
    """As ``read_alarm_limits``, in a session that is open."""
    row = fetch_row(session.execute(read_statement("maintenance/select_alarm_limits")))
    return replace_limits(build_alarm_limits(settings), *row)
