"""Reconstructs stored batches from the readings: queued days, and any time span on demand."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.sections.site_settings import SiteSettings
from dosing_tui.database.batches.duration_learning import is_learning_due, is_learning_quick, learn_durations
from dosing_tui.database.batches.rebuild_span import (
    AssessmentBasis,
    RebuildResult,
    rebuild_span,
    select_assessment_basis,
)
from dosing_tui.database.batches.spans.reading_window import plan_first_window
from dosing_tui.database.batches.spans.span_planner import (
    ChangedDay,
    StationSpan,
    compute_affected_span,
    cut_dropped,
    merge_spans,
    widen_span,
)
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    describe_target,
    fetch_row,
    open_connection,
    select_rows,
    use_session,
)
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.database.leader_election import LeaseToken, lead_transaction
from dosing_tui.database.lots.tank_mixes import has_tank_entries, update_tank_mixes
from dosing_tui.database.readings import dropped_readings
from dosing_tui.database.schema import process_locks
from dosing_tui.database.schema.stored_rules.retention_states import LONG_AGO, find_kept_since
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.models import DEFAULT_RULES
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count
from dosing_tui.domain.tolerances.rules_text import describe_rules
from dosing_tui.errors import ConfigError

LOCK_NAME = "batch_rebuild"
"""Row of process_locks: one process at a time rebuilds a span."""
MAX_DAYS_PER_RUN = 40
"""Most stations' days of one call of ``rebuild_changed_days``."""
MAX_SMALL_READINGS = 1_000
"""Rebuilding so many takes some 30 ms: for more, a process of its own is worth its start."""
MAX_SMALL_EXTENT = timedelta(days=3)
"""From the first span to the last: the alarms of all the time between are read."""
MIN_KEPT = timedelta(days=30)
"""Readings are kept for longer by every setting: what else was dropped, the maintenance has noted."""
REBUILD_TIMEOUTS = StatementTimeouts(statement_s=60.0, idle_s=60.0)
_SET_UTC = "SET TIME ZONE 'UTC'"
"""Python compares times of one zone by local time, which repeats an hour in autumn."""


def rebuild_changed_days(
    settings: SiteSettings, *, now: datetime, lease: LeaseToken | None = None
) -> RebuildResult:
    """Rebuild the queued days, newest first; nothing while another process rebuilds.

    ``lease``: change nothing once another process was elected to collect.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with _open_session(settings, "batches") as session:
        if not process_locks.is_free(session, LOCK_NAME):
            return RebuildResult()
        done = _rebuild_queue(session, settings, _plan_queue(session, now), now=now, lease=lease)
        _learn_and_recount(session, now)
        return done


def rebuild_until_now(settings: SiteSettings, lease: LeaseToken | None = None) -> None:
    """As ``rebuild_changed_days``, by the clock of the process that runs it."""
    rebuild_changed_days(settings, now=datetime.now(UTC), lease=lease)


def rebuild_batches(
    settings: SiteSettings, *, since: datetime, until: datetime, now: datetime, report: Callable[[str], None]
) -> RebuildResult:
    """Rebuild all batches that begin in [since, until). Reviews, their comments and PINs are not touched.

    Batches of times whose readings were dropped do not change.
    Raises: ConfigError, if the alarms in the database are of another site; DatabaseUnavailableError,
    DatabaseAccessError.
    """
    until, done = min(until, now + DEFAULT_RULES.max_duration), RebuildResult()
    with _open_session(settings, "rebuild") as session:
        _check_site(session, settings.plant.site)
        dropped = _list_dropped(session, since, now)
        for gone_since, gone_until in dropped:
            if gone_since < until and gone_until > since:
                report(_describe_dropped(max(gone_since, since), gone_until, settings.plant.timezone))
        by = select_assessment_basis(session, settings, since=since, until=until)
        tolerance, stock = describe_rules(by.limits.tolerances.newest.rules), by.limits.stock
        report(f"Limits in the database: tolerance {tolerance}, low stock below {stock.describe_lows()}.")
        parameters = {"from": since, "to": until}
        for (device,) in session.execute(read_statement("batches/select_stations"), parameters).fetchall():
            span = StationSpan(device, since, until)
            _update_lots(session, span, lease=None)
            for kept in cut_dropped(span, dropped, DEFAULT_RULES):
                done += _rebuild_parts(session, kept, by, now=now, lease=None)
            report(
                f"{device}: {count_noun(done.batch_count, 'batch', 'batches')},"
                f" {format_count(done.stored_count)} new or changed."
            )
    return done


def _check_site(session: Session, site: str) -> None:
    """Alarms belong to a site: under another name batches would lose them, and reviews become outdated."""
    row = session.execute(read_statement("batches/select_other_site"), {"site": site}).fetchone()
    if row is not None:
        raise ConfigError(
            f"plant.site is {site}, but the alarms in the database are of {clean_line(row[0])}:"
            " batches are rebuilt under the collector's plant.site, so that none loses its alarms."
        )


class _QueuePlan(Struct, frozen=True):
    """The queued days, and the spans in which their readings and silent batches change something."""

    touched: Sequence[ChangedDay]
    spans: Sequence[StationSpan]


def _learn_and_recount(session: Session, now: datetime) -> None:
    """What is done now and then, after the batches are rebuilt."""
    with process_locks.hold_lock(session, LOCK_NAME):
        learn_durations(session, now=now)
        session.execute(read_statement("batches/recount_late_pump_errors"))


def _plan_queue(session: Session, now: datetime) -> _QueuePlan:
    touched = select_rows(session, ChangedDay, "batches/select_rebuild_queue", {"rows": MAX_DAYS_PER_RUN})
    silent = {"before": now - DEFAULT_RULES.max_orphan_gap, "rows": MAX_DAYS_PER_RUN}
    spans = [compute_affected_span(each, DEFAULT_RULES) for each in touched]
    for device, at in session.execute(read_statement("batches/select_silent_batches"), silent).fetchall():
        spans.append(StationSpan(device, at, at + timedelta(microseconds=1)))
    return _QueuePlan(touched, merge_spans(spans))


def _rebuild_queue(
    session: Session, settings: SiteSettings, plan: _QueuePlan, *, now: datetime, lease: LeaseToken | None
) -> RebuildResult:
    if not plan.spans:
        return RebuildResult()
    since, until = min(span.since for span in plan.spans), max(span.until for span in plan.spans)
    dropped = _list_dropped(session, since, now)
    by, done = select_assessment_basis(session, settings, since=since, until=until), RebuildResult()
    for whole in plan.spans:
        _update_lots(session, whole, lease=lease)
        for kept in cut_dropped(whole, dropped, DEFAULT_RULES):
            done += _rebuild_parts(session, kept, by, now=now, lease=lease)
    session.execute(
        read_statement("batches/delete_rebuilt_days"),
        {name: [getattr(each, name) for each in plan.touched] for name in ("device_id", "day", "touches")},
    )
    return done


def _rebuild_parts(
    session: Session, whole: StationSpan, by: AssessmentBasis, *, now: datetime, lease: LeaseToken | None
) -> RebuildResult:
    """Rebuild a span in parts of bounded size, each in a transaction of its own."""
    done, left = RebuildResult(), whole
    while left.since < left.until:
        with lead_transaction(session, lease), process_locks.hold_lock(session, LOCK_NAME):
            result, part = rebuild_span(session, left, by, now=now)
        done += result
        left = replace(whole, since=part.until, changed_at=None)
    return done


def _update_lots(session: Session, span: StationSpan, *, lease: LeaseToken | None) -> None:
    """Before the batches of a span: what is entered or dosed late changes the contents of tanks after it."""
    if not has_tank_entries(session, span.device_id, since=span.first_change):
        return
    with lead_transaction(session, lease), process_locks.hold_lock(session, LOCK_NAME):
        update_tank_mixes(session, span.device_id, since=span.first_change, queued_from=span.until)


def _has_at_most(session: Session, spans: Iterable[StationSpan], max_readings: int) -> bool:
    """Whether a rebuild of these spans reads at most this many readings."""
    left = max_readings
    for span in spans:
        since, until = plan_first_window(session, span).reads_since, widen_span(span, DEFAULT_RULES).until
        parameters = {"device": span.device_id, "from": since, "to": until, "rows": left + 1}
        (count,) = fetch_row(session.execute(read_statement("batches/count_span_readings"), parameters))
        left -= count
        if left < 0:
            return False
    return True


def _list_dropped(session: Session, since: datetime, now: datetime) -> list[tuple[datetime, datetime]]:
    """The times from ``since`` on whose readings are gone, or may be dropped at any moment; in order.

    The batches of these times stay as they are.
    """
    is_old = since < now - MIN_KEPT + DEFAULT_RULES.max_level_age + DEFAULT_RULES.max_duration
    if is_old:
        dropped_readings.note_dropped(session)
    limit = find_kept_since(session, now) if is_old else LONG_AGO
    spans = [(span.since, span.until) for span in dropped_readings.list_dropped(session)]
    return sorted([*spans, (LONG_AGO, limit)] if limit > LONG_AGO else spans)


def _describe_dropped(since: datetime, until: datetime, timezone: str) -> str:
    first, last = (f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d}" for at in (since, until))
    return (
        f"Batches from {first} to {last} stay as they are: retention has dropped readings of theirs, or may."
    )


@contextmanager
def _open_session(settings: SiteSettings, application: str) -> Iterator[Session]:
    """A session for rebuilds."""
    with use_session(settings, application=application, timeouts=REBUILD_TIMEOUTS) as session:
        session.execute(_SET_UTC)
        yield session


class SmallRebuilds:
    """A session that rebuilds queued days of few readings. For one thread; it is opened when it is needed."""

    def __init__(
        self,
        settings: SiteSettings,
        *,
        get_lease: Callable[[], LeaseToken | None] = lambda: None,
        max_readings: int = MAX_SMALL_READINGS,
    ) -> None:
        self._settings = settings
        self._get_lease = get_lease
        self._max_readings = max_readings
        self._session: Session | None = None

    def try_rebuild(self) -> bool:
        """As ``rebuild_changed_days``. False, with nothing done, when it takes long.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """
        now, lease = datetime.now(UTC), self._get_lease()
        with translate_rowless_errors(describe_target(self._settings)):
            session = self._ensure_session()
            plan = _plan_queue(session, now)
            is_due = is_learning_due(session, now=now)
            if (is_due and not is_learning_quick(session, now=now)) or not self._is_small(
                session, plan.spans
            ):
                return False
            if (is_due or plan.spans) and process_locks.is_free(session, LOCK_NAME):
                _rebuild_queue(session, self._settings, plan, now=now, lease=lease)
                if is_due:
                    _learn_and_recount(session, now)
            return True

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _is_small(self, session: Session, spans: Sequence[StationSpan]) -> bool:
        if not spans:
            return True
        extent = max(span.until for span in spans) - min(span.since for span in spans)
        return extent <= MAX_SMALL_EXTENT and _has_at_most(session, spans, self._max_readings)

    def _ensure_session(self) -> Session:
        if self._session is None or self._session.closed:
            session = open_connection(
                self._settings, application="batches", autocommit=True, timeouts=REBUILD_TIMEOUTS
            )
            try:
                session.execute(_SET_UTC)
            except BaseException:
                session.close()
                raise
            self._session = session
        return self._session
