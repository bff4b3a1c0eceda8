"""What the collector needs of others, so that its threads can be tested without a server."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.context.status import CollectorStatus, StatusReporter
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import JournalUpdate
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.reading_writer import SpoolRow, WriteProgress, WriteReceipt
from dosing_tui.domain.alarm_rules.rule_state import DoseErrorMinute
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.messages.models import ParsedItem, Reading
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.live_state import LiveState


class PayloadParser(Protocol):
    """What a message means. For one thread; never raises."""

    def parse_message(
        self, topic: str, payload: bytes, *, received_at: datetime
    ) -> tuple[ParsedItem, ...]: ...


class RowWriter(Protocol):
    """Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    def open(self) -> None: ...
    def close(self) -> None: ...
    def read_progress(self, spool_id: UUID) -> WriteProgress: ...
    def write(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt: ...


class LeaderLock(Protocol):
    """Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    def try_acquire(self) -> bool: ...
    def is_held(self) -> bool: ...
    def release_lock(self) -> None: ...


class RebuildCall(Protocol):
    """A call rebuilds the batches that what was written has touched.

    It may raise DatabaseUnavailableError or DatabaseAccessError; EOFError or OSError once it was closed.
    """

    def __call__(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AlarmStore:
    """The alarm journal, and what the rules have to know of the past.

    Every call but ``follow_journal`` may raise DatabaseUnavailableError or DatabaseAccessError;
    ``append_entries`` also InvalidRowError.
    """

    append_entries: Callable[[Sequence[JournalEntry]], None]
    """Add entries in order, each once."""
    follow_journal: Callable[[threading.Event, Callable[[bool, str], None]], Iterator[JournalUpdate]]
    """What is known of the journal, then what it has besides, as it grows, until the event is set."""
    save_checkpoint: Callable[[Checkpoint], None]
    """Keep what the journal has come to: the next one to follow it begins there."""
    find_stored: Callable[[Sequence[UUID]], frozenset[UUID]]
    """Which of these entries the journal has."""
    load_readings: Callable[[], list[Reading]]
    list_dose_errors: Callable[[datetime], list[DoseErrorMinute]]
    """The doses since then, by minute."""
    list_master_recipes: Callable[[], Sequence[MasterVersion]]
    """The recipe master."""


@dataclass(frozen=True, slots=True)
class CollectorDatabase:
    """The database calls of the collector. Each may raise DatabaseUnavailableError or DatabaseAccessError."""

    create_writer: Callable[[], RowWriter]
    create_leader_lock: Callable[[], LeaderLock]
    prepare_schema: Callable[[StatusReporter], None]
    """Make sure that the schema is there, as this program knows it."""
    run_maintenance: Callable[[], None]
    """Make room ahead, and end what was kept long enough."""
    create_rebuild_call: Callable[[], RebuildCall]
    list_other_writers: Callable[[], list[str]]
    """Names of foreign programs that write the same tables."""
    ping_database: Callable[[], None]
    """Returns if the database answers."""
    alarm_store: AlarmStore
    create_notification_queue: Callable[[], NotificationQueue]
    """Who is told of alarms, and what became of it."""


@dataclass(frozen=True, slots=True)
class CollectorContext:
    """What every part of the collector works with."""

    settings: Settings
    database: CollectorDatabase
    create_parser: Callable[[], PayloadParser]
    """A new one for each thread: it remembers the stations' clocks."""
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
    ) -> SupervisedThread:
        """A supervised thread whose failure is a notice of this process."""
        return SupervisedThread(
            name,
            step,
            interval_s=interval_s,
            finish=finish,
            on_failure=self.status.set_thread_failure,
            retry=self.intervals.retry,
        )
