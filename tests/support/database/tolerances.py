"""The tolerance rules as the database has them."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.rebuild_span import select_tolerance_book
from dosing_tui.database.connection import use_session
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook


def read_tolerance_book(settings: Settings) -> ToleranceBook:
    with use_session(settings, application="test", autocommit=False) as session:
        return select_tolerance_book(session)
