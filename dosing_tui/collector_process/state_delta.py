"""The picture as it crosses the pipe: only the fields that changed, readings as plain tuples. Pure.

A frozen record is three times as dear to read back from its own pickle as from a tuple of its values.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading
from dosing_tui.live_state import LiveSnapshot

_READING_FIELDS: Mapping[str, type[Reading]] = {"levels": InventoryLevel, "doses": Dose, "events": BatchEvent}
_VALUE_GETTERS: Mapping[str, Callable[[Reading], tuple[object, ...]]] = {
    name: attrgetter(*(field.name for field in fields(kind))) for name, kind in _READING_FIELDS.items()
}
_FIELD_NAMES = tuple(field.name for field in fields(LiveSnapshot))


def pack_changes(before: LiveSnapshot, after: LiveSnapshot) -> dict[str, bytes]:
    """The fields of ``after`` that ``before`` has not, packed."""
    return {
        name: _pack_value(name, value)
        for name in _FIELD_NAMES
        if (value := getattr(after, name)) != getattr(before, name)
    }


def apply_changes(snapshot: LiveSnapshot, packed_fields: Mapping[str, bytes]) -> LiveSnapshot:
    """The picture with these fields put in."""
    return replace(snapshot, **{name: _unpack_value(name, packed) for name, packed in packed_fields.items()})


def _pack_value(name: str, value: Any) -> bytes:  # Any: a field of Picture, known by its name only
    values = _VALUE_GETTERS.get(name)
    return pickle.dumps([values(reading) for reading in value] if values else value, pickle.HIGHEST_PROTOCOL)


def _unpack_value(name: str, packed: bytes) -> Any:  # Any: what _packed was given, from our own child process
    value = pickle.loads(packed)
    kind = _READING_FIELDS.get(name)
    return tuple(kind(*values) for values in value) if kind else value
