"""Room ahead in the database, at the start and every hour."""

from dosing_tui.collector.context.interfaces import Database
from dosing_tui.collector.context.status import Status
from dosing_tui.errors import DatabaseRefused


def maintain(database: Database, status: Status) -> None:
    """Where this program's role may not, somebody else has to; readings can be stored all the same.

    Raises: DatabaseAway.
    """
    try:
        database.maintain()
        status.notice("maintain", "")
    except DatabaseRefused as error:
        status.notice("maintain", f"The database cannot be tidied up: {error}")
