"""Every message comes through here once: bytes in, readings and rejections out.

It holds what has to be known across messages: how far each device's clock is trusted, how late its messages
come, each tank's capacity.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from dosing_tui.domain.messages import message_schema
from dosing_tui.domain.messages.json_decoder import Piece, Record, pieces
from dosing_tui.domain.messages.message_schema import READERS, Stamp
from dosing_tui.domain.messages.models import InventoryLevel, Kind, Reading, Rejection, TimeQuality, Unit
from dosing_tui.domain.messages.tank_level import complete
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.messages.timestamp_rules import ClockRules, DeviceClock, Verdict, judge
from dosing_tui.errors import PayloadError

__all__ = ["ClockRules", "Intake"]

MAX_KNOWN = 2_000
"""Most devices, and most tanks, that are remembered: those heard last."""

BACKLOG = timedelta(seconds=30)
"""Delays of a network, and a clock that is a little slow, stay below this."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Intake:
    """Reads messages for one thread. ``topics`` says which topic carries what."""

    def __init__(self, topics: Mapping[str, Kind], rules: ClockRules) -> None:
        self._topics = dict(topics)
        self._rules = rules
        self._clocks: dict[str, DeviceClock] = {}
        self._capacities: dict[tuple[str, str], float] = {}
        self._lags: dict[str, timedelta] = {}

    def read(self, topic: str, payload: bytes, *, received_at: datetime) -> tuple[Unit, ...]:
        """The message's readings and rejections in their order, at least one. Never raises."""
        kind = self._topics.get(topic)
        if kind is None:
            topic = clean_line(topic)
            return (Rejection(topic, payload, f"nothing is expected on the topic '{topic}'", received_at),)
        return tuple([self._unit(topic, kind, piece, received_at) for piece in pieces(payload)])

    def _unit(self, topic: str, kind: Kind, piece: Piece, received_at: datetime) -> Unit:
        if not isinstance(piece, Record):
            return Rejection(topic, piece.raw, piece.reason, received_at)
        try:
            return self._reading(kind, piece, received_at)
        except PayloadError as error:
            return Rejection(topic, piece.raw, clean_line(str(error)), received_at)

    def _reading(self, kind: Kind, record: Record, received_at: datetime) -> Reading:
        """Raises: PayloadError, having learnt nothing from the record."""
        flags: list[str] = []
        fields = record.fields
        device = message_schema.device_id(fields, flags)
        verdict = judge(
            message_schema.said(fields, "timestamp"), received_at, self._rules, self._clocks.get(device)
        )
        if verdict.flag:
            flags.append(verdict.flag)
        quality = self._quality(device, verdict, received_at)
        stamp = Stamp(verdict.time, quality, received_at, _dedup(record, flags))
        reading = READERS[kind](device, fields, stamp, flags)
        if verdict.clock is not None:
            _remember(self._clocks, device, verdict.clock)
        return self._with_capacity(reading) if isinstance(reading, InventoryLevel) else reading

    def _quality(self, device: str, verdict: Verdict, received_at: datetime) -> TimeQuality:
        """What a broker had queued comes with its stamps late; what comes without one is as late."""
        if verdict.quality is TimeQuality.DEVICE:
            _remember(self._lags, device, received_at - verdict.time)
        elif verdict.quality is TimeQuality.RECEIVE and self._lags.get(device, timedelta()) > BACKLOG:
            return TimeQuality.BACKLOG
        return verdict.quality

    def _with_capacity(self, level: InventoryLevel) -> InventoryLevel:
        tank = (level.device_id, level.chemical)
        if level.capacity_g is None:
            return complete(level, self._capacities.get(tank))
        _remember(self._capacities, tank, level.capacity_g)
        return level


def _dedup(record: Record, flags: list[str]) -> int:
    """The device's sequence number if it sends one, else a hash of the record; 32 bits with a sign."""
    sequence = record.fields.get("seq")
    if isinstance(sequence, float) and sequence.is_integer():
        sequence = int(sequence)
    if isinstance(sequence, int) and not isinstance(sequence, bool) and 0 <= sequence < 2**63:
        return (sequence + 2**31) % 2**32 - 2**31
    if sequence is not None:
        flags.append("seq: unusable")
    return int.from_bytes(blake2b(record.identity, digest_size=4).digest(), "big", signed=True)


def _remember(known: dict[Key, Value], key: Key, value: Value) -> None:
    """Bounded; what was not refreshed for longest is forgotten."""
    if known.pop(key, None) is None and len(known) >= MAX_KNOWN:
        del known[next(iter(known))]
    known[key] = value
