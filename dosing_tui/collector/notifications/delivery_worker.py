"""Carries one message at a time to one channel, in a thread of its own: one that hangs holds up nobody."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.errors import DeliveryError

log = logging.getLogger(__name__)

DeliverFunction = Callable[[NotificationMessage], str]
"""Answers what there is to say. Raises: DeliveryError."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What became of the notice ``id``; ``error`` is None if it was told."""

    channel: str
    id: int
    description: str
    """What was told, in a few words."""
    response: str = ""
    error: DeliveryError | None = None


class DeliveryWorker:
    def __init__(
        self, channel: str, deliver: DeliverFunction, results: "SimpleQueue[DeliveryResult]"
    ) -> None:
        self._channel = channel
        self._deliver = deliver
        self._results = results
        self._jobs: SimpleQueue[tuple[int, str, NotificationMessage]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run_loop, name=f"notify-{channel}", daemon=True)
        self.current_id: int | None = None
        """The notice under way; its giver sets it to None when the outcome is known."""

    def start(self) -> None:
        """It ends with the process: nothing else ends a server that hangs."""
        self._thread.start()

    def start_delivery(self, id_: int, description: str, message: NotificationMessage) -> None:
        self.current_id = id_
        self._jobs.put((id_, description, message))

    def _run_loop(self) -> None:
        while True:
            id_, what, message = self._jobs.get()
            try:
                outcome = DeliveryResult(self._channel, id_, what, response=self._deliver(message))
            except DeliveryError as error:
                outcome = DeliveryResult(self._channel, id_, what, error=error)
            except Exception as error:
                # the boundary of this thread: another try may do better
                log.exception("notification %s failed", self._channel)
                outcome = DeliveryResult(
                    self._channel, id_, what, error=DeliveryError(f"It failed: {error!r}.")
                )
            self._results.put(outcome)
