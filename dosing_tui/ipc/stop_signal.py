"""The word to end, safe to be said by a signal's handler."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignal:
    """Said by any thread or handler, awaited by any thread.

    Not an Event: a handler that sets one while its own thread is just about to wait for it waits for itself.
    """

    def __init__(self) -> None:
        # the one queue of the standard library whose put may interrupt itself
        self._flag_queue: SimpleQueue[None] = SimpleQueue()

    @property
    def is_set(self) -> bool:
        return not self._flag_queue.empty()

    def request_stop(self) -> None:
        self._flag_queue.put(None)

    def wait_until_set(self, timeout_s: float | None = None) -> bool:
        """Until it is said, at most so long; False if it is not."""
        try:
            self._flag_queue.get(timeout=timeout_s)
        except Empty:
            return False
        self._flag_queue.put(None)  # it stays said
        return True


@contextmanager
def stop_on_signal() -> Iterator[StopSignal]:
    """What the first signal says that asks this process to end. For the main thread."""
    ending = StopSignal()
    before = {number: signal.signal(number, lambda *_: ending.request_stop()) for number in STOP_SIGNALS}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
