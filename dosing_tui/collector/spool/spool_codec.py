"""Lossless conversion of parsed items to text and back, for the spool."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec.json

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
    plain = [(_TYPE_NAMES[type(item)], *_list_values(item)) for item in items]
    if all(map(is_finite, items)):
        with suppress(UnicodeEncodeError):
            text = msgspec.json.encode(plain)
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


def _list_values(item: ParsedItem) -> tuple[object, ...]:
    if isinstance(item, Rejection):
        return item.topic, item.record.decode(_BYTES_ENCODING), item.reason, item.received_at
    return _VALUE_GETTERS[type(item)](item)


def _value_to_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
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
    kind: attrgetter(*kind.__struct_fields__) for kind in _ITEM_TYPES.values() if kind is not Rejection
}
_DECODERS_BY_TYPE = {
    kind: [
        (index, _FIELD_DECODERS[name])
        for index, name in enumerate(kind.__struct_fields__)
        if name in _FIELD_DECODERS
    ]
    for kind in _ITEM_TYPES.values()
}
