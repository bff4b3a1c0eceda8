"""Database maintenance, at the start and every hour."""

from dosing_tui.collector.context.interfaces import CollectorDatabase
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.errors import DatabaseAccessError
from dosing_tui.live_snapshot import DatabasePart


def run_maintenance(database: CollectorDatabase, status: CollectorStatus) -> None:
    """Create partitions ahead and apply retention. A missing privilege is a notice; readings are stored.

    Raises: DatabaseUnavailableError.
    """
    try:
        database.run_maintenance()
        status.set_database_fault(DatabasePart.MAINTENANCE, "")
    except DatabaseAccessError as error:
        status.set_database_fault(DatabasePart.MAINTENANCE, str(error))
