"""A running batch with the latest messages, before the database has them. Pure."""

from datetime import datetime

from msgspec.structs import replace

from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.live_snapshot import LiveSnapshot


def apply_live_messages(batch: Batch, snapshot: LiveSnapshot, now: datetime) -> Batch:
    """Add the station's messages since the batch was read; the same batch if there are none."""
    if batch.status is not BatchStatus.OPEN:
        return batch
    messages: tuple[BatchMessage, ...] = (*snapshot.doses, *snapshot.events)
    new = [one for one in messages if one.device_id == batch.device_id and one.time >= batch.begins_at]
    if not new:
        return batch
    batches = reconstruct_batches([*batch.events, *batch.doses, *new], now=now)
    current = next((each for each in batches if batch.anchor in set(each.iter_identities())), batch)
    return replace(current, key=batch.key, stock=batch.stock)
