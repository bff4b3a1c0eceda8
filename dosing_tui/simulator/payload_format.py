"""The payloads of an ESP32 station, byte for byte: the firmware's printf formats and their arguments."""

from typing import NamedTuple, TypeAlias


class DoseLine(NamedTuple):
    """One pump's finished dose; ``timestamp`` is its end."""

    device_id: str
    pump: int
    chemical: str
    target_g: float
    actual_g: float
    error_g: float
    recipe: str
    mode: str
    duration_ms: int
    timestamp: int


class EventLine(NamedTuple):
    """Start or completion of a batch; the firmware has no other event."""

    device_id: str
    event: str
    recipe: str
    pumps: int
    timestamp: int


class LevelLine(NamedTuple):
    """Calculated stock of a tank. The firmware sends it without a time."""

    device_id: str
    chemical: str
    remaining_g: float
    capacity_g: float
    percent_full: float


class StatusLine(NamedTuple):
    """What a station keeps on its status topic. ``seq`` counts its messages, here those of this topic."""

    device_id: str
    status: str
    boot_id: str
    seq: int
    rssi_dbm: int
    firmware: str
    heap_free_bytes: int
    uptime_ms: int


FirmwareLine: TypeAlias = DoseLine | EventLine | LevelLine

_FORMATS: dict[type[FirmwareLine], str] = {
    DoseLine: '{"device_id":"%s","pump":%d,"chemical":"%s","target_g":%.2f,"actual_g":%.2f,"error_g":%.2f,'
    '"recipe":"%s","mode":"%s","duration_ms":%lu,"timestamp":%lu}',
    EventLine: '{"device_id":"%s","event":"%s","recipe":"%s","pumps":%d,"timestamp":%lu}',
    LevelLine: '{"device_id":"%s","chemical":"%s","remaining_g":%.2f,"capacity_g":%.2f,"percent_full":%.1f}',
}


def format_payload(line: FirmwareLine) -> bytes:
    """The line as published. Texts are not escaped, like in the firmware."""
    return (_FORMATS[type(line)] % line).encode()


_STATUS_FORMAT = (
    '{"device_id":"%s","status":"%s","boot_id":"%s","seq":%lu,"rssi_dbm":%d,"firmware":"%s",'
    '"heap_free_bytes":%lu,"uptime_ms":%lu}'
)


def format_status(line: StatusLine) -> bytes:
    """As ``docs/presence.md`` recommends it."""
    return (_STATUS_FORMAT % line).encode()


def format_will() -> bytes:
    """A last will is fixed when the station connects: it holds no figure."""
    return b'{"status":"offline"}'
