"""What is in the alarm journal."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import APPLICATION_NAME, select_entries_after
from dosing_tui.database.connection import use_session
from dosing_tui.domain.alarms.models import JournalEntry


def read_journal(settings: Settings) -> list[JournalEntry]:
    """Every entry of this site, in order, page by page as the program follows it."""
    found: list[JournalEntry] = []
    with use_session(settings, application=APPLICATION_NAME) as session:
        while page := select_entries_after(session, settings, found[-1].id if found else 0):
            found += page
    return found
