"""Changes of the live snapshot for the pipe: changed fields only, and of readings the new ones. Pure.

Unpickling a frozen dataclass takes three times as long as building it from an unpickled tuple.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
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
_PROTOCOL = pickle.HIGHEST_PROTOCOL


def pack_changes(before: LiveSnapshot, after: LiveSnapshot) -> dict[str, bytes]:
    """The fields of ``after`` that differ from ``before``, pickled."""
    return {
        name: pickle.dumps(_pack_readings(name, old, new) if name in _READING_FIELDS else new, _PROTOCOL)
        for name in _FIELD_NAMES
        if (new := getattr(after, name)) is not (old := getattr(before, name)) and new != old
    }


def apply_changes(snapshot: LiveSnapshot, packed_fields: Mapping[str, bytes]) -> LiveSnapshot:
    """The snapshot with these fields replaced: it has to be equal to the one they were packed after.

    Readings that were in it already are the same objects.
    """
    return replace(
        snapshot,
        **{name: _unpack_value(snapshot, name, packed) for name, packed in packed_fields.items()},
    )


def _pack_readings(
    name: str, before: Sequence[Reading], after: Sequence[Reading]
) -> list[range | tuple[object, ...]]:
    """In order: ranges of ``before`` that are in ``after`` as the same objects, and the values of others."""
    get_values, places = _VALUE_GETTERS[name], {id(reading): place for place, reading in enumerate(before)}
    packed: list[range | tuple[object, ...]] = []
    kept = range(0)
    for reading in after:
        place = places.get(id(reading))
        if place is not None and kept and place == kept.stop:
            kept = packed[-1] = range(kept.start, place + 1)
        elif place is not None:
            kept = range(place, place + 1)
            packed.append(kept)
        else:
            kept = range(0)
            packed.append(get_values(reading))
    return packed


def _unpack_value(
    snapshot: LiveSnapshot, name: str, packed: bytes
) -> Any:  # Any: the value that was packed in our child process
    value, kind = pickle.loads(packed), _READING_FIELDS.get(name)
    if kind is None:
        return value
    before = getattr(snapshot, name)
    readings: list[Reading] = []
    for part in value:
        readings += before[part.start : part.stop] if isinstance(part, range) else (kind(*part),)
    return tuple(readings)
