"""Units to text and back, exactly: what the spool keeps of a message between the broker and the database."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson

from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Rejection,
    TimeQuality,
    Unit,
    is_finite,
)
from dosing_tui.errors import SpoolError

_KINDS: dict[str, type[Unit]] = {
    "dose": Dose,
    "event": BatchEvent,
    "level": InventoryLevel,
    "rejection": Rejection,
}
_BYTES = "latin-1"
"""Gives every byte a character of its own, so that a rejected record is kept byte for byte."""


def encode(units: Sequence[Unit]) -> str:
    plain = [(_NAMES[type(unit)], *_VALUES[type(unit)](unit)) for unit in units]
    if all(map(is_finite, units)):
        with suppress(orjson.JSONEncodeError):
            text = orjson.dumps(plain, default=_plain)
            if text.isascii():
                return text.decode()
    # slower, and has a word for everything
    return _encoder.encode(plain)


def decode(text: str) -> tuple[Unit, ...]:
    """Raises: SpoolError for text this program never wrote."""
    try:
        return tuple(_unit(name, values) for name, *values in json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SpoolError(f"The spool holds a message that cannot be read: {error}.") from error


def _unit(
    name: str, values: list[Any]
) -> Unit:  # Any: what JSON gives, written by encode from a typed record
    kind = _KINDS[name]
    for index, back in _BACK[kind]:
        values[index] = back(values[index])
    return kind(*values)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(_BYTES)
    raise TypeError(f"{type(value).__name__} has no place in the spool")


def _bytes(text: str) -> bytes:
    return text.encode(_BYTES)


_FIELDS_BACK: dict[str, Callable[[Any], object]] = {
    "time": datetime.fromisoformat,
    "received_at": datetime.fromisoformat,
    "time_quality": TimeQuality,
    "flags": tuple,
    "record": _bytes,
}
_encoder = json.JSONEncoder(separators=(",", ":"), default=_plain)
_NAMES = {kind: name for name, kind in _KINDS.items()}
_VALUES: dict[type[Unit], Callable[[Unit], tuple[object, ...]]] = {
    kind: attrgetter(*(field.name for field in fields(kind))) for kind in _KINDS.values()
}
_BACK = {
    kind: [
        (index, _FIELDS_BACK[field.name])
        for index, field in enumerate(fields(kind))
        if field.name in _FIELDS_BACK
    ]
    for kind in _KINDS.values()
}
