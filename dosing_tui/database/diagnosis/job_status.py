"""How many background jobs a database has, and how many failed."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import select_rows, use_session
from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.server_flavour import detect_server

APPLICATION_NAME = "monitoring"


def count_jobs(settings: Settings) -> tuple[int, int]:
    """All jobs, and those whose last run failed; 0 without TimescaleDB.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        if not detect_server(session).extension:
            return 0, 0
        jobs = select_rows(session, JobState, "doctor/select_jobs")
    return len(jobs), sum(job.has_failed for job in jobs)
