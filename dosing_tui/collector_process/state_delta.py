"""The picture as it crosses the pipe: only the fields that changed, readings as plain tuples. Pure.

A frozen record is three times as dear to read back from its own pickle as from a tuple of its values.
"""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading
from dosing_tui.live_state import Picture

_READINGS: Mapping[str, type[Reading]] = {"levels": InventoryLevel, "doses": Dose, "events": BatchEvent}
_VALUES: Mapping[str, Callable[[Reading], tuple[object, ...]]] = {
    name: attrgetter(*(field.name for field in fields(kind))) for name, kind in _READINGS.items()
}
_NAMES = tuple(field.name for field in fields(Picture))


def changes(before: Picture, after: Picture) -> dict[str, bytes]:
    """The fields of ``after`` that ``before`` has not, packed."""
    return {
        name: _packed(name, value)
        for name in _NAMES
        if (value := getattr(after, name)) != getattr(before, name)
    }


def changed(picture: Picture, by: Mapping[str, bytes]) -> Picture:
    """The picture with these fields put in."""
    return replace(picture, **{name: _unpacked(name, packed) for name, packed in by.items()})


def _packed(name: str, value: Any) -> bytes:  # Any: a field of Picture, known by its name only
    values = _VALUES.get(name)
    return pickle.dumps([values(reading) for reading in value] if values else value, pickle.HIGHEST_PROTOCOL)


def _unpacked(name: str, packed: bytes) -> Any:  # Any: what _packed was given, from our own child process
    value = pickle.loads(packed)
    kind = _READINGS.get(name)
    return tuple(kind(*values) for values in value) if kind else value
