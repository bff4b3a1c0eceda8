"""TimescaleDB's background jobs: their last results."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.database.connection import Session, select_rows
from dosing_tui.database.server_flavour import detect_server
from dosing_tui.domain.messages.text_sanitizer import clean_line

MAX_ERROR_LENGTH = 160
JOBS_STATEMENT = "maintenance/select_jobs"
"""Its rows are ``JobState``."""


class JobState(Struct, frozen=True):
    """``last_status`` is 'Success', 'Failed', or '' before the first run. ``last_error`` may be older."""

    job_id: int
    name: str
    table_name: str
    is_scheduled: bool
    last_status: str
    next_start: datetime | None
    last_error: str
    last_start: datetime | None = None

    @property
    def title(self) -> str:
        """Its name without its number."""
        return self.name.partition(" [")[0]

    @property
    def has_failed(self) -> bool:
        """By its last run."""
        return self.last_status.lower() == "failed"

    @property
    def remedy(self) -> str:
        """What to do about a failed or stopped job; '' for any other."""
        if self.has_failed:
            return f"Remove the cause, then: CALL run_job({self.job_id})"
        return "" if self.is_scheduled else f"SELECT alter_job({self.job_id}, scheduled => true)"


def list_jobs(session: Session) -> list[JobState]:
    """Empty without TimescaleDB."""
    if not detect_server(session).extension:
        return []
    return select_rows(session, JobState, JOBS_STATEMENT)


def describe_failures(session: Session) -> str:
    """One sentence of the failed jobs; '' if there is none."""
    failed = [job for job in list_jobs(session) if job.has_failed]
    if not failed:
        return ""
    first = failed[0]
    others = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    error = clean_line(first.last_error.rstrip("."), MAX_ERROR_LENGTH) or "no reason is recorded"
    of = f" of {first.table_name}" if first.table_name else ""
    return f"Background job {first.job_id} ({first.title}{of}){others} failed: {error}."
