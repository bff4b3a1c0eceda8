"""Checks of the database's maintenance: background jobs, chunks, compression, retention. Pure."""

from collections.abc import Iterator
from datetime import datetime

from dosing_tui.config.settings import RetentionSettings
from dosing_tui.database.diagnosis.facts import DatabaseFacts, RowTimes
from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.schema.retention import is_overdue
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.messages.text_sanitizer import clean_line

_REPORT = ThemeReporter(CheckTheme.MAINTENANCE)


def check_maintenance(facts: DatabaseFacts, now: datetime) -> Iterator[CheckResult]:
    yield from _check_jobs(facts)
    yield from _check_partitions(facts)
    yield from _check_compression(facts)
    yield from _check_retention(facts, now)


def _check_jobs(facts: DatabaseFacts) -> Iterator[CheckResult]:
    failed = [job for job in facts.jobs if job.has_failed]
    stopped = [job for job in facts.jobs if not job.is_scheduled and not job.has_failed]
    for job in failed:
        error = clean_line(job.last_error.rstrip("."), 160) or "no reason is recorded"
        yield _REPORT.fail_check(
            "jobs",
            f"Background {_name_job(job)} failed: {error}.",
            job.remedy,
        )
    for job in stopped:
        yield _REPORT.warn_of(
            "jobs",
            f"Background {_name_job(job)} is switched off.",
            job.remedy,
        )
    if not failed and not stopped and facts.schema_flavour is ServerFlavour.COMMUNITY:
        yield _REPORT.pass_check("jobs", f"{len(facts.jobs)} background jobs, none failed.")
    elif not failed and not stopped:
        yield _REPORT.pass_check("jobs", "The collector maintains this database: it has no jobs of its own.")


def _name_job(job: JobState) -> str:
    of = f" of {job.table_name}" if job.table_name else ""
    return f"job {job.job_id} ({clean_line(job.name, 40)}{of})"


def _check_partitions(facts: DatabaseFacts) -> Iterator[CheckResult]:
    missing = [counts.table_name for counts in facts.chunks if not counts.has_next_week]
    if missing:
        yield _REPORT.warn_of(
            "partitions",
            f"Next week has no partition of {', '.join(missing)}: maintenance does not run.",
            "Run dosing-tui maintain run as the tables' owner, each week by a timer.",
        )
    elif facts.chunks:
        counts = ", ".join(f"{one.table_name} {one.chunk_count}" for one in facts.chunks)
        yield _REPORT.pass_check("partitions", f"Chunks: {counts}.")


def _check_compression(facts: DatabaseFacts) -> Iterator[CheckResult]:
    if facts.schema_flavour is not ServerFlavour.COMMUNITY:
        return
    late = [one for one in facts.chunks if one.late_compressions]
    for one in late:
        yield _REPORT.warn_of(
            "compression",
            f"{one.late_compressions} chunks of {one.table_name} should be compressed and are not.",
            "Look at the job's last error in timescaledb_information.job_errors.",
        )
    if not late:
        yield _REPORT.pass_check("compression", "Every chunk that is due is compressed.")


def _check_retention(facts: DatabaseFacts, now: datetime) -> Iterator[CheckResult]:
    if facts.schema_flavour is ServerFlavour.COMMUNITY:
        late = [one.table_name for one in facts.chunks if one.late_drops]
    else:
        late = [row.table_name for row in facts.row_times if _is_late(row, facts, now)]
    if late:
        yield _REPORT.warn_of(
            "retention",
            f"Rows of {', '.join(late)} are older than their retention: it is not applied.",
            "Run dosing-tui maintain run as the tables' owner, each week by a timer.",
        )
    elif facts.row_times:
        oldest = min((row.oldest for row in facts.row_times if row.oldest), default=None)
        text = f"The oldest reading is of {oldest:%Y-%m-%d}." if oldest else "There is no reading yet."
        yield _REPORT.pass_check("retention", text)


def _is_late(row: RowTimes, facts: DatabaseFacts, now: datetime) -> bool:
    days = facts.keep_days.get(row.table_name, RetentionSettings().readings_days)
    return is_overdue(row.oldest, days, now)
