"""How many background jobs a database has, and how many failed."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import use_session
from dosing_tui.database.schema import background_jobs

APPLICATION_NAME = "monitoring"


def count_jobs(settings: Settings) -> tuple[int, int]:
    """All jobs, and those whose last run failed; 0 without TimescaleDB.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        jobs = background_jobs.list_jobs(session)
    return len(jobs), sum(job.has_failed for job in jobs)
