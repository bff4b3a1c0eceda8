"""The stations' contract: one record of a topic becomes a reading, its oddities become flags.

What a reading cannot do without (device, pump, chemical, event) is refused if it is missing; the rest may be.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeAlias

from dosing_tui.domain.messages.field_coercion import (
    Fields,
    Flags,
    int4,
    number,
    quoted,
    required_text,
    text,
    whole,
)
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Kind, Reading, TimeQuality
from dosing_tui.domain.messages.tank_level import percent_of
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import PayloadError

SYNONYMS = {"device_id": ("device", "deviceId"), "timestamp": ("ts", "time")}
"""Other names of a field, looked at where the field is missing."""

EVENT_WORDS = {
    "start": ("start", "started", "starting", "begin", "began", "begun"),
    "complete": ("complete", "completed", "done", "finish", "finished", "end", "ended", "success"),
    "abort": ("abort", "aborted", "cancel", "cancelled", "canceled", "stop", "stopped"),
    "error": ("error", "fail", "failed", "failure", "fault", "faulted", "timeout", "timed_out"),
    "pause": ("pause", "paused"),
    "resume": ("resume", "resumed"),
    "prime": ("prime", "primed", "priming"),
}
"""What stations call the events, lower case, by the name they are stored under."""

_EVENTS = {word: event for event, words in EVENT_WORDS.items() for word in words}
_EVENT_PREFIXES = ("batch_", "fill_", "dosing_")

ERROR_TOLERANCE_G = 0.02 + 1e-9
"""error_g may differ so much from actual_g - target_g: three numbers rounded to 0.01."""
PERCENT_TOLERANCE = 0.1 + 1e-9
"""percent_full may differ so much from what the masses give: it is rounded to 0.1."""

PUMPS = (1, 4)
MASS_G = (0.0, 2_500.0)
DURATION_MS = (0, 2**32 - 1)
PERCENT = (0.0, 100.0)


class Stamp(NamedTuple):
    """When a reading was made and received, and what tells it from others of the same moment."""

    time: datetime
    quality: TimeQuality
    received_at: datetime
    dedup: int


def said(fields: Fields, name: str) -> object:
    """The field's value, or that of the first of its other names."""
    value = fields.get(name)
    if value is not None:
        return value
    return next((found for other in SYNONYMS[name] if (found := fields.get(other)) is not None), None)


def device_id(fields: Fields, flags: Flags) -> str:
    return required_text({"device_id": said(fields, "device_id")}, "device_id", flags)


def dose(device: str, fields: Fields, stamp: Stamp, flags: Flags) -> Dose:
    pump = int4(fields, "pump", flags)
    if pump is None:
        raise PayloadError("pump", _missing(fields, "pump"))
    _check(pump, PUMPS, "pump", flags)
    chemical = required_text(fields, "chemical", flags)
    target_g = number(fields, "target_g", flags)
    _check(target_g, MASS_G, "target_g", flags)
    actual_g = number(fields, "actual_g", flags)
    _check(actual_g, MASS_G, "actual_g", flags)
    error_g = _error(number(fields, "error_g", flags), target_g, actual_g, flags)
    recipe, mode = text(fields, "recipe", flags), _mode(fields, flags)
    duration_ms = whole(fields, "duration_ms", flags)
    _check(duration_ms, DURATION_MS, "duration_ms", flags)
    return Dose(
        stamp.time, device, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms,
        stamp.dedup, stamp.received_at, stamp.quality, tuple(flags),
    )  # fmt: skip


def event(device: str, fields: Fields, stamp: Stamp, flags: Flags) -> BatchEvent:
    name = _event(required_text(fields, "event", flags), flags)
    recipe = text(fields, "recipe", flags)
    pumps = int4(fields, "pumps", flags)
    _check(pumps, PUMPS, "pumps", flags)
    return BatchEvent(
        stamp.time, device, name, recipe, pumps, stamp.dedup, stamp.received_at, stamp.quality, tuple(flags)
    )


def level(device: str, fields: Fields, stamp: Stamp, flags: Flags) -> InventoryLevel:
    chemical = required_text(fields, "chemical", flags)
    remaining_g = number(fields, "remaining_g", flags)
    capacity_g = number(fields, "capacity_g", flags)
    if capacity_g is not None and capacity_g <= 0:
        flags.append(f"capacity_g: {capacity_g:g} is none")
        capacity_g = None
    percent_full = _percent(number(fields, "percent_full", flags), remaining_g, capacity_g, flags)
    if remaining_g is not None and remaining_g < 0:
        flags.append("remaining_g: range")
    _check(percent_full, PERCENT, "percent_full", flags)
    return InventoryLevel(
        stamp.time, device, chemical, remaining_g, capacity_g, percent_full,
        stamp.dedup, stamp.received_at, stamp.quality, tuple(flags),
    )  # fmt: skip


Reader: TypeAlias = Callable[[str, Fields, Stamp, Flags], Reading]

READERS: dict[Kind, Reader] = {Kind.DOSE: dose, Kind.EVENT: event, Kind.LEVEL: level}


def _missing(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return f"{name} is missing" if value is None else f"{name}: {quoted(value)} is not a number"


def _check(value: float | None, bounds: tuple[float, float], name: str, flags: Flags) -> None:
    """Odd values are kept: the scale's tare and the stock on paper do go below zero."""
    if value is not None and not bounds[0] <= value <= bounds[1]:
        flags.append(f"{name}: range")


def _error(
    error_g: float | None, target_g: float | None, actual_g: float | None, flags: Flags
) -> float | None:
    if target_g is None or actual_g is None:
        return error_g
    expected = round(actual_g - target_g, 6)
    if error_g is not None and abs(error_g - expected) <= ERROR_TOLERANCE_G:
        return error_g
    flags.append("error_g: recomputed")
    return expected


def _percent(
    told: float | None, remaining_g: float | None, capacity_g: float | None, flags: Flags
) -> float | None:
    """Always from the masses where there are any: the station rounds."""
    computed = percent_of(remaining_g, capacity_g)
    if computed is None:
        return told
    if told is None or abs(told - computed) > PERCENT_TOLERANCE:
        flags.append("percent_full: recomputed")
    return computed


def _mode(fields: Fields, flags: Flags) -> str:
    mode = text(fields, "mode", flags)
    return mode if mode.isupper() else clean_text(mode.upper())


def _event(name: str, flags: Flags) -> str:
    """The stored name of an event; an unknown one keeps its own, in lower case."""
    word = name.lower().replace(" ", "_").replace("-", "_")
    for prefix in _EVENT_PREFIXES:
        word = word.removeprefix(prefix)
    found = _EVENTS.get(word)
    if found is None:
        flags.append("event: unknown")
        return clean_text(name.lower())
    if found != name.lower():
        flags.append(f"event: {name}")
    return found
