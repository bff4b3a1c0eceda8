"""Stand-ins at the collector's protocols, with lists of what happened."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.collector.context.interfaces import (
    AlarmStore,
    CollectorContext,
    CollectorDatabase,
    PayloadParser,
)
from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import CollectorSettings, Settings
from dosing_tui.database.alarms.journal import JournalUpdate
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.maintenance.blocking_sessions import BlockingSession
from dosing_tui.database.reading_writer import SpoolRow, WriteProgress, WriteReceipt
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.messages.models import Dose, ParsedItem
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.errors import DatabaseError
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.live_state import LiveState
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON, numbered_dose

QUICK = Intervals(
    poll_s=0.02,
    retry=RetryDelay(0.01, 0.1),
    refusal_retry_s=0.1,
    keepalive_s=0.1,
    orphan_check_s=0.1,
    drain_timeout_s=10.0,
)


def now_utc() -> datetime:
    return datetime.now(UTC)


class FakeServer:
    """A database as the collector sees it. ``down`` is raised by every call while it is set."""

    def __init__(self) -> None:
        self.down: DatabaseError | None = None
        self.forgets_to_answer = False
        """The next commit succeeds, and its answer is lost."""
        self.elected: bool | None = True
        self.led: bool | None = True
        self.confirmed = True
        self.epoch = 1
        self.refusal = ""
        self.stored: list[ParsedItem] = []
        self.news: list[StationNews] = []
        self.books: dict[UUID, WriteProgress] = {}
        self.request_count = self.renewals = 0
        self.journal: list[JournalEntry] = []
        self.checkpoints: list[Checkpoint] = []
        self.tolerances = ToleranceBook()
        self.service_failure: DatabaseError | None = None
        self.limits = build_alarm_limits(Settings())

    def open(self) -> None:
        self.count_request()

    def close(self) -> None:
        """Nothing to close."""

    def prepare(self, spool_id: UUID) -> None: ...

    def read_progress(self, spool_id: UUID) -> WriteProgress:
        self.count_request()
        return self.books.get(spool_id, WriteProgress())

    def write(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt:
        self.count_request()
        before = self.books.get(spool_id, WriteProgress())
        new = [unit for seq, units in rows if seq > before.last_seq for unit in units]
        self.stored += new
        after = WriteProgress(max(before.last_seq, rows[-1][0]), before.stored + len(new))
        self.books[spool_id] = after
        if self.forgets_to_answer:
            self.forgets_to_answer = False
            raise self.lost
        return WriteReceipt(after, tuple(unit for unit in new if isinstance(unit, Dose)))

    def write_news(self, news: Sequence[StationNews]) -> None:
        self.count_request()
        self.news += news

    lost = DatabaseError()

    def count_request(self) -> None:
        self.request_count += 1
        if self.down:
            raise self.down

    def try_acquire(self) -> bool | None:
        self.count_request()
        return self.elected

    def has_leader(self) -> bool | None:
        self.count_request()
        return self.led

    def renew(self) -> None:
        self.renewals += 1

    def release_lock(self) -> None:
        """Nothing was held."""

    def as_database(self) -> CollectorDatabase:
        return CollectorDatabase(
            create_writer=lambda: self,
            create_status_writer=lambda: self,
            create_leader_lock=lambda: self,
            is_leader_confirmed=lambda: self.confirmed,
            get_leader_epoch=lambda: self.epoch,
            read_lease_epoch=lambda: self.epoch,
            prepare_schema=lambda _report: self.count_request(),
            run_maintenance=self.count_request,
            create_rebuild_call=IdleKeeper,
            create_watchdog=IdleWatchdog,
            list_other_writers=list,
            alarm_store=AlarmStore(
                self.append,
                self.follow,
                self.checkpoints.append,
                find_stored=self.journaled,
                load_readings=list,
                list_dose_errors=lambda _since: [],
                list_pump_doses=list,
                list_usual_durations=list,
                read_alarm_limits=lambda: self.limits,
                read_tolerances=lambda: self.tolerances,
                read_tank_lots=tuple,
                read_service_states=self.read_service_states,
            ),
            create_notification_queue=lambda: NotificationQueue(Settings()),
            read_audit_head=lambda anchored: None,
        )

    def read_service_states(self, _now: datetime) -> Sequence[ServiceState]:
        if self.service_failure:
            raise self.service_failure
        return ()

    def journaled(self, uuids: Sequence[UUID]) -> frozenset[UUID]:
        return frozenset(entry.uuid for entry in self.journal) & frozenset(uuids)

    def append(self, entries: Sequence[JournalEntry]) -> None:
        self.count_request()
        known = {entry.uuid for entry in self.journal}
        for entry in entries:
            if entry.uuid not in known:
                self.journal.append(replace(entry, id=len(self.journal) + 1))

    def follow(self, stopping: Event, on_link: Callable[[bool, str], None]) -> Iterator[JournalUpdate]:
        """Looks at the journal every few milliseconds."""
        last_id, anew = 0, True
        while not stopping.wait(0.005):
            if self.down:
                on_link(False, str(self.down))
                continue
            on_link(True, "")
            entries = tuple(self.journal[last_id:])
            if entries or anew:
                last_id += len(entries)
                yield JournalUpdate(entries, last_id, anew)
                anew = False


class NoAlarms:
    """Hears everything, and says nothing."""

    def on_readings(self, units: Iterable[ParsedItem | StationNews]) -> None:
        """Nothing."""

    def on_retained(self, units: Iterable[ParsedItem]) -> None:
        """Nothing."""


class PlainParser:
    """Every payload is the number of a dose."""

    def parse_message(self, topic: str, payload: bytes, *, received_at: datetime) -> tuple[ParsedItem, ...]:
        return (numbered_dose(int(payload), at=received_at),)


def make_context(
    folder: Path,
    server: FakeServer,
    *,
    said: list[str] | None = None,
    parser: Callable[[], PayloadParser] = PlainParser,
    pace: Intervals = QUICK,
) -> CollectorContext:
    live = LiveState()
    status = CollectorStatus(live, report=(said if said is not None else []).append, clock=now_utc)
    settings = Settings(collector=CollectorSettings(spool_dir=str(folder), batch_ms=1))
    return CollectorContext(settings, server.as_database(), parser, live, status, pace, now_utc)


def take_snapshot(around: CollectorContext) -> LiveSnapshot:
    return around.live_state.get_snapshot(NOON)


@contextmanager
def open_counted_spool(folder: Path, around: CollectorContext, max_mb: int = 10) -> Iterator[Spool]:
    spool = Spool(folder, max_mb=max_mb, publish_counts=around.live_state.set_message_counts)
    try:
        yield spool
    finally:
        spool.close()


class IdleWatchdog:
    """Nobody holds up the collector."""

    def end_blocking_sessions(self) -> list[BlockingSession]:
        return []

    def close(self) -> None:
        pass


class IdleKeeper:
    """Has no batches to rebuild."""

    def __call__(self) -> None:
        pass

    def abort_call(self) -> None:
        pass

    def close(self) -> None:
        pass


class FakeBroker:
    """Takes acknowledgements, and looks what is in the spool at each."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.acknowledged: list[int] = []
        self.spooled_before: list[int] = []
        self.any = Event()

    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None:
        mids = [delivery.packet_id for delivery in messages]
        self.acknowledged += mids
        self.spooled_before += [self.spool.counts.received] * len(mids)
        self.any.set()


def make_delivery(
    number: int, *, topic: str = "factory/dosing/consumption", retained: bool = False
) -> ReceivedMessage:
    return ReceivedMessage(topic, b"%d" % number, NOON, number, 1, retained, 1)
