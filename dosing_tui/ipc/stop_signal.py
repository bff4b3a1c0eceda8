"""Stop flag that a signal handler can set safely."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignal:
    """Set by any thread or signal handler, awaited by any thread.

    Not an Event: a handler that sets one while its own thread holds the Event's lock would deadlock.
    """

    def __init__(self) -> None:
        # the only queue of the standard library whose put is reentrant
        self._flag_queue: SimpleQueue[None] = SimpleQueue()

    @property
    def is_set(self) -> bool:
        return not self._flag_queue.empty()

    def request_stop(self) -> None:
        self._flag_queue.put(None)

    def wait_until_set(self, timeout_s: float | None = None) -> bool:
        """Wait until a stop is requested. False after ``timeout_s``."""
        try:
            self._flag_queue.get(timeout=timeout_s)
        except Empty:
            return False
        self._flag_queue.put(None)  # the flag stays set
        return True


@contextmanager
def stop_on_signal() -> Iterator[StopSignal]:
    """A StopSignal that STOP_SIGNALS set; restores the handlers at the end. Main thread only."""
    stop_signal = StopSignal()
    previous = {
        number: signal.signal(number, lambda *_: stop_signal.request_stop()) for number in STOP_SIGNALS
    }
    try:
        yield stop_signal
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
