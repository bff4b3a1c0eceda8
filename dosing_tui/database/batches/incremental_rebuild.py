"""Reconstructs stored batches from the readings: queued days, and any time span on demand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.duration_learning import learn_durations
from dosing_tui.database.batches.rebuild_span import RebuildResult, rebuild_span, select_assessment_basis
from dosing_tui.database.batches.span_planner import (
    ChangedDay,
    StationSpan,
    compute_affected_span,
    merge_spans,
    split_span,
)
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    select_rows,
    use_session,
)
from dosing_tui.database.leader_election import LeaseToken, lead_transaction
from dosing_tui.database.schema import process_locks
from dosing_tui.database.schema.maintenance import RAW_RETENTION
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.models import DEFAULT_RULES
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.tolerances.rules_text import describe_rules
from dosing_tui.errors import ConfigError

LOCK_NAME = "batch_rebuild"
"""Row of process_locks: one process at a time rebuilds a span."""
MAX_DAYS_PER_RUN = 40
"""Most stations' days of one call of ``rebuild_changed_days``."""
REBUILD_TIMEOUTS = StatementTimeouts(statement_s=60.0, idle_s=60.0)


def rebuild_changed_days(
    settings: Settings, *, now: datetime, lease: LeaseToken | None = None
) -> RebuildResult:
    """Rebuild the queued days, newest first; nothing while another process rebuilds.

    ``lease``: change nothing once another process was elected to collect.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with _open_session(settings, "batches") as session:
        if not process_locks.is_free(session, LOCK_NAME):
            return RebuildResult()
        done = _rebuild_queue(session, settings, now, lease)
        with process_locks.hold_lock(session, LOCK_NAME):
            learn_durations(session, now=now)
        return done


def rebuild_until_now(settings: Settings, lease: LeaseToken | None = None) -> None:
    """As ``rebuild_changed_days``, by the clock of the process that runs it."""
    rebuild_changed_days(settings, now=datetime.now(UTC), lease=lease)


def rebuild_batches(
    settings: Settings, *, since: datetime, until: datetime, now: datetime, report: Callable[[str], None]
) -> RebuildResult:
    """Rebuild all batches that begin in [since, until). Reviews, their comments and PINs are not touched.

    Batches older than the stored readings do not change.
    Raises: ConfigError, if the alarms in the database are of another site; DatabaseUnavailableError,
    DatabaseAccessError.
    """
    until, done = min(until, now + DEFAULT_RULES.max_duration), RebuildResult()
    with _open_session(settings, "rebuild") as session:
        _check_site(session, settings.plant.site)
        since = max(since, _find_oldest_start(session, now))
        by = select_assessment_basis(session, settings, since=since, until=until)
        report(
            f"Limits in the database: tolerance {describe_rules(by.limits.tolerances.newest.rules)},"
            f" low stock below {by.limits.stock_low_percent:g} %."
        )
        parameters = {"from": since, "to": until}
        for (device,) in session.execute(read_statement("batches/select_stations"), parameters).fetchall():
            for span in split_span(StationSpan(device, since, until)):
                with process_locks.hold_lock(session, LOCK_NAME):
                    done += rebuild_span(session, span, by, now=now)
            report(f"{device}: {done.batch_count:,} batches, {done.stored_count:,} new or changed.")
    return done


def _check_site(session: Session, site: str) -> None:
    """Alarms belong to a site: under another name batches would lose them, and reviews become outdated."""
    row = session.execute(read_statement("batches/select_other_site"), {"site": site}).fetchone()
    if row is not None:
        raise ConfigError(
            f"plant.site is {site}, but the alarms in the database are of {clean_line(row[0])}:"
            " batches are rebuilt under the collector's plant.site, so that none loses its alarms."
        )


def _rebuild_queue(
    session: Session, settings: Settings, now: datetime, lease: LeaseToken | None
) -> RebuildResult:
    touched = select_rows(session, ChangedDay, "batches/select_rebuild_queue", {"rows": MAX_DAYS_PER_RUN})
    silent = {"before": now - DEFAULT_RULES.max_orphan_gap, "rows": MAX_DAYS_PER_RUN}
    spans = [compute_affected_span(each, DEFAULT_RULES) for each in touched]
    for device, at in session.execute(read_statement("batches/select_silent_batches"), silent).fetchall():
        spans.append(StationSpan(device, at, at + timedelta(microseconds=1)))
    if not spans:
        return RebuildResult()
    oldest = _find_oldest_start(session, now)
    since, until = min(span.since for span in spans), max(span.until for span in spans)
    by, done = select_assessment_basis(session, settings, since=since, until=until), RebuildResult()
    for whole in merge_spans(spans):
        # the readings of a batch that began earlier were dropped: it stays as it is
        for span in split_span(replace(whole, since=max(whole.since, oldest))):
            with lead_transaction(session, lease), process_locks.hold_lock(session, LOCK_NAME):
                done += rebuild_span(session, span, by, now=now)
    session.execute(
        read_statement("batches/delete_rebuilt_days"),
        {name: [getattr(each, name) for each in touched] for name in ("device_id", "day", "touches")},
    )
    return done


def _find_oldest_start(session: Session, now: datetime) -> datetime:
    """The time from which every batch has all its readings, also with a shorter retention."""
    kept_since = now - RAW_RETENTION
    if (row := session.execute(read_statement("batches/select_oldest_reading")).fetchone()) is not None:
        kept_since = max(kept_since, row[0] or now)
    return kept_since + DEFAULT_RULES.max_level_age + DEFAULT_RULES.max_duration


@contextmanager
def _open_session(settings: Settings, application: str) -> Iterator[Session]:
    """A session for rebuilds."""
    with use_session(settings, application=application, timeouts=REBUILD_TIMEOUTS) as session:
        # Python compares times of one zone by local time, which repeats an hour in autumn
        session.execute("SET TIME ZONE 'UTC'")
        yield session
