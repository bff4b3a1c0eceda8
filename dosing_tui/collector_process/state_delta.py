"""Changes of the live snapshot for the pipe: changed fields only, and of readings the new ones. Pure."""

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dosing_tui.domain.messages.models import Reading
from dosing_tui.live_snapshot import LiveSnapshot

_READING_FIELDS = frozenset({"levels", "doses", "events"})
_PROTOCOL = pickle.HIGHEST_PROTOCOL


def pack_changes(before: LiveSnapshot, after: LiveSnapshot) -> dict[str, bytes]:
    """The fields of ``after`` that differ from ``before``, pickled."""
    return {
        name: pickle.dumps(_pack_readings(old, new) if name in _READING_FIELDS else new, _PROTOCOL)
        for name in LiveSnapshot.__struct_fields__
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


def _pack_readings(before: Sequence[Reading], after: Sequence[Reading]) -> list[range | Reading]:
    """In order: ranges of ``before`` that are in ``after`` as the same objects, and the others."""
    places = {id(reading): place for place, reading in enumerate(before)}
    packed: list[range | Reading] = []
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
            packed.append(reading)
    return packed


def _unpack_value(
    snapshot: LiveSnapshot, name: str, packed: bytes
) -> Any:  # Any: the value that was packed in our child process
    value = pickle.loads(packed)
    if name not in _READING_FIELDS:
        return value
    before = getattr(snapshot, name)
    readings: list[Reading] = []
    for part in value:
        readings += before[part.start : part.stop] if isinstance(part, range) else (part,)
    return tuple(readings)
