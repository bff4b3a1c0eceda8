"""Payload schema of the stations: convert one record to a reading, with data quality flags.

Source: integration guide, payloads of the three topics. Device, pump, chemical and event are mandatory; all
other fields are optional.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, TypeAlias, TypedDict, TypeVar

from dosing_tui.domain.messages.chemical_names import normalize_name
from dosing_tui.domain.messages.default_limits import MAX_DURATION_MS
from dosing_tui.domain.messages.field_coercion import (
    Fields,
    Flags,
    parse_int4,
    parse_number,
    parse_optional,
    parse_required_text,
    parse_rounded,
    parse_text,
    quote_value,
)
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Reading,
    ReadingKind,
    TimeQuality,
)
from dosing_tui.domain.messages.tank_level import compute_percent
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import PayloadError

FIELD_SYNONYMS = {"device_id": ("device", "deviceId"), "timestamp": ("ts", "time")}
"""Alternative field names, used if the field is missing."""

EVENT_WORDS = {
    "start": ("start", "started", "starting", "begin", "began", "begun"),
    "complete": ("complete", "completed", "done", "finish", "finished", "end", "ended", "success"),
    "abort": ("abort", "aborted", "cancel", "cancelled", "canceled", "stop", "stopped"),
    "error": ("error", "fail", "failed", "failure", "fault", "faulted", "timeout", "timed_out"),
    "pause": ("pause", "paused"),
    "resume": ("resume", "resumed"),
    "prime": ("prime", "primed", "priming"),
    "purge": ("purge", "purged", "purging", "flush", "flushed"),
    "waste": ("waste", "wasted", "drain", "drained"),
    "refill": ("refill", "refilled", "refilling", "topup", "top_up"),
    "drum_change": ("drum_change", "drum_changed", "container_change"),
}
MATERIAL_EVENTS = frozenset({"prime", "purge", "waste", "refill", "drum_change"})
"""Events about the content of a tank: each becomes an entry of the material ledger."""
_MASS_FIELDS = ("mass_g", "actual_g", "amount_g", "grams")
"""Stored event names with the names that stations publish, in lower case."""

_EVENT_BY_WORD = {word: event for event, words in EVENT_WORDS.items() for word in words}
_EVENT_PREFIXES = ("batch_", "fill_", "dosing_")

ERROR_TOLERANCE_G = 0.02 + 1e-9
"""Permitted difference between error_g and actual_g - target_g, in g: all three are rounded to 0.01."""
PERCENT_TOLERANCE = 0.1 + 1e-9
"""Permitted difference between percent_full and the computed percentage: it is rounded to 0.1."""

Number = TypeVar("Number", int | None, float | None)

PUMP_RANGE = (1, 4)
MASS_RANGE_G = (0.0, 2_500.0)
DURATION_RANGE_MS = (0, MAX_DURATION_MS)
PERCENT_RANGE = (0.0, 100.0)


class ReadingHeader(NamedTuple):
    """Time, time quality, time of receipt and deduplication number of a reading."""

    time: datetime
    quality: TimeQuality
    received_at: datetime
    dedup: int


class SentNames(TypedDict):
    """What few stations send with a dose or an event; '' if it is missing."""

    batch_id: str
    lot: str
    operator: str


def get_field(fields: Fields, name: str) -> object:
    """Return the field's value, or that of its first alternative name; None if all are missing."""
    value = fields.get(name)
    if value is not None:
        return value
    return next((found for other in FIELD_SYNONYMS[name] if (found := fields.get(other)) is not None), None)


def parse_device_id(fields: Fields, flags: Flags) -> str:
    return parse_required_text({"device_id": get_field(fields, "device_id")}, "device_id", flags)


def parse_dose(device: str, fields: Fields, header: ReadingHeader, flags: Flags) -> Dose:
    pump = _check_range(parse_int4(fields, "pump", flags), PUMP_RANGE, "pump", flags)
    if pump is None:
        raise PayloadError("pump", _describe_missing(fields, "pump"))
    chemical = normalize_name(parse_required_text(fields, "chemical", flags))
    target_g, actual_g = (
        _check_range(parse_optional(parse_number, fields, name, flags), MASS_RANGE_G, name, flags)
        for name in ("target_g", "actual_g")
    )
    error_g = parse_optional(parse_number, fields, "error_g", flags)
    error_g = _reconcile_error(error_g, target_g, actual_g, flags)
    recipe, mode = _parse_optional_text(fields, "recipe", flags), _parse_mode(fields, flags)
    duration_ms = parse_rounded(fields, "duration_ms", flags)
    _check_range(duration_ms, DURATION_RANGE_MS, "duration_ms", flags)
    sent = _parse_sent_names(fields, flags)
    return Dose(
        header.time, device, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms,
        header.dedup, header.received_at, header.quality, tuple(flags),
        **sent,
    )  # fmt: skip


def parse_event(device: str, fields: Fields, header: ReadingHeader, flags: Flags) -> BatchEvent:
    name = _normalize_event(parse_required_text(fields, "event", flags), flags)
    recipe = _parse_optional_text(fields, "recipe", flags)
    pumps = _check_range(parse_optional(parse_int4, fields, "pumps", flags), PUMP_RANGE, "pumps", flags)
    pump, chemical, mass_g = _parse_material(fields, flags) if name in MATERIAL_EVENTS else (None, "", None)
    return BatchEvent(
        header.time, device, name, recipe, pumps,
        header.dedup, header.received_at, header.quality, tuple(flags),
        pump=pump, chemical=chemical, mass_g=mass_g, **_parse_sent_names(fields, flags),
    )  # fmt: skip


def _parse_material(fields: Fields, flags: Flags) -> tuple[int | None, str, float | None]:
    """The pump, chemical and mass of an event about a tank's content, as far as the station sends them."""
    known = {name for name, value in fields.items() if value is not None}
    pump = parse_optional(parse_int4, fields, "pump", flags) if "pump" in known else None
    chemical = _parse_optional_text(fields, "chemical", flags) if "chemical" in known else ""
    name = next((each for each in _MASS_FIELDS if each in known), "")
    mass_g = parse_optional(parse_number, fields, name, flags) if name else None
    if mass_g is not None and mass_g <= 0:
        flags.append(f"{name}: range")
    return _check_range(pump, PUMP_RANGE, "pump", flags), normalize_name(chemical), mass_g


def parse_level(device: str, fields: Fields, header: ReadingHeader, flags: Flags) -> InventoryLevel:
    chemical = normalize_name(parse_required_text(fields, "chemical", flags))
    remaining_g, capacity_g, reported = (
        parse_optional(parse_number, fields, name, flags)
        for name in ("remaining_g", "capacity_g", "percent_full")
    )
    if capacity_g is not None and capacity_g <= 0:
        flags.append(f"capacity_g: {capacity_g:g} is none")
        capacity_g = reported = None  # nothing is a percentage of no capacity
    percent_full = _reconcile_percent(reported, remaining_g, capacity_g, flags)
    if remaining_g is not None and remaining_g < 0:
        flags.append("remaining_g: range")
    _check_range(percent_full, PERCENT_RANGE, "percent_full", flags)
    return InventoryLevel(
        header.time, device, chemical, remaining_g, capacity_g, percent_full,
        header.dedup, header.received_at, header.quality, tuple(flags),
    )  # fmt: skip


RecordParser: TypeAlias = Callable[[str, Fields, ReadingHeader, Flags], Reading]

RECORD_PARSERS: dict[ReadingKind, RecordParser] = {
    ReadingKind.DOSE: parse_dose,
    ReadingKind.EVENT: parse_event,
    ReadingKind.LEVEL: parse_level,
}


def _describe_missing(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return f"{name} is missing" if value is None else f"{name}: {quote_value(value)} is not a number"


def _check_range(value: Number, bounds: tuple[float, float], name: str, flags: Flags) -> Number:
    """Flag a value outside ``bounds``. It is kept: tared scales and calculated stock can be negative."""
    if value is not None and not bounds[0] <= value <= bounds[1]:
        flags.append(f"{name}: range")
    return value


def _reconcile_error(
    error_g: float | None, target_g: float | None, actual_g: float | None, flags: Flags
) -> float | None:
    if actual_g is None and error_g is not None:
        flags.append("error_g: without actual_g")
        return None
    if target_g is None or actual_g is None:
        return error_g
    expected = round(actual_g - target_g, 6)
    if error_g is not None and abs(error_g - expected) <= ERROR_TOLERANCE_G:
        return error_g
    flags.append("error_g: recomputed")
    return expected


def _reconcile_percent(
    reported: float | None, remaining_g: float | None, capacity_g: float | None, flags: Flags
) -> float | None:
    """Return the percentage computed from the masses if possible: the station rounds its own."""
    computed = compute_percent(remaining_g, capacity_g)
    if computed is None:
        return reported
    if reported is None or abs(reported - computed) > PERCENT_TOLERANCE:
        flags.append("percent_full: recomputed")
    return computed


def _parse_optional_text(fields: Fields, name: str, flags: Flags) -> str:
    return parse_optional(parse_text, fields, name, flags) or ""


def _parse_sent_names(fields: Fields, flags: Flags) -> SentNames:
    """No flag where one is missing."""
    batch_id, lot, operator = (
        "" if fields.get(name) is None else _parse_optional_text(fields, name, flags)
        for name in ("batch_id", "lot", "operator")
    )
    return SentNames(batch_id=batch_id, lot=lot, operator=operator)


def _parse_mode(fields: Fields, flags: Flags) -> str:
    mode = _parse_optional_text(fields, "mode", flags)
    return mode if mode.isupper() else clean_text(mode.upper())


def _normalize_event(name: str, flags: Flags) -> str:
    """Return the stored event name; an unknown event keeps its name, in lower case, with a flag."""
    word = name.lower().replace(" ", "_").replace("-", "_")
    for prefix in _EVENT_PREFIXES:
        word = word.removeprefix(prefix)
    found = _EVENT_BY_WORD.get(word)
    if found is None:
        flags.append("event: unknown")
        return clean_text(name.lower())
    if found != name.lower():
        flags.append(f"event: {name}")
    return found
