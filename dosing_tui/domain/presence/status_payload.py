"""Read a message of a station's status topic: a plain word, or a JSON object whose fields are all optional.

Example: ``{"status": "online", "boot_id": "a1b2", "seq": 7, "rssi_dbm": -61, "firmware": "1.4.2",
"heap_free_bytes": 181240, "uptime_ms": 86400000}``. An empty payload takes the state back.
"""

from collections.abc import Mapping
from datetime import datetime

from dosing_tui.domain.messages.field_coercion import (
    Fields,
    Flags,
    parse_number,
    parse_optional,
    parse_text,
    quote_value,
)
from dosing_tui.domain.messages.json_decoder import JsonRecord, decode_records
from dosing_tui.domain.messages.message_schema import parse_device_id
from dosing_tui.domain.messages.models import Rejection
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.errors import PayloadError

STATUS_WORDS: Mapping[str, ConnectionReport] = {
    **dict.fromkeys(("online", "connected", "up", "true", "1"), ConnectionReport.ONLINE),
    **dict.fromkeys(("offline", "disconnected", "down", "false", "0"), ConnectionReport.OFFLINE),
}
"""Words for the two states, in lower case; the first of each is recommended to firmware."""

RSSI_RANGE_DBM = (-130, 20)
MAX_WORD_BYTES = 24
_DEVICE_FIELDS = ("device_id", "device", "deviceId")
_INTEGER_RANGES = {
    "seq": (0, 2**63 - 1),
    "rssi_dbm": RSSI_RANGE_DBM,
    "heap_free_bytes": (0, 2**40),
    "uptime_ms": (0, 2**53),
}


def parse_status(
    topic: str, station: str, payload: bytes, *, received_at: datetime, is_retained: bool
) -> StationReport | Rejection:
    """Read a status message of ``station``, the level of the topic. Never raises."""
    device = clean_text(station)
    if not device:
        return Rejection(topic, payload, "status: the topic names no station", received_at)
    if not payload.strip(b" \t\r\n\0"):
        return StationReport(device, received_at, is_retained, is_cleared=True)
    if (status := _read_word(payload)) is not None:
        return StationReport(device, received_at, is_retained, status)
    record, *rest = decode_records(payload)
    if not isinstance(record, JsonRecord):
        return Rejection(topic, payload, f"status: {record.reason}", received_at)
    if rest:
        return Rejection(topic, payload, "status: more than one object", received_at)
    try:
        return _build_report(device, record.fields, received_at, is_retained=is_retained)
    except PayloadError as error:
        return Rejection(topic, payload, clean_line(str(error)), received_at)


def _read_word(payload: bytes) -> ConnectionReport | None:
    if len(payload) > MAX_WORD_BYTES:
        return None
    return STATUS_WORDS.get(payload.strip(b" \t\r\n\0\"'").decode("ascii", "replace").lower())


def _build_report(station: str, fields: Fields, received_at: datetime, *, is_retained: bool) -> StationReport:
    """Raises: PayloadError, if the message names another station than its topic."""
    flags: list[str] = []
    if any(fields.get(name) is not None for name in _DEVICE_FIELDS):
        device = parse_device_id(fields, flags)
        if device != station:
            raise PayloadError("device_id", f"device_id is '{device}', but the topic is that of '{station}'")
    return StationReport(
        station,
        received_at,
        is_retained,
        _parse_connection(fields, flags),
        _parse_name(fields, "boot_id", flags),
        _parse_integer(fields, "seq", flags),
        _parse_integer(fields, "rssi_dbm", flags),
        _parse_name(fields, "firmware", flags),
        _parse_integer(fields, "heap_free_bytes", flags),
        _parse_integer(fields, "uptime_ms", flags),
        tuple(flags),
    )


def _parse_connection(fields: Fields, flags: Flags) -> ConnectionReport | None:
    """The field ``status``, or else ``online``, which is true or false."""
    for name in ("status", "online"):
        value = fields.get(name)
        if value is not None:
            found = (
                STATUS_WORDS.get(str(value).strip().lower()) if isinstance(value, str | bool | int) else None
            )
            if found is None:
                flags.append(f"{name}: {quote_value(value)} is not online or offline")
            return found
    return None


def _parse_name(fields: Fields, name: str, flags: Flags) -> str | None:
    if fields.get(name) is None:
        return None
    return parse_optional(parse_text, fields, name, flags) or None


def _parse_integer(fields: Fields, name: str, flags: Flags) -> int | None:
    """None, with a flag, if it is no whole number or out of its range."""
    value = fields.get(name)
    if value is None:
        return None
    number = value if type(value) is int else parse_optional(parse_number, fields, name, flags)
    if number is None:
        return None
    least, greatest = _INTEGER_RANGES[name]
    if not least <= number <= greatest or number != int(number):
        flags.append(f"{name}: {quote_value(value)} is out of range")
        return None
    return int(number)
