"""The batches that run, followed from one look at the newest readings to the next."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import is_

from dosing_tui.domain.batches.models import Batch, BatchMessage
from dosing_tui.domain.batches.reconstruction import find_running_batch
from dosing_tui.domain.messages.models import BatchEvent, Dose


class RunningBatches:
    """A station is looked at again when other messages of it are there, and each minute. For one thread.

    Messages are compared by identity: whoever asks has the same objects for the same messages.
    """

    def __init__(self) -> None:
        self._last_lists: tuple[object, ...] = ()
        self._minute: datetime | None = None
        self._messages: Mapping[str, Sequence[BatchMessage]] = {}
        self._running: dict[str, Batch] = {}

    def find_batches(
        self, doses: Sequence[Dose], events: Sequence[BatchEvent], now: datetime
    ) -> Mapping[str, Batch]:
        """Station -> its batch that runs. Not to be changed."""
        minute = now.replace(second=0, microsecond=0)
        lists = (doses, events)
        if minute == self._minute and all(map(is_, lists, self._last_lists)):
            return self._running
        messages: dict[str, list[BatchMessage]] = defaultdict(list)
        readings: tuple[BatchMessage, ...] = (*doses, *events)
        for message in readings:
            messages[message.device_id].append(message)
        known = self._messages if minute == self._minute else {}
        found = {
            device: self._running.get(device)
            if _are_same(own, known.get(device, ()))
            else find_running_batch(own, now=minute)
            for device, own in messages.items()
        }
        self._last_lists, self._minute, self._messages = lists, minute, messages
        self._running = {device: batch for device, batch in found.items() if batch is not None}
        return self._running


def _are_same(some: Sequence[object], others: Sequence[object]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
