"""Lossless conversion of parsed items to text and back, for the spool."""

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
    ParsedItem,
    Rejection,
    TimeQuality,
    is_finite,
)
from dosing_tui.errors import SpoolError

_ITEM_TYPES: dict[str, type[ParsedItem]] = {
    "dose": Dose,
    "event": BatchEvent,
    "level": InventoryLevel,
    "rejection": Rejection,
}
_BYTES_ENCODING = "latin-1"
"""Maps each byte to one character, so that a rejected record is kept byte for byte."""


def encode_items(items: Sequence[ParsedItem]) -> str:
    plain = [(_TYPE_NAMES[type(item)], *_VALUE_GETTERS[type(item)](item)) for item in items]
    if all(map(is_finite, items)):
        with suppress(orjson.JSONEncodeError):
            text = orjson.dumps(plain, default=_value_to_text)
            if text.isascii():
                return text.decode()
    # slower, but it encodes every value
    return _json_encoder.encode(plain)


def decode_items(text: str | bytes) -> tuple[ParsedItem, ...]:
    """Raises: SpoolError for text that this program did not write."""
    try:
        return tuple(_build_item(name, values) for name, *values in json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SpoolError(f"The spool holds a message that cannot be read: {error}.") from error


# Any: JSON values, written by encode_items from a typed record
def _build_item(name: str, values: list[Any]) -> ParsedItem:
    kind = _ITEM_TYPES[name]
    for index, decode in _DECODERS_BY_TYPE[kind]:
        values[index] = decode(values[index])
    return kind(*values)


def _value_to_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(_BYTES_ENCODING)
    raise TypeError(f"{type(value).__name__} cannot be stored in the spool")


_FIELD_DECODERS: dict[str, Callable[[Any], object]] = {
    "time": datetime.fromisoformat,
    "received_at": datetime.fromisoformat,
    "time_quality": TimeQuality,
    "flags": tuple,
    "record": lambda text: text.encode(_BYTES_ENCODING),
}
_json_encoder = json.JSONEncoder(separators=(",", ":"), default=_value_to_text)
_TYPE_NAMES = {kind: name for name, kind in _ITEM_TYPES.items()}
_VALUE_GETTERS: dict[type[ParsedItem], Callable[[ParsedItem], tuple[object, ...]]] = {
    kind: attrgetter(*(field.name for field in fields(kind))) for kind in _ITEM_TYPES.values()
}
_DECODERS_BY_TYPE = {
    kind: [
        (index, _FIELD_DECODERS[field.name])
        for index, field in enumerate(fields(kind))
        if field.name in _FIELD_DECODERS
    ]
    for kind in _ITEM_TYPES.values()
}
