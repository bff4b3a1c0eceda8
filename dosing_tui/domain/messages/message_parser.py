"""Parse MQTT messages: payload bytes to readings and rejections.

The parser keeps state across messages: clock trust and delivery delay per device, capacity per tank.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from dosing_tui.domain.messages import message_schema
from dosing_tui.domain.messages.json_decoder import DecodeResult, JsonRecord, decode_records
from dosing_tui.domain.messages.message_schema import RECORD_PARSERS, ReadingHeader
from dosing_tui.domain.messages.models import (
    InventoryLevel,
    ParsedItem,
    Reading,
    ReadingKind,
    Rejection,
    TimeQuality,
)
from dosing_tui.domain.messages.tank_level import fill_capacity
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.messages.timestamp_rules import (
    ClockRules,
    DeviceClock,
    ResolvedTime,
    resolve_timestamp,
)
from dosing_tui.errors import PayloadError

__all__ = ["ClockRules", "MessageParser"]

MAX_TRACKED = 2_000
"""Maximum number of devices, and of tanks, with stored state. The least recently updated is evicted."""

BACKLOG_DELAY = timedelta(seconds=30)
"""Delay from which a message counts as queued by the broker. Network delay and clock drift stay below it."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class MessageParser:
    """Stateful message parser, not thread-safe. ``topics`` maps an MQTT topic to its reading kind."""

    def __init__(self, topics: Mapping[str, ReadingKind], rules: ClockRules) -> None:
        self._topics = dict(topics)
        self._rules = rules
        self._clocks: dict[str, DeviceClock] = {}
        self._capacities: dict[tuple[str, str], float] = {}
        self._delays: dict[str, timedelta] = {}

    def parse_message(self, topic: str, payload: bytes, *, received_at: datetime) -> tuple[ParsedItem, ...]:
        """Parse one message into at least one reading or rejection, in payload order. Never raises.

        ``received_at`` is the time of receipt, with a time zone.
        """
        kind = self._topics.get(topic)
        if kind is None:
            topic = clean_line(topic)
            return (Rejection(topic, payload, f"nothing is expected on the topic '{topic}'", received_at),)
        return tuple([self._parse_record(topic, kind, one, received_at) for one in decode_records(payload)])

    def _parse_record(
        self, topic: str, kind: ReadingKind, result: DecodeResult, received_at: datetime
    ) -> ParsedItem:
        if not isinstance(result, JsonRecord):
            return Rejection(topic, result.raw, result.reason, received_at)
        try:
            return self._build_reading(kind, result, received_at)
        except PayloadError as error:
            return Rejection(topic, result.raw, clean_line(str(error)), received_at)

    def _build_reading(self, kind: ReadingKind, record: JsonRecord, received_at: datetime) -> Reading:
        """Build the reading of one record.

        Raises: PayloadError; the parser's state is then unchanged, except for the measured delay.
        """
        flags: list[str] = []
        fields = record.fields
        device = message_schema.parse_device_id(fields, flags)
        verdict = resolve_timestamp(
            message_schema.get_field(fields, "timestamp"), received_at, self._rules, self._clocks.get(device)
        )
        if verdict.flag:
            flags.append(verdict.flag)
        quality = self._classify_time(device, verdict, received_at)
        stamp = ReadingHeader(verdict.time, quality, received_at, _compute_dedup(record, flags))
        reading = RECORD_PARSERS[kind](device, fields, stamp, flags)
        if verdict.clock is not None:
            _store_recent(self._clocks, device, verdict.clock)
        return self._add_capacity(reading) if isinstance(reading, InventoryLevel) else reading

    def _classify_time(self, device: str, resolved: ResolvedTime, received_at: datetime) -> TimeQuality:
        """Return the time quality; BACKLOG if the device's last timestamped message arrived late.

        A message without a timestamp is assumed to be as late as the last one that had one.
        """
        if resolved.quality is TimeQuality.DEVICE:
            _store_recent(self._delays, device, received_at - resolved.time)
        elif (
            resolved.quality is TimeQuality.RECEIVE and self._delays.get(device, timedelta()) > BACKLOG_DELAY
        ):
            return TimeQuality.BACKLOG
        return resolved.quality

    def _add_capacity(self, level: InventoryLevel) -> InventoryLevel:
        tank = (level.device_id, level.chemical)
        if level.capacity_g is None:
            return fill_capacity(level, self._capacities.get(tank))
        _store_recent(self._capacities, tank, level.capacity_g)
        return level


def _compute_dedup(record: JsonRecord, flags: list[str]) -> int:
    """Compute the deduplication number, a signed 32-bit integer.

    It is the device's sequence number if the record has one, otherwise a BLAKE2b hash of the record.
    """
    sequence = record.fields.get("seq")
    if isinstance(sequence, float) and sequence.is_integer():
        sequence = int(sequence)
    if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**63:
        return (sequence + 2**31) % 2**32 - 2**31
    if sequence is not None:
        flags.append("seq: unusable")
    return int.from_bytes(blake2b(record.identity, digest_size=4).digest(), "big", signed=True)


def _store_recent(entries: dict[Key, Value], key: Key, value: Value) -> None:
    """Store an entry; evict the least recently updated one above MAX_TRACKED entries."""
    if entries.pop(key, None) is None and len(entries) >= MAX_TRACKED:
        del entries[next(iter(entries))]
    entries[key] = value
