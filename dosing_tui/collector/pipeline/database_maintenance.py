"""Room ahead in the database, at the start and every hour."""

from dosing_tui.collector.context.interfaces import CollectorDatabase
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.errors import DatabaseAccessError


def run_maintenance(database: CollectorDatabase, status: CollectorStatus) -> None:
    """Where this program's role may not, somebody else has to; readings can be stored all the same.

    Raises: DatabaseUnavailableError.
    """
    try:
        database.run_maintenance()
        status.set_notice("maintain", "")
    except DatabaseAccessError as error:
        status.set_notice("maintain", f"Database maintenance failed: {error}")
