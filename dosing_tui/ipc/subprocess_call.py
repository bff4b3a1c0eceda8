"""Calls one function in a process of its own: what computes for long would hold Python's lock here.

The other process is this module, run as a program, with the channel as its stdin.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from threading import Lock
from typing import TypeAlias

from dosing_tui.ipc.pipe import Channel
from dosing_tui.ipc.spawn import start

PROGRAM = ("-m", "dosing_tui.ipc.subprocess_call")
NICE = 5
"""Whoever waits for a reading or a key comes first."""

Work: TypeAlias = Callable[[], None]
Order: TypeAlias = Work | None
"""What to do from now on, first; then, each time, to do it."""


class Apart:
    """For one thread, but for ``close``. ``work`` is pickled once; its process begins with the first call."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._lock = Lock()
        self._closed = False
        self._other: _Other | None = None

    def __call__(self) -> None:
        """Raises: what ``work`` raises; OSError or EOFError when its process did not begin, or has ended."""
        other = self._begun()
        try:
            other.channel.send(None)
            failure = other.channel.receive()
        except (EOFError, OSError):
            self._end()
            raise
        if failure is not None:
            raise failure

    def close(self) -> None:
        """For any thread; a call that is under way ends with EOFError or OSError."""
        with self._lock:
            self._closed = True
        self._end()

    def _begun(self) -> "_Other":
        with self._lock:
            if self._closed:
                raise EOFError
            if self._other is None:
                self._other = _Other(self._work)
            return self._other

    def _end(self) -> None:
        with self._lock:
            other, self._other = self._other, None
        if other:
            other.end()


class _Other:
    """The process. Raises: OSError."""

    def __init__(self, work: Work) -> None:
        self._process, descriptor = start(PROGRAM)
        self.channel: Channel[Order, Exception | None] = Channel(descriptor)
        self.channel.send(work)

    def end(self) -> None:
        """At once, whatever it does."""
        self._process.kill()
        self._process.wait()


def main(descriptor: int) -> int:
    """Until the other side is gone, whose word alone ends it."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    os.nice(NICE)
    channel: Channel[Exception | None, Order] = Channel(descriptor)
    try:
        work = channel.receive()
        assert work is not None
        while True:
            channel.receive()
            channel.send(_failure(work))
    except (EOFError, OSError):
        return 0


def _failure(work: Work) -> Exception | None:
    try:
        work()
    except Exception as error:
        # the boundary of this process: the other side raises it
        error.add_note(traceback.format_exc())
        return error
    return None


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
