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

from dosing_tui.domain.alarms.snapshot import AlarmPicture
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, ReadingKind

RECENT_DOSES = 200
MAX_SERIES = 2_000
"""Most tanks, and most devices, that are kept: a flood of invented names must not fill the memory."""
RATE_WINDOW = timedelta(seconds=10)


class Link(StrEnum):
    """State of the link to the broker or the database."""

    STARTING = "starting"
    UP = "up"
    DOWN = "down"


class Role(StrEnum):
    """What this process is for the site."""

    UNDECIDED = "undecided"
    COLLECTING = "collecting"
    STANDBY = "standby"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class LinkState:
    """``why`` is a sentence for the operator while the link is not up, else ''."""

    link: Link = Link.STARTING
    since: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """Readings since the spool was made. Always ``received = stored + duplicates + spooled + rejected``."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    spooled: int = 0
    rejected: int = 0

    @property
    def balanced(self) -> bool:
        return self.received == self.stored + self.duplicates + self.spooled + self.rejected


@dataclass(frozen=True, slots=True)
class Picture:
    """A consistent copy of everything, as of one moment. ``revision`` rises whenever a field changed.

    ``changed`` counts live messages by kind, ``stored`` committed batches by kind: a panel is due when
    the count of a kind it is drawn from has moved.
    """

    revision: int = 0
    levels: tuple[InventoryLevel, ...] = ()
    doses: tuple[Dose, ...] = ()
    """Newest first, by their own time."""
    events: tuple[BatchEvent, ...] = ()
    """Newest first."""
    devices: tuple[tuple[str, datetime], ...] = ()
    """Device and when it was last heard, by receive time."""
    last_message: datetime | None = None
    rate: float = 0.0
    """Messages per second over the last ten seconds."""
    changed: tuple[tuple[ReadingKind, int], ...] = ()
    stored: tuple[tuple[ReadingKind, int], ...] = ()
    broker: LinkState = field(default_factory=LinkState)
    database: LinkState = field(default_factory=LinkState)
    books: Books = field(default_factory=Books)
    role: Role = Role.UNDECIDED
    alarms: AlarmPicture | None = None
    """None until they were looked at for the first time."""
    notice: str = ""
    """A sentence about how this process works now, e.g. why it only watches; '' when there is none."""
    process: int = 0
    """Number of the process that collects or watches for this picture; 0 if it is this one."""


class PictureSource(Protocol):
    """Whoever can tell what is known now."""

    def get_snapshot(self, now: datetime) -> Picture:
        """A copy as of ``now``; cheap enough for every tick."""


class Live:
    """The only mutable state that the collector's threads share with whoever looks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._levels: dict[tuple[str, str], InventoryLevel] = {}
        self._doses: OrderedDict[tuple[object, ...], Dose] = OrderedDict()
        self._events: OrderedDict[tuple[object, ...], BatchEvent] = OrderedDict()
        self._devices: dict[str, datetime] = {}
        self._changed = dict.fromkeys(ReadingKind, 0)
        self._stored = dict.fromkeys(ReadingKind, 0)
        self._arrivals: deque[tuple[datetime, int]] = deque()
        self._state = Picture()

    def apply(self, readings: Iterable[Reading]) -> None:
        """Move the picture. A redelivered dose or event is not shown twice; an older level does not win."""
        with self._lock:
            for reading in readings:
                self._apply(reading)
            self._touch()

    def seed(self, readings: Iterable[Reading]) -> None:
        """Fill in from the database what no message has told yet; the newest of both stays."""
        with self._lock:
            for reading in readings:
                self._heard(reading)
                match reading:
                    case InventoryLevel():
                        self._level(reading)
                    case Dose():
                        _keep(self._doses, _identity(reading), reading)
                    case BatchEvent():
                        _keep(self._events, _identity(reading), reading)
            self._touch()

    def arrived(self, messages: int, at: datetime) -> None:
        """Count messages for the rate."""
        with self._lock:
            self._arrivals.append((at, messages))
            self._drop_old_arrivals(at)
            self._state = replace(self._state, last_message=at)
            self._touch()

    def committed(self, kinds: Iterable[ReadingKind]) -> None:
        """Readings of these kinds are in the database now."""
        with self._lock:
            for kind in kinds:
                self._stored[kind] += 1
            self._touch()

    def set_broker(self, state: LinkState) -> None:
        self._set(broker=state)

    def set_database(self, state: LinkState) -> None:
        self._set(database=state)

    def set_books(self, books: Books) -> None:
        self._set(books=books)

    def set_alarms(self, alarms: AlarmPicture) -> None:
        self._set(alarms=alarms)

    def set_role(self, role: Role, notice: str = "") -> None:
        self._set(role=role, notice=notice)

    def get_snapshot(self, now: datetime) -> Picture:
        with self._lock:
            self._drop_old_arrivals(now)
            return replace(
                self._state,
                levels=tuple(self._levels[key] for key in sorted(self._levels)),
                doses=_newest_first(self._doses.values()),
                events=_newest_first(self._events.values()),
                devices=tuple(sorted(self._devices.items())),
                rate=sum(count for _, count in self._arrivals) / RATE_WINDOW.total_seconds(),
                changed=tuple(self._changed.items()),
                stored=tuple(self._stored.items()),
            )

    def _set(self, **fields: object) -> None:
        with self._lock:
            changed = replace(self._state, **fields)  # type: ignore[arg-type]  # names of Picture's fields, from above
            if changed != self._state:
                self._state = changed
                self._touch()

    def _touch(self) -> None:
        self._state = replace(self._state, revision=self._state.revision + 1)

    def _apply(self, reading: Reading) -> None:
        self._heard(reading)
        match reading:
            case InventoryLevel():
                self._level(reading)
                self._changed[ReadingKind.LEVEL] += 1
            case Dose():
                self._changed[ReadingKind.DOSE] += _keep(self._doses, _identity(reading), reading)
            case BatchEvent():
                self._changed[ReadingKind.EVENT] += _keep(self._events, _identity(reading), reading)

    def _level(self, level: InventoryLevel) -> None:
        key = (level.device_id, level.chemical)
        known = self._levels.get(key)
        if known is None and len(self._levels) >= MAX_SERIES:
            return
        if known is None or (known.time, known.received_at) <= (level.time, level.received_at):
            self._levels[key] = level

    def _heard(self, reading: Reading) -> None:
        known = self._devices.get(reading.device_id)
        if known is None and len(self._devices) >= MAX_SERIES:
            return
        if known is None or known < reading.received_at:
            self._devices[reading.device_id] = reading.received_at

    def _drop_old_arrivals(self, now: datetime) -> None:
        while self._arrivals and self._arrivals[0][0] < now - RATE_WINDOW:
            self._arrivals.popleft()


def _identity(reading: Dose | BatchEvent) -> tuple[object, ...]:
    """The database's unique key for this reading."""
    match reading:
        case Dose():
            return (reading.device_id, reading.time, reading.pump, reading.dedup)
        case BatchEvent():
            return (reading.device_id, reading.time, reading.event, reading.recipe, reading.dedup)


Stamped = TypeVar("Stamped", Dose, BatchEvent)


def _keep(kept: OrderedDict[tuple[object, ...], Stamped], key: tuple[object, ...], reading: Stamped) -> bool:
    """Keep the reading, let the earliest to arrive go; False if it is kept already."""
    if key in kept:
        return False
    kept[key] = reading
    if len(kept) > RECENT_DOSES:
        kept.popitem(last=False)
    return True


def _newest_first(readings: Iterable[Stamped]) -> tuple[Stamped, ...]:
    return tuple(sorted(readings, key=lambda reading: (reading.time, reading.received_at), reverse=True))
