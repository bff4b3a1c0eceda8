"""Stop flag that a signal handler can set safely."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType

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


class SignalInterrupt(KeyboardInterrupt):
    """Raised in the main thread by a signal, so that what is open is closed as after Ctrl+C."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__()


@contextmanager
def exit_on_signal() -> Iterator[None]:
    """STOP_SIGNALS end the block, close what it opened, and exit with 128 + number. Main thread only."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise SignalInterrupt(number)

    wanted = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup
    previous = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    except SignalInterrupt as error:
        raise SystemExit(128 + error.number) from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
