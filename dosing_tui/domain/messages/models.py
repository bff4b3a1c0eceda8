"""The three things a dosing station says, as frozen records, and how far each can be trusted."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias


class ReadingKind(StrEnum):
    """Which of the guide's three topics a reading came from; the value is the table it goes to."""

    DOSE = "dosing_consumption"
    EVENT = "batch_events"
    LEVEL = "inventory_levels"


class TimeQuality(StrEnum):
    """Where a reading's time came from. Stored with the reading."""

    DEVICE = "device"
    """The station's own clock, sane (unix s, ms, us or ns, or ISO-8601)."""
    UPTIME = "receive(uptime)"
    """The station sent a counter since its start, not a time; the receive time is used."""
    WINDOW = "receive(out-of-window)"
    """The station's clock is too far off; the receive time is used."""
    BACKLOG = "receive(backlog)"
    """No usable stamp, and the station's last stamped message came late: the receive time is late, too."""
    RECEIVE = "receive"
    """The message carries no usable stamp; the receive time is used."""


@dataclass(frozen=True, slots=True)
class Dose:
    """One pump's finished dose. Masses in g, duration in ms; None is 'not said', never 0."""

    time: datetime
    device_id: str
    pump: int
    chemical: str
    target_g: float | None
    actual_g: float | None
    error_g: float | None
    recipe: str
    mode: str
    duration_ms: int | None
    dedup: int
    received_at: datetime
    time_quality: TimeQuality
    flags: tuple[str, ...] = ()
    """What was repaired or looks odd, e.g. 'target_g: nan', 'actual_g: text', 'error_g: recomputed'."""


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """A batch began or ended. ``event`` is canonical: start, complete, abort, error, pause, resume, ..."""

    time: datetime
    device_id: str
    event: str
    recipe: str
    pumps: int | None
    dedup: int
    received_at: datetime
    time_quality: TimeQuality
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryLevel:
    """What one tank holds, in g and in percent of its capacity."""

    time: datetime
    device_id: str
    chemical: str
    remaining_g: float | None
    capacity_g: float | None
    percent_full: float | None
    dedup: int
    received_at: datetime
    time_quality: TimeQuality
    flags: tuple[str, ...] = ()


Reading: TypeAlias = Dose | BatchEvent | InventoryLevel


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that cannot be used, with the sentence that says why. ``record`` is kept byte for byte."""

    topic: str
    record: bytes
    reason: str
    received_at: datetime


ParsedItem: TypeAlias = Reading | Rejection
"""What the books count: an array message of three doses is three units, an unreadable one is one."""


def is_finite(item: ParsedItem) -> bool:
    """False if a number of it is infinite or NaN, which JSON has no word for, or so large that sums are."""
    numbers = _NUMERIC_FIELDS.get(type(item))
    return numbers is None or math.isfinite(sum(number for number in numbers(item) if number is not None))


_NUMERIC_FIELDS: Mapping[type[ParsedItem], Callable[[ParsedItem], tuple[float | None, ...]]] = {
    Dose: attrgetter("target_g", "actual_g", "error_g"),
    InventoryLevel: attrgetter("remaining_g", "capacity_g", "percent_full"),
}
