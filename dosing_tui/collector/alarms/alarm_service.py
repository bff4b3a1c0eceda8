"""Alarm service of a process: evaluates readings, clock and journal; publishes to ``live_state``.

The collector has an outbox: its entries are written to disk and sent from there to the journal. A standby
or viewer has none: it mirrors the journal, and shows its own detections where the journal has no entry.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from dosing_tui.collector.alarms.evaluation_input import SpoolFill, build_evaluation_context
from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.alarms.offline_commands import OfflineCommands
from dosing_tui.collector.alarms.outbox_fence import report_superseded
from dosing_tui.collector.alarms.rules_watch import RuleInputs, RulesWatch
from dosing_tui.collector.alarms.stock_watch import StockNews, StockWatch
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.database.alarms.journal import JournalUpdate
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import EvaluationContext
from dosing_tui.domain.alarm_rules.shared.rule_state import HOUR
from dosing_tui.domain.alarms.checkpoint import CHECKPOINT_INTERVAL, Checkpoint
from dosing_tui.domain.alarms.journal_filter import MAX_ENTRIES
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, ParsedItem, Rejection
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import DatabaseError, SpoolError
from dosing_tui.live_snapshot import DatabasePart

log = logging.getLogger(__name__)

TICK_INTERVAL_S = 1.0
PUBLISH_INTERVAL_S = 0.2
"""Shortest time between two snapshots."""
PUBLISH_PAUSE_FACTOR = 10
"""Pause after a snapshot, as a multiple of its duration: in a flood each contains thousands of alarms."""
MAX_PUBLISH_PAUSE_S = 2.0
STOP_TIMEOUT_S = 10.0
FAILURE_SHOWN_FOR = timedelta(minutes=1)
"""A failure of the rules on one reading would otherwise be gone with the next."""


class AlarmService:
    """Four threads: clock, journal, recipes and stock. ``on_readings`` is for any thread."""

    def __init__(
        self,
        context: CollectorContext,
        *,
        outbox: JournalOutbox | None = None,
        measure_spool: Callable[[], SpoolFill] = SpoolFill,
    ) -> None:
        self._context = context
        self._alarm_store = context.database.alarm_store
        self._clock = context.clock
        self._outbox = outbox
        self._read_operator_commands = (
            outbox.take_operator_commands
            if outbox
            else OfflineCommands(get_spool_folder(context.settings)).read_new
        )
        self._measure_spool = measure_spool
        self._unsaved_entries: list[JournalEntry] = []
        self._evaluator = _build_evaluator(context, writes_journal=outbox is not None)
        self._lock = threading.Lock()
        self._is_journal_up, self._has_history, self._has_collector = False, False, True
        self._entries_since_checkpoint = 0
        """Entries of the journal since its last checkpoint."""
        self._failed_at: datetime | None = None
        """When the rules last failed on a reading, while it is shown."""
        self._is_publish_due, self._next_publish = False, 0.0
        """A change is not published yet; no snapshot before that time."""
        self._last_tick, self._ceiling_text = -TICK_INTERVAL_S, ""
        self._wake_clock = threading.Event()
        """The clock thread has something to do before its next tick."""
        self._clock_thread = context.create_thread("alarm-clock", self._tick_clock)
        self._journal_thread = context.create_thread("alarm-journal", self._follow_journal)
        self._rules = RulesWatch(context, self._apply_rules, is_ready=lambda: self._is_journal_up)
        self._stock = StockWatch(context, self._apply_stock, is_ready=lambda: self._is_journal_up)
        self._threads = (
            self._clock_thread,
            self._journal_thread,
            self._rules.thread,
            self._stock.thread,
        )

    def start(self) -> None:
        """Load the outbox entries of an earlier process that the journal lacks, and start the threads.

        Raises: SpoolError.
        """
        if self._outbox is not None:
            for _, entry in self._outbox.list_pending():
                self._evaluator.projection.apply_pending(entry)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for thread in self._threads:
            thread.request_stop()
        self._wake_clock.set()
        for thread in self._threads:
            thread.stop(STOP_TIMEOUT_S)
        self._alarm_store.close()
        if not self._context.database.is_leader_confirmed():
            report_superseded(self._unsaved_entries, self._context.status)

    def on_readings(self, items: Iterable[ParsedItem | StationNews]) -> None:
        """Evaluate new readings, rejections and news of stations, in order of receipt. Never raises."""
        with self._contain_failure("readings"), self._lock:
            entries: list[JournalEntry] = []
            for item in items:
                entries += self._evaluate_item(item)
            if entries:
                self._save_entries(entries)
                self._request_publish()

    def on_retained(self, items: Iterable[ParsedItem]) -> None:
        """Load levels from retained messages, without raising alarms for them. Never raises."""
        with self._contain_failure("retained levels"), self._lock:
            readings = [item for item in items if not isinstance(item, Rejection)]
            self._save_entries(self._evaluator.load_history(readings))

    @contextmanager
    def _contain_failure(self, subject: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # the boundary to the collector: readings are stored even if the rules fail
            log.exception("alarm rules failed on %s", subject)
            self._failed_at = self._clock()
            reason = f"Alarm rules failed on {subject}: {type(error).__name__}. See the log."
            self._context.status.set_thread_failure("alarm-rules", reason)

    def _end_failure(self) -> None:
        if self._failed_at is not None and is_due(self._failed_at, self._clock(), FAILURE_SHOWN_FOR):
            self._failed_at = None
            self._context.status.set_thread_failure("alarm-rules", "")

    def _evaluate_item(self, item: ParsedItem | StationNews) -> list[JournalEntry]:
        if isinstance(item, Dose | InventoryLevel | BatchEvent):
            return self._evaluator.on_reading(item)
        if isinstance(item, Rejection):
            return self._evaluator.on_rejection(item)
        if self._evaluator.on_news(item):
            self._last_tick = -TICK_INTERVAL_S  # the clock thread evaluates it at once
            self._wake_clock.set()
        return []

    def _wait_for_work(self) -> None:
        """Until the next tick or snapshot; while the journal is unavailable commands are looked for, too."""
        now = time.monotonic()
        pause_s = self._last_tick + TICK_INTERVAL_S - now
        if self._is_publish_due:
            pause_s = min(pause_s, self._next_publish - now)
        if not self._is_journal_up:
            pause_s = min(pause_s, PUBLISH_INTERVAL_S)
        self._wake_clock.wait(max(0.0, pause_s))
        self._wake_clock.clear()

    def _tick_clock(self) -> None:
        self._wait_for_work()
        if self._clock_thread.is_stopping:
            return
        started = time.monotonic()
        is_tick_due = started - self._last_tick >= TICK_INTERVAL_S
        if is_tick_due or not self._is_journal_up:
            self._apply_operator_commands()
        if is_tick_due:
            self._tick_rules()
            self._end_failure()
            self._last_tick = started
        elif self._is_publish_due and started >= self._next_publish:
            with self._lock:
                self._request_publish()

    def _apply_operator_commands(self) -> None:
        """Apply at once the commands entered on this machine while the journal is unavailable."""
        if self._outbox is None and self._is_journal_up:
            return
        try:
            entries = self._read_operator_commands()
        except SpoolError as error:
            log.warning("operator commands on disk not read, retrying: %s", error)
            return
        if entries:
            with self._lock:
                self._evaluator.projection.adopt_pending(entries)
                self._request_publish()

    def _tick_rules(self) -> None:
        if not self._has_history:
            self._load_history()
        with self._lock:
            self._save_entries(self._evaluator.on_tick(self._build_evaluation_context()))
            ceiling = self._evaluator.ceiling_text
            self._request_publish()
        if ceiling and not self._ceiling_text:
            log.warning("%s", ceiling)
        self._ceiling_text = ceiling
        self._context.status.set_notice("alarm ceiling", ceiling)

    def _follow_journal(self) -> None:
        thread = self._journal_thread
        try:
            for update in self._alarm_store.follow_journal(thread.stop_event, self._on_journal_link):
                self._apply_update(update)
                thread.mark_working()
        except BaseException:
            self._is_journal_up = False
            raise

    def _apply_rules(self, rules: RuleInputs) -> None:
        """Use the database's rules from now on, as far as they were read."""
        with self._lock:
            if rules.tolerances is not None:
                self._evaluator.rules.tolerances = rules.tolerances
            if rules.limits is not None:
                self._save_entries(self._evaluator.replace_limits(rules.limits, self._clock()))
            if rules.service_states is not None:
                self._evaluator.rules.service_states = rules.service_states
        if rules.tolerances is not None:
            self._context.live_state.set_tolerances(rules.tolerances)
        if rules.limits is not None:
            self._context.live_state.set_limits(rules.limits)

    def _apply_stock(self, stock: StockNews) -> None:
        with self._contain_failure("stock"), self._lock:
            now = self._clock()
            entries = self._evaluator.load_batch_needs(stock.batch_needs, now)
            entries += self._evaluator.on_stock(now, stock.movements, stock.outlook)
            self._save_entries(entries)
            self._request_publish()

    def _apply_update(self, update: JournalUpdate) -> None:
        stored = self._find_stored_pending(update)
        with self._lock:
            if update.is_restart:
                self._evaluator.projection.drop_pending(stored)
                self._evaluator.restart_from(update.checkpoint)
                self._entries_since_checkpoint = 0
            self._evaluator.apply_committed(update.entries)
            self._request_publish()
            self._entries_since_checkpoint += len(update.entries)
            is_checkpoint_due = (
                self._outbox is not None
                and len(update.entries) < MAX_ENTRIES  # caught up
                and self._entries_since_checkpoint >= CHECKPOINT_INTERVAL
            )
            checkpoint = self._evaluator.create_checkpoint() if is_checkpoint_due else None
        if checkpoint is not None:
            self._save_checkpoint(checkpoint)

    def _find_stored_pending(self, update: JournalUpdate) -> frozenset[UUID]:
        """Pending entries that the update's checkpoint already contains.

        Raises: DatabaseError.
        """
        pending = (
            [entry.uuid for entry in self._evaluator.projection.pending_entries]
            if update.checkpoint.last_entry_id
            else []
        )
        return self._alarm_store.find_stored(pending) if pending else frozenset()

    def _save_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._entries_since_checkpoint = 0
        try:
            self._alarm_store.save_checkpoint(checkpoint)
        except DatabaseError as error:
            log.info("alarm journal checkpoint not saved: %s", error)

    def _on_journal_link(self, up: bool, why: str) -> None:
        if up is not self._is_journal_up:
            self._is_journal_up = up
            log.info("alarm journal %s %s", "connected" if up else "unavailable:", why)
        self._context.status.set_database_fault(DatabasePart.JOURNAL_READING, "" if up else why)

    def _load_history(self) -> None:
        """Load levels, times, last doses and the last hour's errors, once the journal is connected."""
        if not self._is_journal_up:
            return
        try:
            readings = self._alarm_store.load_readings()
            limits = self._alarm_store.read_alarm_limits()
            needs = self._alarm_store.read_batch_needs(self._clock())
            minutes = self._alarm_store.list_dose_errors(self._clock() - HOUR)
            pump_doses = self._alarm_store.list_pump_doses()
            usual = self._alarm_store.list_usual_durations()
        except DatabaseError as error:
            log.info("alarm history not loaded yet: %s", error)
            return
        with self._lock:
            # limits first: by those of before, a level would be an alarm that it is not
            entries = self._evaluator.replace_limits(limits, self._clock())
            entries += self._evaluator.load_batch_needs(needs, self._clock())
            self._save_entries([*entries, *self._evaluator.load_history(readings)])
            self._evaluator.rules.load_dose_history(pump_doses, usual)
            self._evaluator.rules.load_dose_errors(minutes)
        self._has_history = True

    def _build_evaluation_context(self) -> EvaluationContext:
        now = self._clock()
        snapshot = self._context.live_state.get_snapshot(now)
        faulty_parts = [fault.part for fault in snapshot.database_faults]
        self._has_collector = DatabasePart.COLLECTOR not in faulty_parts
        return build_evaluation_context(
            snapshot, self._context.settings, self._measure_spool(), self._stock.tank_lots, now
        )

    def _save_entries(self, entries: Sequence[JournalEntry]) -> None:
        """Write entries to the outbox. Entries that could not be written are retried with the next tick."""
        if self._outbox is None:
            return
        self._unsaved_entries += entries
        # after a suspension they wait: if another process was elected, they are its to make
        if not self._unsaved_entries or not self._context.database.is_leader_confirmed():
            return
        try:
            self._outbox.put_entries(self._unsaved_entries)
            self._unsaved_entries = []
            self._context.status.set_notice("alarms", "")
        except SpoolError as error:
            self._context.status.set_notice("alarms", str(error))

    def _request_publish(self) -> None:
        """Publish at once, or by the clock thread as soon as the pause after the last snapshot is over."""
        started, was_due = time.monotonic(), self._is_publish_due
        self._is_publish_due = started < self._next_publish
        if self._is_publish_due:
            if not was_due:
                self._wake_clock.set()
            return
        snapshot = self._evaluator.take_snapshot(
            self._clock(), is_journal_live=self._is_journal_up, has_collector=self._has_collector
        )
        self._context.live_state.set_alarms(snapshot)
        ended = time.monotonic()
        pause_s = min(PUBLISH_PAUSE_FACTOR * (ended - started), MAX_PUBLISH_PAUSE_S)
        self._next_publish = ended + max(pause_s, PUBLISH_INTERVAL_S)


def _build_evaluator(context: CollectorContext, *, writes_journal: bool) -> Evaluator:
    settings = context.settings
    return Evaluator(
        build_alarm_limits(settings),
        expected_stations=settings.plant.devices,
        started_at=context.clock(),
        realarm_after=timedelta(minutes=settings.alarms.realarm_minutes),
        writes_journal=writes_journal,
    )
