"""How a batch keeps its name: late messages may move its beginning, people's words about it stay with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dosing_tui.domain.batches.canonical_json import canonical, instant
from dosing_tui.domain.batches.models import Batch, Identity


@dataclass(frozen=True, slots=True)
class Renamed:
    """Batches under the keys they have had, and keys that no batch has any more."""

    batches: tuple[Batch, ...]
    vanished: frozenset[str]


def keep_keys(batches: Iterable[Batch], anchors: Mapping[str, str]) -> Renamed:
    """``anchors`` are the stored keys with their anchors, of the same span of the same station.

    A batch that holds the anchor of a stored one is that one, although it may begin earlier now.
    """
    found = list(batches)
    known = {batch.key for batch in found}
    lost = {anchor: key for key, anchor in anchors.items() if key not in known}
    if not lost:
        return Renamed(tuple(found), frozenset())
    kept = [_renamed(batch, lost) if batch.key not in anchors else batch for batch in found]
    return Renamed(tuple(kept), frozenset(lost.values()))


def anchor_text(anchor: Identity) -> str:
    """As it is stored: equal identities are equal text."""
    device, at, *rest = anchor
    return canonical([device, instant(at), *rest])


def batch_id(device_id: str, day: date, number: int) -> str:
    """
    >>> batch_id("dosing_system_01", date(2026, 11, 24), 7)
    'dosing_system_01-20261124-007'
    """
    return f"{device_id}-{day:%Y%m%d}-{number:03d}"


def _renamed(batch: Batch, lost: dict[str, str]) -> Batch:
    """Takes the key out of ``lost``; of several, that of the earliest message."""
    for identity in sorted(batch.identities(), key=lambda each: each[1]):
        if (key := lost.pop(anchor_text(identity), None)) is not None:
            return replace(batch, key=key)
    return batch
