"""A batch under way as the stations' messages tell it now, before the database has it. Pure."""

from dataclasses import replace
from datetime import datetime

from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.live_state import LiveSnapshot


def apply_live_messages(batch: Batch, snapshot: LiveSnapshot, now: datetime) -> Batch:
    """The batch with what has been heard of it since; the same one if it is over, or nothing was."""
    if batch.status is not BatchStatus.OPEN:
        return batch
    told_now: tuple[BatchMessage, ...] = (*snapshot.doses, *snapshot.events)
    heard = [
        message
        for message in told_now
        if message.device_id == batch.device_id and message.time >= batch.begins_at
    ]
    if not heard:
        return batch
    told = reconstruct_batches([*batch.events, *batch.doses, *heard], now=now)
    ours = next((each for each in told if batch.anchor in set(each.iter_identities())), batch)
    return replace(ours, key=batch.key, stock=batch.stock)
