"""Readings as JSON parameters of statements, and the readings of returned identities."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec.json
from msgspec.structs import asdict

from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Reading,
    ReadingKind,
    Rejection,
    is_finite,
)

_KINDS = {Dose: ReadingKind.DOSE, BatchEvent: ReadingKind.EVENT, InventoryLevel: ReadingKind.LEVEL}

UNIQUE_KEYS = {
    ReadingKind.DOSE: ("device_id", "time", "pump", "dedup"),
    ReadingKind.EVENT: ("device_id", "time", "event", "recipe", "dedup"),
    ReadingKind.LEVEL: ("device_id", "chemical", "time", "dedup"),
}
"""The unique keys, in the order in which the statements return them."""

_BIGINT_FIELDS = frozenset({"duration_ms"})
"""Whole numbers with 64 bits in the tables; all others have 32."""

_KEY_GETTERS: Mapping[ReadingKind, Callable[[Reading], tuple[Any, ...]]] = {
    kind: attrgetter(*names) for kind, names in UNIQUE_KEYS.items()
}


def get_kind(reading: Reading) -> ReadingKind:
    return _KINDS[type(reading)]


def group_by_kind(readings: Iterable[Reading]) -> dict[ReadingKind, Sequence[Reading]]:
    """Sorted: two writers of the same readings lock in the same order, without a deadlock."""
    groups: dict[ReadingKind, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(get_kind(reading), []).append(reading)
    return {kind: sorted(groups[kind], key=_KEY_GETTERS[kind]) for kind in ReadingKind if kind in groups}


def encode_readings(kind: ReadingKind, readings: Sequence[Reading]) -> dict[str, str]:
    """The statement's parameter, named as the table: a list of objects with the fields of the kind's record.

    One text for all is an order of magnitude quicker to write than a list for each column.
    """
    if all(map(is_finite, readings)):
        with suppress(UnicodeEncodeError):
            return {kind.value: msgspec.json.encode(readings).decode()}
    objects = [_replace_nan(asdict(each)) for each in readings]
    return {kind.value: json.dumps(objects, default=datetime.isoformat, allow_nan=False)}


def encode_rejections(rejections: Sequence[Rejection]) -> dict[str, list[object]]:
    return {
        "received_at": [rejection.received_at for rejection in rejections],
        "topic": [_sanitize_text(rejection.topic) for rejection in rejections],
        "record": [rejection.record for rejection in rejections],
        "reason": [_sanitize_text(rejection.reason) for rejection in rejections],
    }


def split_stored(
    kind: ReadingKind, readings: Sequence[Reading], stored_keys: Iterable[Sequence[object]]
) -> tuple[list[Reading], list[Reading]]:
    """Stored and duplicate readings; of equal readings in one chunk the first is stored."""
    new = set(map(_normalize_key, stored_keys))
    stored: list[Reading] = []
    known: list[Reading] = []
    for reading in readings:
        identity = _normalize_key(_KEY_GETTERS[kind](reading))
        (stored if identity in new else known).append(reading)
        new.discard(identity)
    return stored, known


def list_unfit_fields(reading: Reading) -> list[str]:
    """Names of fields out of their column's range: the server's message does not name them."""
    return [name for name in reading.__struct_fields__ if not _is_storable(name, getattr(reading, name))]


def reading_to_json(reading: Reading) -> bytes:
    """The whole reading as JSON, stored for a refused one."""
    return json.dumps(asdict(reading), default=str).encode()


def _replace_nan(fields: dict[str, object]) -> dict[str, object]:
    """JSON has no non-finite numbers; PostgreSQL reads them from text."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


def _normalize_key(values: Iterable[Any]) -> tuple[Any, ...]:
    """In UTC: Python never treats times of two zones as equal in a repeated hour."""
    return tuple(value.astimezone(UTC) if isinstance(value, datetime) else value for value in values)


def _is_storable(name: str, value: object) -> bool:
    if isinstance(value, str):
        return _sanitize_text(value) == value
    if isinstance(value, int):
        return -(2**31) <= value < 2**31 or (name in _BIGINT_FIELDS and -(2**63) <= value < 2**63)
    return True


def _sanitize_text(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
