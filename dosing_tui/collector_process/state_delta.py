"""Changes of the live snapshot for the pipe: changed fields only, readings as plain tuples. Pure.

Unpickling a frozen dataclass takes three times as long as building it from an unpickled tuple.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading
from dosing_tui.live_snapshot import LiveSnapshot

_READING_FIELDS: Mapping[str, type[Reading]] = {"levels": InventoryLevel, "doses": Dose, "events": BatchEvent}
_VALUE_GETTERS: Mapping[str, Callable[[Reading], tuple[object, ...]]] = {
    name: attrgetter(*(field.name for field in fields(kind))) for name, kind in _READING_FIELDS.items()
}
_FIELD_NAMES = tuple(field.name for field in fields(LiveSnapshot))


def pack_changes(before: LiveSnapshot, after: LiveSnapshot) -> dict[str, bytes]:
    """The fields of ``after`` that differ from ``before``, pickled."""
    return {
        name: _pack_value(name, value)
        for name in _FIELD_NAMES
        if (value := getattr(after, name)) != getattr(before, name)
    }


def apply_changes(snapshot: LiveSnapshot, packed_fields: Mapping[str, bytes]) -> LiveSnapshot:
    """The snapshot with these fields replaced."""
    return replace(snapshot, **{name: _unpack_value(name, packed) for name, packed in packed_fields.items()})


def _pack_value(name: str, value: Any) -> bytes:  # Any: a field of LiveSnapshot, selected by its name
    values = _VALUE_GETTERS.get(name)
    return pickle.dumps([values(reading) for reading in value] if values else value, pickle.HIGHEST_PROTOCOL)


def _unpack_value(
    name: str, packed: bytes
) -> Any:  # Any: the value given to _pack_value in our child process
    value = pickle.loads(packed)
    kind = _READING_FIELDS.get(name)
    return tuple(kind(*values) for values in value) if kind else value
