"""Delivers one message at a time to one channel, in its own thread: a channel that hangs delays no other."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from dosing_tui.domain.notifications.policy import DeliveryStatus, NotificationMessage
from dosing_tui.errors import DeliveryError
from dosing_tui.ipc.supervised_thread import SupervisedThread

log = logging.getLogger(__name__)

DeliverFunction = Callable[[NotificationMessage], str]
"""Returns the server's response, for the log. Raises: DeliveryError."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Result of delivering the notice ``id``; ``error`` is None if it was sent."""

    channel: str
    id: int
    description: str
    """The alarm and trigger, or the number of summarized messages."""
    response: str = ""
    error: DeliveryError | None = None

    @property
    def status(self) -> DeliveryStatus:
        """PENDING: to be retried."""
        if self.error is None:
            return DeliveryStatus.SENT
        return DeliveryStatus.FAILED if self.error.is_permanent else DeliveryStatus.PENDING


class DeliveryWorker:
    def __init__(
        self, channel: str, deliver: DeliverFunction, results: "SimpleQueue[DeliveryResult]"
    ) -> None:
        self._channel = channel
        self._deliver = deliver
        self._results = results
        self._jobs: SimpleQueue[tuple[int, str, NotificationMessage]] = SimpleQueue()
        self._thread = SupervisedThread(f"notify-{channel}", self._deliver_next)
        self.current_id: int | None = None
        """The notice being delivered; its owner sets it to None when the result is processed."""

    def start(self) -> None:
        """The thread ends with the process: a server that hangs cannot be interrupted."""
        self._thread.start()

    def start_delivery(self, id_: int, description: str, message: NotificationMessage) -> None:
        self.current_id = id_
        self._jobs.put((id_, description, message))

    def _deliver_next(self) -> None:
        id_, description, message = self._jobs.get()
        response, failure = "", None
        try:
            response = self._deliver(message)
        except DeliveryError as error:
            failure = error
        except BaseException as error:
            # the boundary of the delivery: without a result the channel would never send again
            log.exception("notification %s failed", self._channel)
            failure = DeliveryError(f"It failed: {error!r}.")
        self._results.put(DeliveryResult(self._channel, id_, description, response, failure))
