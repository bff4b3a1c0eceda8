"""Identity of a reading: its values, not the bytes that carried them. The rules: docs/reading-identity.md.

A reading's key in the database is its station, its time, what it is about, and ``dedup``. A time stamp that
cannot be its time, a counter or a wrong clock, still identifies it: the same stamp and values of one station
are the same reading, minutes later too, until the stamps of the station fall back.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Generic, TypeVar

from msgspec.structs import replace

from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality

Key = TypeVar("Key")
Value = TypeVar("Value")

MAX_READINGS = 500
"""Maximum number of readings of one station that a counter identifies; the oldest are forgotten."""
MAX_STUCK = timedelta(seconds=60)
"""Time after which a stamp that does not advance identifies no more: readings with it are different ones."""
STAMP_FLAG = "timestamp: "
"""Flag of a reading with a stamp that is not its time; the stamp follows."""

_STAMPED = frozenset({TimeQuality.UPTIME, TimeQuality.WINDOW})


def compute_hash(content: bytes) -> int:
    """Return a BLAKE2b hash as a signed 32-bit integer."""
    return int.from_bytes(blake2b(content, digest_size=4).digest(), "big", signed=True)


def hash_values(reading: Reading, stamp: float | None) -> int:
    """Hash the values of a reading and the stamp that is not its time; what is in its key is left out."""
    values: tuple[object, ...]
    match reading:
        case Dose():
            name, recipe, mode = fold_name(reading.chemical), reading.recipe, reading.mode
            grams = reading.target_g, reading.actual_g, reading.error_g
            values = ("dose", name, *grams, recipe, mode, reading.duration_ms)
        case BatchEvent():
            values = ("event", reading.pumps)
            if reading.pump is not None or reading.chemical or reading.mass_g is not None:
                values = (*values, reading.pump, fold_name(reading.chemical), reading.mass_g)
        case InventoryLevel():
            values = ("level", reading.remaining_g, reading.capacity_g, reading.percent_full)
    return hash_identity(values, stamp)


def hash_identity(values: tuple[object, ...], stamp: float | None = None) -> int:
    """Hash what identifies a reading beside its key: its kind and its values."""
    return compute_hash(repr((*values, None if stamp is None else f"{stamp:.15g}")).encode())


class RecentValues(Generic[Key, Value]):
    """Mapping of at most ``limit`` keys; the least recently stored one is evicted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def list_items(self) -> list[tuple[Key, Value]]:
        return list(self._values.items())

    def get(self, key: Key) -> Value | None:
        return self._values.get(key)

    def store(self, key: Key, value: Value) -> None:
        if self._values.pop(key, None) is None and len(self._values) >= self._limit:
            del self._values[next(iter(self._values))]
        self._values[key] = value


@dataclass(slots=True)
class StampRun:
    """Readings of one station since its stamps last fell back, by subject, stamp and values."""

    stamp: float
    """Newest stamp, first received at ``received_at``."""
    received_at: datetime
    is_stuck: bool = False
    """Different readings came with the newest stamp: it is no counter, and identifies nothing."""
    readings: RecentValues[tuple[object, ...], tuple[datetime, int]] = field(
        default_factory=lambda: RecentValues(MAX_READINGS)
    )
    """Time and ``dedup`` of the first receipt."""


class StampRegister:
    """Recognizes repeated readings whose stamp is not their time; not thread-safe."""

    def __init__(self, max_stations: int) -> None:
        self._runs: RecentValues[str, StampRun] = RecentValues(max_stations)

    def identify(self, reading: Reading, stamp: float, *, has_sequence: bool = False) -> Reading:
        """Return the reading; with the time and ``dedup`` of its first receipt if it is a repeat.

        A stamp of 0 is that of a station without any counter, and identifies nothing. ``has_sequence``:
        ``dedup`` is a sequence number, which a repeat has as well.
        """
        if stamp <= 0:
            return reading
        run = self._runs.get(reading.device_id)
        key = (*_get_subject(reading), stamp, hash_values(reading, stamp))
        first = run.readings.get(key) if run else None
        is_same = first is not None and (not has_sequence or first[1] == reading.dedup)
        if run and first and is_same and not (run.is_stuck and stamp == run.stamp):
            return replace(reading, time=first[0], dedup=first[1])
        if run is None or stamp < run.stamp:
            run = StampRun(stamp, reading.received_at)
        elif stamp > run.stamp:
            run.stamp, run.received_at, run.is_stuck = stamp, reading.received_at, False
        elif reading.received_at - run.received_at > MAX_STUCK:
            run.is_stuck = True
        run.readings.store(key, (reading.time, reading.dedup))
        self._runs.store(reading.device_id, run)
        return reading

    def load_history(self, readings: Iterable[Reading]) -> None:
        """Load stored readings, so that they are recognized after a restart."""
        for reading in sorted(readings, key=lambda each: each.received_at):
            stamp = read_stamp(reading)
            if stamp is not None:
                self.identify(reading, stamp)


def read_stamp(reading: Reading) -> float | None:
    """Return the stamp of a reading that is not its time, by its flag; None if it has none."""
    if reading.time_quality not in _STAMPED:
        return None
    for flag in reading.flags:
        if flag.startswith(STAMP_FLAG):
            with suppress(ValueError):
                return float(flag.removeprefix(STAMP_FLAG))
    return None


def _get_subject(reading: Reading) -> tuple[object, ...]:
    match reading:
        case Dose():
            return ("dose", reading.pump)
        case BatchEvent():
            return ("event", reading.event, reading.recipe)
        case InventoryLevel():
            return ("level", fold_name(reading.chemical))
