"""Carries one message at a time to one channel, in a thread of its own: one that hangs holds up nobody."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from dosing_tui.domain.notifications.policy import Message
from dosing_tui.errors import DeliveryError

log = logging.getLogger(__name__)

Deliver = Callable[[Message], str]
"""Answers what there is to say. Raises: DeliveryError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the notice ``id``; ``trouble`` is None if it was told."""

    channel: str
    id: int
    what: str
    """What was told, in a few words."""
    said: str = ""
    trouble: DeliveryError | None = None


class Courier:
    def __init__(self, channel: str, deliver: Deliver, done: "SimpleQueue[Outcome]") -> None:
        self._channel = channel
        self._deliver = deliver
        self._done = done
        self._given: SimpleQueue[tuple[int, str, Message]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"notify-{channel}", daemon=True)
        self.carries: int | None = None
        """The notice under way; its giver sets it to None when the outcome is known."""

    def start(self) -> None:
        """It ends with the process: nothing else ends a server that hangs."""
        self._thread.start()

    def carry(self, id_: int, what: str, message: Message) -> None:
        self.carries = id_
        self._given.put((id_, what, message))

    def _run(self) -> None:
        while True:
            id_, what, message = self._given.get()
            try:
                outcome = Outcome(self._channel, id_, what, said=self._deliver(message))
            except DeliveryError as error:
                outcome = Outcome(self._channel, id_, what, trouble=error)
            except Exception as error:
                # the boundary of this thread: another try may do better
                log.exception("notification %s failed", self._channel)
                outcome = Outcome(self._channel, id_, what, trouble=DeliveryError(f"It failed: {error!r}."))
            self._done.put(outcome)
