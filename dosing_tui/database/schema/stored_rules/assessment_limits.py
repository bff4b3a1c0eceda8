"""The limits by which batches are assessed."""

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarm_rules.shared.ingredient_limits import parse_stock_limits
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.tolerances.rules import parse_rules
from dosing_tui.domain.tolerances.tolerance_book import DatedRules


def select_rules_versions(session: Session) -> tuple[DatedRules, ...]:
    """Every version of the plant's rules, oldest first."""
    rows = session.execute(read_statement("maintenance/select_tolerance_rules")).fetchall()
    return tuple(DatedRules(parse_rules(text), version, since) for text, version, since in rows)


def select_stock_limits(session: Session) -> StockLimits:
    """The limits of every tank."""
    row = fetch_row(session.execute(read_statement("maintenance/select_alarm_limits")))
    return parse_stock_limits(*row)
