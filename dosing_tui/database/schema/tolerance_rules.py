"""The plant's tolerance rules in the database: versions, each dated and audited; the newest one counts."""

import getpass
from contextlib import suppress
from datetime import datetime

from dosing_tui.config.alarm_limits import build_tolerance_rules
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.tolerances.rules import format_rules
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook

MAX_WHO_LENGTH = 60


def set_tolerance_rules(session: Session, settings: Settings) -> None:
    """Add the settings' rules as a version, in the caller's transaction; nothing if they are in force.

    Doses made before keep their count.
    """
    parameters = {"rules": format_rules(build_tolerance_rules(settings)), "who": _describe_author(settings)}
    fetch_row(session.execute(read_statement("maintenance/set_tolerance_rules"), parameters))


def describe_difference(settings: Settings, book: ToleranceBook) -> str:
    """A sentence if these settings' rules are not the database's, which count; '' if they are."""
    newest, rules = book.newest, build_tolerance_rules(settings)
    if newest.rules == rules:
        return ""
    since = _format_day(newest.valid_from)
    return (
        "The tolerances in these settings differ from the database's,"
        f" which count (version {newest.version}{since})."
    )


def was_replaced(settings: Settings, book: ToleranceBook) -> bool:
    """Whether the settings' rules were in force once and others have replaced them since."""
    rules = build_tolerance_rules(settings)
    return book.newest.rules != rules and any(each.rules == rules for each in book.versions)


def _format_day(moment: datetime) -> str:
    return "" if moment.year <= 2000 else f" since {moment:%Y-%m-%d %H:%M}"


def _describe_author(settings: Settings) -> str:
    user = "unknown"
    with suppress(OSError, KeyError, ImportError):
        user = getpass.getuser()
    return clean_line(f"{user}, settings of {settings.plant.site}")[:MAX_WHO_LENGTH]
