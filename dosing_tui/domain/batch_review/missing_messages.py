"""Messages of a batch's station that are missing by their numbers (``seq``)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.quantities.quantity_text import count_noun

LEARNING_TIME = timedelta(seconds=60)
"""A gap shows 10 s after a later message; the status comes every 30 s."""
MAX_GAPS = 5
"""Most gaps named in a sentence."""


class MissingMessages(Struct, frozen=True):
    """A gap in a station's numbers. ``count`` is negative for messages that came after all."""

    device_id: str
    at: datetime
    """When the collector learned it."""
    count: int
    numbers: str
    """'118' or '118-120'."""


def describe_missing(batch: Batch, gaps: Iterable[MissingMessages]) -> str:
    """What is missing around the batch; '' if nothing is, or if the station does not number its messages."""
    last = (batch.ends_at or batch.last_at) + LEARNING_TIME
    own = [gap for gap in gaps if gap.device_id == batch.device_id and batch.begins_at <= gap.at <= last]
    count = sum(gap.count for gap in own)
    if count <= 0:
        return ""
    lost = [gap.numbers for gap in own if gap.count > 0]
    numbers = ", ".join(lost[:MAX_GAPS]) + (" …" if len(lost) > MAX_GAPS else "")
    return f"{count_noun(count, 'message')} of the station missing around this batch (seq {numbers})"
