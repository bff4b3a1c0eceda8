"""What is known now: moved by every message, seeded from the database, read by the screen twice a second.

Bounded in every dimension; safe to move from one thread and to read from another.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Protocol, TypeVar

from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, ReadingKind

MAX_RECENT_READINGS = 200
MAX_SERIES = 2_000
"""Most tanks, and most devices, that are kept: a flood of invented names must not fill the memory."""
RATE_WINDOW = timedelta(seconds=10)


class LinkStatus(StrEnum):
    """State of the link to the broker or the database."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"


class Role(StrEnum):
    """What this process is for the site."""

    UNDECIDED = "undecided"
    COLLECTOR = "collecting"
    STANDBY = "standby"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class LinkState:
    """``reason`` is a sentence for the operator while the link is not up, else ''."""

    status: LinkStatus = LinkStatus.STARTING
    since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """Readings since the spool was made. Always ``received = stored + duplicates + spooled + rejected``."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    spooled: int = 0
    rejected: int = 0

    @property
    def is_reconciled(self) -> bool:
        return self.received == self.stored + self.duplicates + self.spooled + self.rejected


@dataclass(frozen=True, slots=True)
class LiveSnapshot:
    """A consistent copy of everything, as of one moment. ``revision`` rises whenever a field changed.

    ``received_counts`` counts live messages by kind, ``stored_counts`` committed batches by kind: a panel is due when
    the count of a kind it is drawn from has moved.
    """

    revision: int = 0
    levels: tuple[InventoryLevel, ...] = ()
    doses: tuple[Dose, ...] = ()
    """Newest first, by their own time."""
    events: tuple[BatchEvent, ...] = ()
    """Newest first."""
    device_last_seen: tuple[tuple[str, datetime], ...] = ()
    """Device and when it was last heard, by receive time."""
    last_message_at: datetime | None = None
    message_rate: float = 0.0
    """Messages per second over the last ten seconds."""
    received_counts: tuple[tuple[ReadingKind, int], ...] = ()
    stored_counts: tuple[tuple[ReadingKind, int], ...] = ()
    broker: LinkState = field(default_factory=LinkState)
    database: LinkState = field(default_factory=LinkState)
    message_counts: MessageCounts = field(default_factory=MessageCounts)
    role: Role = Role.UNDECIDED
    alarms: AlarmSnapshot | None = None
    """None until they were looked at for the first time."""
    notice: str = ""
    """A sentence about how this process works now, e.g. why it only watches; '' when there is none."""
    process_number: int = 0
    """Number of the process that collects or watches for this picture; 0 if it is this one."""


class LiveSnapshotSource(Protocol):
    """Whoever can tell what is known now."""

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        """A copy as of ``now``; cheap enough for every tick."""


class LiveState:
    """The only mutable state that the collector's threads share with whoever looks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._levels: dict[tuple[str, str], InventoryLevel] = {}
        self._doses: OrderedDict[tuple[object, ...], Dose] = OrderedDict()
        self._events: OrderedDict[tuple[object, ...], BatchEvent] = OrderedDict()
        self._device_last_seen: dict[str, datetime] = {}
        self._received_counts = dict.fromkeys(ReadingKind, 0)
        self._stored_counts = dict.fromkeys(ReadingKind, 0)
        self._arrivals: deque[tuple[datetime, int]] = deque()
        self._snapshot = LiveSnapshot()

    def apply_readings(self, readings: Iterable[Reading]) -> None:
        """Move the picture. A redelivered dose or event is not shown twice; an older level does not win."""
        with self._lock:
            for reading in readings:
                self._apply_reading(reading)
            self._increment_revision()

    def seed_readings(self, readings: Iterable[Reading]) -> None:
        """Fill in from the database what no message has told yet; the newest of both stays."""
        with self._lock:
            for reading in readings:
                self._update_last_seen(reading)
                match reading:
                    case InventoryLevel():
                        self._update_level(reading)
                    case Dose():
                        _add_recent(self._doses, _get_unique_key(reading), reading)
                    case BatchEvent():
                        _add_recent(self._events, _get_unique_key(reading), reading)
            self._increment_revision()

    def count_messages(self, messages: int, at: datetime) -> None:
        """Count messages for the rate."""
        with self._lock:
            self._arrivals.append((at, messages))
            self._drop_old_arrivals(at)
            self._snapshot = replace(self._snapshot, last_message_at=at)
            self._increment_revision()

    def count_stored(self, kinds: Iterable[ReadingKind]) -> None:
        """Readings of these kinds are in the database now."""
        with self._lock:
            for kind in kinds:
                self._stored_counts[kind] += 1
            self._increment_revision()

    def set_broker(self, state: LinkState) -> None:
        self._update_fields(broker=state)

    def set_database(self, state: LinkState) -> None:
        self._update_fields(database=state)

    def set_message_counts(self, counts: MessageCounts) -> None:
        self._update_fields(message_counts=counts)

    def set_alarms(self, alarms: AlarmSnapshot) -> None:
        self._update_fields(alarms=alarms)

    def set_role(self, role: Role, notice: str = "") -> None:
        self._update_fields(role=role, notice=notice)

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        with self._lock:
            self._drop_old_arrivals(now)
            return replace(
                self._snapshot,
                levels=tuple(self._levels[key] for key in sorted(self._levels)),
                doses=_sort_newest_first(self._doses.values()),
                events=_sort_newest_first(self._events.values()),
                device_last_seen=tuple(sorted(self._device_last_seen.items())),
                message_rate=sum(count for _, count in self._arrivals) / RATE_WINDOW.total_seconds(),
                received_counts=tuple(self._received_counts.items()),
                stored_counts=tuple(self._stored_counts.items()),
            )

    def _update_fields(self, **fields: object) -> None:
        with self._lock:
            changed = replace(self._snapshot, **fields)  # type: ignore[arg-type]  # names of Picture's fields, from above
            if changed != self._snapshot:
                self._snapshot = changed
                self._increment_revision()

    def _increment_revision(self) -> None:
        self._snapshot = replace(self._snapshot, revision=self._snapshot.revision + 1)

    def _apply_reading(self, reading: Reading) -> None:
        self._update_last_seen(reading)
        match reading:
            case InventoryLevel():
                self._update_level(reading)
                self._received_counts[ReadingKind.LEVEL] += 1
            case Dose():
                self._received_counts[ReadingKind.DOSE] += _add_recent(
                    self._doses, _get_unique_key(reading), reading
                )
            case BatchEvent():
                self._received_counts[ReadingKind.EVENT] += _add_recent(
                    self._events, _get_unique_key(reading), reading
                )

    def _update_level(self, level: InventoryLevel) -> None:
        key = (level.device_id, level.chemical)
        known = self._levels.get(key)
        if known is None and len(self._levels) >= MAX_SERIES:
            return
        if known is None or (known.time, known.received_at) <= (level.time, level.received_at):
            self._levels[key] = level

    def _update_last_seen(self, reading: Reading) -> None:
        known = self._device_last_seen.get(reading.device_id)
        if known is None and len(self._device_last_seen) >= MAX_SERIES:
            return
        if known is None or known < reading.received_at:
            self._device_last_seen[reading.device_id] = reading.received_at

    def _drop_old_arrivals(self, now: datetime) -> None:
        while self._arrivals and self._arrivals[0][0] < now - RATE_WINDOW:
            self._arrivals.popleft()


def _get_unique_key(reading: Dose | BatchEvent) -> tuple[object, ...]:
    """The database's unique key for this reading."""
    match reading:
        case Dose():
            return (reading.device_id, reading.time, reading.pump, reading.dedup)
        case BatchEvent():
            return (reading.device_id, reading.time, reading.event, reading.recipe, reading.dedup)


TimedReadingT = TypeVar("TimedReadingT", Dose, BatchEvent)


def _add_recent(
    recent: OrderedDict[tuple[object, ...], TimedReadingT], key: tuple[object, ...], reading: TimedReadingT
) -> bool:
    """Keep the reading, let the earliest to arrive go; False if it is kept already."""
    if key in recent:
        return False
    recent[key] = reading
    if len(recent) > MAX_RECENT_READINGS:
        recent.popitem(last=False)
    return True


def _sort_newest_first(readings: Iterable[TimedReadingT]) -> tuple[TimedReadingT, ...]:
    return tuple(sorted(readings, key=lambda reading: (reading.time, reading.received_at), reverse=True))
