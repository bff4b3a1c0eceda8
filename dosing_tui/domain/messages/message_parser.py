"""Parse MQTT messages: payload bytes to readings and rejections.

The parser keeps state across messages: clock trust, stamps and delivery delay per device, capacity per tank,
and the spelling of each chemical.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages import message_schema
from dosing_tui.domain.messages.canonical_records import (
    CanonicalRecord,
    DoseValues,
    EventValues,
    read_canonical,
)
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.field_coercion import Fields, Flags
from dosing_tui.domain.messages.json_decoder import DecodeResult, JsonRecord, decode_records
from dosing_tui.domain.messages.message_schema import RECORD_PARSERS, ReadingHeader
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    ParsedItem,
    Reading,
    ReadingKind,
    Rejection,
    TimeQuality,
)
from dosing_tui.domain.messages.reading_identity import (
    RecentValues,
    StampRegister,
    compute_hash,
    hash_identity,
    hash_values,
    read_stamp,
)
from dosing_tui.domain.messages.tank_level import fill_capacity
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text, count_cells
from dosing_tui.domain.messages.timestamp_rules import (
    ClockRules,
    DeviceClock,
    ResolvedTime,
    resolve_timestamp,
)
from dosing_tui.domain.topics.topic_filter import OTHER_TOPICS, find_station, has_station_level
from dosing_tui.errors import PayloadError

__all__ = ["ClockRules", "MessageParser"]

MAX_TRACKED = 2_000
"""Maximum number of devices, and of tanks, with stored state. The least recently updated is evicted."""

MAX_REASON_CELLS = 240

NO_DELAY = timedelta()
BACKLOG_DELAY = timedelta(seconds=30)
"""Delay from which a message counts as queued by the broker. Network delay and clock drift stay below it."""


class MessageParser:
    """Stateful message parser, not thread-safe. ``topics`` maps an MQTT topic to its reading kind.

    A topic may have a level + for the station: its messages are only those of that station.
    """

    def __init__(self, topics: Mapping[str, ReadingKind], rules: ClockRules) -> None:
        self._topics = dict(topics)
        self._sources = {topic: self._find_source(topic) for topic in topics}
        self._rules = rules
        self._clocks: RecentValues[str, DeviceClock] = RecentValues(MAX_TRACKED)
        self._capacities: RecentValues[tuple[str, str], float] = RecentValues(MAX_TRACKED)
        self._delays: RecentValues[str, timedelta] = RecentValues(MAX_TRACKED)
        self._chemicals: RecentValues[str, str] = RecentValues(MAX_TRACKED)
        self._stamps = StampRegister(MAX_TRACKED)

    def load_history(self, readings: Iterable[Reading]) -> None:
        """Load stored readings: names of chemicals, capacities of tanks, stamps that identify readings."""
        known = [reading for reading in readings if not isinstance(reading, BatchEvent)]
        # of several spellings stored by earlier versions, the one with most capitals is used
        for name in sorted({reading.chemical for reading in known}, reverse=True):
            self._chemicals.store(fold_name(name), name)
        for reading in known:
            if isinstance(reading, InventoryLevel):
                self._add_capacity(reading)
        self._stamps.load_history(readings)

    def parse_message(self, topic: str, payload: bytes, *, received_at: datetime) -> tuple[ParsedItem, ...]:
        """Parse one message into at least one reading or rejection, in payload order. Never raises.

        ``received_at`` is the time of receipt, with a time zone.
        """
        source = self._sources[topic] if topic in self._sources else self._find_source(topic)
        if source is None:
            reason = f"nothing is expected on the topic '{clean_text(topic)}'"
            return (Rejection(OTHER_TOPICS, payload, reason, received_at),)
        record = read_canonical(source.kind, payload)
        is_own = record is not None and source.station in (None, record.device_id)
        if record and is_own and (reading := self._build_canonical(record, payload, received_at)):
            return (reading,)
        return tuple([self._parse_record(source, one, received_at) for one in decode_records(payload)])

    def _find_source(self, topic: str) -> "_Source | None":
        """None for a topic on which nothing is expected."""
        for topic_filter, kind in self._topics.items():
            if (station := find_station(topic_filter, topic)) is not None:
                return _Source(topic_filter, kind, station if has_station_level(topic_filter) else None)
        return None

    def _build_canonical(
        self, record: CanonicalRecord, payload: bytes, received_at: datetime
    ) -> Reading | None:
        """Build the reading as ``_build_reading`` does; None if its time stamp cannot be its time."""
        device, sequence, values = record.device_id, record.sequence, record.values
        resolved = resolve_timestamp(record.stamp, received_at, self._rules, self._clocks.get(device))
        if resolved.flag:
            return None
        quality = self._classify_time(device, resolved, received_at)
        if resolved.clock is not None:
            self._clocks.store(device, resolved.clock)
        dedup = _wrap_sequence(sequence) if sequence is not None else hash_identity(values.identity)
        legacy = compute_hash(payload) if sequence is None else None
        if isinstance(values, EventValues):
            return BatchEvent(
                resolved.time, device, *values, dedup, received_at, quality, legacy_dedup=legacy
            )
        chemical = self._unify_name(values.chemical)
        if isinstance(values, DoseValues):
            return Dose(
                resolved.time, device, values.pump, chemical, *values[2:], dedup, received_at, quality,
                legacy_dedup=legacy,
            )  # fmt: skip
        self._capacities.store((device, chemical), values.capacity_g)
        return InventoryLevel(
            resolved.time, device, chemical, *values[1:], dedup, received_at, quality, legacy_dedup=legacy
        )

    def _parse_record(self, source: "_Source", result: DecodeResult, received_at: datetime) -> ParsedItem:
        if not isinstance(result, JsonRecord):
            return source.build_rejection(result.raw, result.reason, received_at)
        try:
            return self._build_reading(source, result, received_at)
        except PayloadError as error:
            return source.build_rejection(result.raw, str(error), received_at)

    def _build_reading(self, source: "_Source", record: JsonRecord, received_at: datetime) -> Reading:
        """Build the reading of one record.

        Raises: PayloadError; the parser's state is then unchanged, except for the measured delay.
        """
        flags: list[str] = []
        fields = record.fields
        device = message_schema.parse_device_id(fields, flags)
        if source.station not in (None, device):
            raise PayloadError("device_id", f"device_id is '{device}'")
        resolved = resolve_timestamp(
            message_schema.get_field(fields, "timestamp"), received_at, self._rules, self._clocks.get(device)
        )
        if resolved.flag:
            flags.append(resolved.flag)
        quality = self._classify_time(device, resolved, received_at)
        sequence = _parse_sequence(fields, flags)
        header = ReadingHeader(resolved.time, quality, received_at, sequence or 0)
        reading = self._unify_names(RECORD_PARSERS[source.kind](device, fields, header, flags))
        if resolved.clock is not None:
            self._clocks.store(device, resolved.clock)
        stamp = read_stamp(reading)
        if sequence is None:
            reading = replace(
                reading, dedup=hash_values(reading, stamp), legacy_dedup=compute_hash(record.identity)
            )
        if stamp is None:
            return reading
        return self._stamps.identify(reading, stamp, has_sequence=sequence is not None)

    def _unify_names(self, reading: Reading) -> Reading:
        """Return the reading with its chemical as it was first spelled, and with its tank's capacity."""
        if isinstance(reading, BatchEvent):
            return reading
        name = self._unify_name(reading.chemical)
        if name != reading.chemical:
            reading = replace(reading, chemical=name)
        return self._add_capacity(reading) if isinstance(reading, InventoryLevel) else reading

    def _unify_name(self, chemical: str) -> str:
        folded = fold_name(chemical)
        name = self._chemicals.get(folded) or chemical
        self._chemicals.store(folded, name)
        return name

    def _classify_time(self, device: str, resolved: ResolvedTime, received_at: datetime) -> TimeQuality:
        """Return the time quality; BACKLOG if the device's last timestamped message arrived late.

        A message without a timestamp is assumed to be as late as the last one that had one.
        """
        if resolved.quality is TimeQuality.DEVICE:
            self._delays.store(device, received_at - resolved.time)
        elif (
            resolved.quality is TimeQuality.RECEIVE and (self._delays.get(device) or NO_DELAY) > BACKLOG_DELAY
        ):
            return TimeQuality.BACKLOG
        return resolved.quality

    def _add_capacity(self, level: InventoryLevel) -> InventoryLevel:
        tank = (level.device_id, level.chemical)
        if level.capacity_g is None:
            return fill_capacity(level, self._capacities.get(tank))
        self._capacities.store(tank, level.capacity_g)
        return level


class _Source(Struct, frozen=True):
    """Where a message came from: the configured topic that covers its own, and the station in its own.

    ``station`` is None without a level for it.
    """

    topic: str
    kind: ReadingKind
    station: str | None

    def build_rejection(self, raw: bytes, reason: str, received_at: datetime) -> Rejection:
        """Names the station in the reason: a topic as it was sent is up to 64 KB of anything."""
        where = "" if self.station is None else f", on the topic of '{clean_text(self.station)}'"
        reason = clean_line(reason, MAX_REASON_CELLS - count_cells(where)) + where
        return Rejection(self.topic, raw, reason, received_at)


def _parse_sequence(fields: Fields, flags: Flags) -> int | None:
    """Return the device's sequence number as a signed 32-bit integer; None if the record has none."""
    sequence = fields.get("seq")
    if isinstance(sequence, float) and sequence.is_integer():
        sequence = int(sequence)
    if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**63:
        return _wrap_sequence(sequence)
    if sequence is not None:
        flags.append("seq: unusable")
    return None


def _wrap_sequence(sequence: int) -> int:
    return (sequence + 2**31) % 2**32 - 2**31
