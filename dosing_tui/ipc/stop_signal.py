"""The word to end, safe to be said by a signal's handler."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """Said by any thread or handler, awaited by any thread.

    Not an Event: a handler that sets one while its own thread is just about to wait for it waits for itself.
    """

    def __init__(self) -> None:
        # the one queue of the standard library whose put may interrupt itself
        self._said: SimpleQueue[None] = SimpleQueue()

    @property
    def said(self) -> bool:
        return not self._said.empty()

    def say(self) -> None:
        self._said.put(None)

    def wait(self, seconds: float | None = None) -> bool:
        """Until it is said, at most so long; False if it is not."""
        try:
            self._said.get(timeout=seconds)
        except Empty:
            return False
        self._said.put(None)  # it stays said
        return True


@contextmanager
def ended_by_signal() -> Iterator[Ending]:
    """What the first signal says that asks this process to end. For the main thread."""
    ending = Ending()
    before = {number: signal.signal(number, lambda *_: ending.say()) for number in SIGNALS}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
