"""Readings as the arrays that ``unnest`` takes, and back: which readings the answered identities mean."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dosing_tui.plant.readings import BatchEvent, Dose, InventoryLevel, Kind, Reading, Rejection

_ROWS: Mapping[Kind, type[Reading]] = {
    Kind.DOSE: Dose,
    Kind.EVENT: BatchEvent,
    Kind.LEVEL: InventoryLevel,
}

_IDENTITY = {
    Kind.DOSE: ("device_id", "time", "pump", "dedup"),
    Kind.EVENT: ("device_id", "time", "event", "recipe", "dedup"),
    Kind.LEVEL: ("device_id", "chemical", "time", "dedup"),
}
"""The unique keys, in the order in which the statements answer them."""

_FLAG_SEPARATOR = "\x1f"
"""Flags travel as one text: unnest would flatten an array of arrays."""

_BIG = frozenset({"duration_ms"})
"""Whole numbers with 64 bits in the tables; all others have 32."""


def kind_of(reading: Reading) -> Kind:
    match reading:
        case Dose():
            return Kind.DOSE
        case BatchEvent():
            return Kind.EVENT
        case InventoryLevel():
            return Kind.LEVEL


def in_key_order(kind: Kind, readings: Iterable[Reading]) -> list[Reading]:
    """Two writers with the same readings then wait for each other in one order: no deadlock."""
    return sorted(readings, key=lambda reading: [str(value) for value in _identity(kind, reading)])


def columns(kind: Kind, readings: Sequence[Reading]) -> dict[str, list[object]]:
    """One array per field of the kind's record."""
    return {
        field.name: _column(field.name, [getattr(reading, field.name) for reading in readings])
        for field in dataclasses.fields(_ROWS[kind])
    }


def rejection_columns(rejections: Sequence[Rejection]) -> dict[str, list[object]]:
    return {
        "received_at": [rejection.received_at for rejection in rejections],
        "topic": [_storable(rejection.topic) for rejection in rejections],
        "record": [rejection.record for rejection in rejections],
        "reason": [_storable(rejection.reason) for rejection in rejections],
    }


def split(
    kind: Kind, readings: Sequence[Reading], answered: Iterable[Sequence[object]]
) -> tuple[list[Reading], list[Reading]]:
    """Those the server stored and those it knew already; of two alike in one batch, the first is stored."""
    new = {_comparable(values) for values in answered}
    stored: list[Reading] = []
    known: list[Reading] = []
    for reading in readings:
        identity = _identity(kind, reading)
        (stored if identity in new else known).append(reading)
        new.discard(identity)
    return stored, known


def unfit(reading: Reading) -> list[str]:
    """Names of fields that no column of their type can hold: the server does not say which it was."""
    return [
        field.name
        for field in dataclasses.fields(reading)
        if not _fits(field.name, getattr(reading, field.name))
    ]


def record_of(reading: Reading) -> bytes:
    """The reading itself, whole, as JSON: what is kept of one that the server refuses."""
    return json.dumps(dataclasses.asdict(reading), default=str).encode()


def _column(name: str, values: list[object]) -> list[object]:
    if name == "flags":
        return [_FLAG_SEPARATOR.join(flags) for flags in values if isinstance(flags, tuple)]
    if any(isinstance(value, float) for value in values):  # psycopg takes no list of int and float
        return [float(value) if isinstance(value, int) else value for value in values]
    return [str(value) if isinstance(value, str) else value for value in values]


def _identity(kind: Kind, reading: Reading) -> tuple[Any, ...]:
    return _comparable(getattr(reading, name) for name in _IDENTITY[kind])


def _comparable(values: Iterable[Any]) -> tuple[Any, ...]:
    """In UTC: two zones' stamps of a repeated hour are never equal in Python."""
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in values)


def _fits(name: str, value: object) -> bool:
    if isinstance(value, str):
        return _storable(value) == value
    if isinstance(value, int):
        return -(2**31) <= value < 2**31 or (name in _BIG and -(2**63) <= value < 2**63)
    return True


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
