"""Stable batch keys: reviews stay with a batch when late messages change its start."""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.batches.canonical_json import format_instant, to_canonical_json
from dosing_tui.domain.batches.models import Batch, MessageIdentity


class KeyAssignment(Struct, frozen=True):
    """Batches with their stored keys, and stored keys without a batch."""

    batches: tuple[Batch, ...]
    obsolete_keys: frozenset[str]


def restore_keys(batches: Iterable[Batch], anchors: Mapping[str, str]) -> KeyAssignment:
    """Restore the stored keys of reconstructed batches.

    ``anchors``: anchors by stored key, of the same station and period. A batch that contains the anchor of a
    stored batch keeps its key, even if it starts earlier now.
    """
    found = list(batches)
    known = {batch.key for batch in found}
    lost = {anchor: key for key, anchor in anchors.items() if key not in known}
    kept = [_restore_key(batch, lost) if lost and batch.key not in anchors else batch for batch in found]
    return KeyAssignment(tuple(kept), frozenset(lost.values()))


def format_anchor(anchor: MessageIdentity) -> str:
    """Format a message identity for storage; equal identities give equal text."""
    device, at, *rest = anchor
    return to_canonical_json([device, format_instant(at), *rest])


def format_batch_id(device_id: str, day: date, number: int) -> str:
    """Format the displayed batch ID: station, day and number of the batch on that day.

    >>> format_batch_id("dosing_system_01", date(2026, 11, 24), 7)
    'dosing_system_01-20261124-007'
    """
    return f"{device_id}-{day:%Y%m%d}-{number:03d}"


def _restore_key(batch: Batch, free_keys: dict[str, str]) -> Batch:
    """Assign the stored key of the earliest matching anchor and remove it from ``free_keys``."""
    for identity in sorted(batch.iter_identities(), key=lambda each: each[1]):
        if (key := free_keys.pop(format_anchor(identity), None)) is not None:
            return replace(batch, key=key)
    return batch
