"""Frozen records of the three readings a station publishes, with their time quality."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct

from dosing_tui.domain.messages.default_limits import MAX_DURATION_MS


class ReadingKind(StrEnum):
    """Kind of reading, one per topic of the integration guide; the value is its database table."""

    DOSE = "dosing_consumption"
    EVENT = "batch_events"
    LEVEL = "inventory_levels"


READING_TABLES = tuple(kind.value for kind in ReadingKind)
"""The tables of readings, in the order of their topics."""


class TimeQuality(StrEnum):
    """Source of a reading's time. Stored with the reading."""

    DEVICE = "device"
    """Plausible time of the station's clock (Unix s, ms, us or ns, or ISO 8601)."""
    UPTIME = "receive(uptime)"
    """Uptime counter instead of a time; the time of receipt is used."""
    WINDOW = "receive(out-of-window)"
    """Timestamp outside the accepted window; the time of receipt is used."""
    BACKLOG = "receive(backlog)"
    """No usable timestamp and the station's messages arrive late; the time of receipt is used and is late."""
    RECEIVE = "receive"
    """No usable timestamp in the message; the time of receipt is used."""


class Dose(Struct, frozen=True):
    """Completed dose of one pump. Masses in g, duration in ms; None means missing, not 0."""

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
    """Repaired or implausible fields, e.g. 'target_g: nan', 'actual_g: text', 'error_g: recomputed'."""
    legacy_dedup: int | None = None
    """Number that earlier versions stored, a hash of the bytes: it finds a repeat across the update."""
    batch_id: str = ""
    """The station's own name of the batch; '' if it sends none."""
    lot: str = ""
    """The lot that the station says it dosed; '' if it sends none."""
    operator: str = ""

    @property
    def plausible_duration_ms(self) -> int | None:
        """Duration in ms; None if it is missing or no dose can have lasted so long."""
        within = self.duration_ms is not None and 0 <= self.duration_ms <= MAX_DURATION_MS
        return self.duration_ms if within else None


class BatchEvent(Struct, frozen=True):
    """Batch event. ``event`` is normalized: start, complete, abort, error, pause, resume, prime, refill, ...

    ``pump``, ``chemical`` ('' if missing) and ``mass_g`` are of an event about a tank's content alone.
    """

    time: datetime
    device_id: str
    event: str
    recipe: str
    pumps: int | None
    dedup: int
    received_at: datetime
    time_quality: TimeQuality
    flags: tuple[str, ...] = ()
    legacy_dedup: int | None = None
    pump: int | None = None
    chemical: str = ""
    mass_g: float | None = None
    batch_id: str = ""
    lot: str = ""
    """Of a drum change or refill."""
    operator: str = ""


class InventoryLevel(Struct, frozen=True):
    """Level of one tank. Masses in g, ``percent_full`` in percent of the capacity."""

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
    legacy_dedup: int | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """The tank, whatever its level."""
        return self.device_id, self.chemical


Reading: TypeAlias = Dose | BatchEvent | InventoryLevel


class Rejection(Struct, frozen=True):
    """Rejected record with its reason. ``record`` holds the bytes as received."""

    topic: str
    record: bytes
    reason: str
    received_at: datetime


ParsedItem: TypeAlias = Reading | Rejection
"""Unit of message reconciliation: an array of three doses counts as three, an unreadable message as one."""


def is_finite(item: ParsedItem) -> bool:
    """Return False if a number is NaN or infinite, or if the sum of the numbers overflows.

    JSON cannot represent these values.
    """
    numbers = _NUMERIC_FIELDS.get(type(item))
    return numbers is None or math.isfinite(sum(filter(None, numbers(item))))


_NUMERIC_FIELDS: Mapping[type[ParsedItem], Callable[[ParsedItem], tuple[float | None, ...]]] = {
    Dose: attrgetter("target_g", "actual_g", "error_g"),
    BatchEvent: lambda item: (item.mass_g,) if isinstance(item, BatchEvent) else (),
    InventoryLevel: attrgetter("remaining_g", "capacity_g", "percent_full"),
}
