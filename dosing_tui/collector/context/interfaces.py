"""Interfaces of the collector to parser and database; tests replace them with fakes."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.context.status import CollectorStatus, StatusReporter
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import JournalUpdate
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.audit.audit_head import AuditHead
from dosing_tui.database.maintenance.blocking_sessions import BlockingSession
from dosing_tui.database.reading_writer import SpoolRow, WriteProgress, WriteReceipt
from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import UsualDuration
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import DoseErrorMinute
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.domain.messages.models import ParsedItem, Reading
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.domain.tolerances.pump_history import StoredPumpDoses
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.ipc.timer_slack import PROMPT_S
from dosing_tui.live_state import LiveState


class PayloadParser(Protocol):
    """Parses a message into items. For one thread; never raises."""

    def parse_message(
        self, topic: str, payload: bytes, *, received_at: datetime
    ) -> tuple[ParsedItem, ...]: ...


class RowWriter(Protocol):
    """Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    def open(self) -> None: ...
    def close(self) -> None: ...
    def read_progress(self, spool_id: UUID) -> WriteProgress: ...
    def prepare(self, spool_id: UUID) -> None:
        """So that the first chunk is as quick as the others. Never raises."""

    def write(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt: ...


class StatusWriter(Protocol):
    """``write_news`` may raise DatabaseUnavailableError or DatabaseAccessError."""

    def write_news(self, news: Sequence[StationNews]) -> None: ...
    def close(self) -> None: ...


class LeaderLock(Protocol):
    """Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    @property
    def refusal(self) -> str:
        """Why this process cannot be elected although there is no leader; '' otherwise."""
        ...

    def try_acquire(self) -> bool | None: ...
    def has_leader(self) -> bool | None:
        """Whether a process collects for the site; None while this is not known."""
        ...

    def renew(self) -> None: ...
    def release_lock(self) -> None: ...


class Watchdog(Protocol):
    """For one thread."""

    def end_blocking_sessions(self) -> list[BlockingSession]:
        """End the sessions that keep the collector's from their locks, and name them.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """

    def close(self) -> None: ...


class SmallRebuild(Protocol):
    """For one thread."""

    def try_rebuild(self) -> bool:
        """Rebuild the changed batches. False, with nothing done, when it takes long.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """

    def close(self) -> None: ...


class RebuildCall(Protocol):
    """A call rebuilds the batches changed by the rows written since the last call.

    It may raise DatabaseUnavailableError or DatabaseAccessError; EOFError or OSError once it was aborted.
    """

    def __call__(self) -> None: ...
    def abort_call(self) -> None:
        """End a long call, and start none again; a short one ends by itself. For any thread."""

    def close(self) -> None:
        """After the last call, by the thread that made them."""


class AlarmStore(Struct, frozen=True):
    """Calls for the alarm journal and for the history that the alarm rules need.

    Every call but ``follow_journal`` may raise DatabaseUnavailableError or DatabaseAccessError;
    ``append_entries`` also InvalidRowError.
    """

    append_entries: Callable[[Sequence[JournalEntry]], None]
    """Add entries in order, each once."""
    follow_journal: Callable[[threading.Event, Callable[[bool, str], None]], Iterator[JournalUpdate]]
    """The newest checkpoint, then the journal's entries as they are added, until the event is set."""
    save_checkpoint: Callable[[Checkpoint], None]
    """Store the state of the journal: the next process that follows it starts there."""
    find_stored: Callable[[Sequence[UUID]], frozenset[UUID]]
    """The given entries that the journal contains."""
    load_readings: Callable[[], list[Reading]]
    list_dose_errors: Callable[[datetime], list[DoseErrorMinute]]
    """Dose errors since the given time, by minute."""
    list_pump_doses: Callable[[], list[StoredPumpDoses]]
    """The chemicals of each pump's last doses."""
    list_usual_durations: Callable[[], list[UsualDuration]]
    """How long doses took in the last weeks."""
    read_alarm_limits: Callable[[], AlarmLimits]
    """The limits in force: those of the database, others from the settings."""
    read_tolerances: Callable[[], ToleranceBook]
    """All versions of the tolerance rules and of the master recipes."""
    read_tank_lots: Callable[[], tuple[TankLots, ...]]
    """What the tanks for which lots are entered hold."""
    read_service_states: Callable[[datetime], Sequence[ServiceState]]
    """Tube and calibrations of each pump, by the log of pumps."""
    list_movements: Callable[[int | None], Sequence[TankMovement]] = lambda after: ()
    """Entries of the material ledger after one; None: the last one."""
    read_outlook: Callable[[datetime], Sequence[StockOutlook]] = lambda now: ()
    """How long each tank lasts at a time."""
    read_batch_needs: Callable[[datetime], Sequence[BatchNeed]] = lambda now: ()
    """What one batch takes of each tank at a time."""
    close: Callable[[], None] = lambda: None
    """End the session that repeated calls keep; the next of them opens another."""


class CollectorDatabase(Struct, frozen=True):
    """The database calls of the collector. Each may raise DatabaseUnavailableError or DatabaseAccessError."""

    create_writer: Callable[[], RowWriter]
    create_status_writer: Callable[[], StatusWriter]
    create_leader_lock: Callable[[], LeaderLock]
    is_leader_confirmed: Callable[[], bool]
    """False in a leader that was suspended, until it knows whether another process was elected."""
    get_leader_epoch: Callable[[], int | None]
    """Number of this process's election; None without one by the database. The next election has the next."""
    read_lease_epoch: Callable[[], int | None]
    """Number of the site's last election, of whatever process; None without one."""
    prepare_schema: Callable[[StatusReporter], None]
    """Migrate the schema to this program's version, or verify it."""
    run_maintenance: Callable[[], None]
    """Create partitions ahead and apply retention."""
    create_rebuild_call: Callable[[], RebuildCall]
    create_watchdog: Callable[[], Watchdog]
    list_other_writers: Callable[[], list[str]]
    """Names of foreign programs that write the same tables."""
    alarm_store: AlarmStore
    create_notification_queue: Callable[[], NotificationQueue]
    """Notices to send, with their delivery status."""
    read_audit_head: Callable[[int], AuditHead | None]
    """The audit trail's last entry, and the hash of the entry of this number."""


class CollectorContext(Struct, frozen=True):
    """Shared objects of all parts of the collector."""

    settings: Settings
    database: CollectorDatabase
    create_parser: Callable[[], PayloadParser]
    """A new parser for each thread: it keeps state of the stations' clocks."""
    live_state: LiveState
    status: CollectorStatus
    intervals: Intervals
    clock: Callable[[], datetime]

    def create_thread(
        self,
        name: str,
        step: Callable[[], bool | None],
        *,
        interval_s: float = 0.0,
        finish: Callable[[], object] | None = None,
        is_prompt: bool = False,
    ) -> SupervisedThread:
        """A supervised thread whose failure is a notice of this process.

        ``is_prompt``: its pauses end in time; those of other threads, which look for something now and
        then, end together.
        """
        return SupervisedThread(
            name,
            step,
            interval_s=interval_s,
            finish=finish,
            on_failure=self.status.set_thread_failure,
            timer_slack_s=PROMPT_S if is_prompt else self.intervals.timer_slack_s,
            retry=self.intervals.retry,
        )
