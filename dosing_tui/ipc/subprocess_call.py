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

from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.spawn import spawn_process

PROGRAM_ARGS = ("-m", "dosing_tui.ipc.subprocess_call")
NICE_LEVEL = 5
"""Whoever waits for a reading or a key comes first."""

CallTarget: TypeAlias = Callable[[], None]
CallRequest: TypeAlias = CallTarget | None
"""What to do from now on, first; then, each time, to do it."""


class SubprocessCall:
    """For one thread, except ``close``. ``target`` is pickled once; the first call starts its process."""

    def __init__(self, target: CallTarget) -> None:
        self._target = target
        self._lock = Lock()
        self._is_closed = False
        self._process: _CallProcess | None = None

    def __call__(self) -> None:
        """Raises: what ``target`` raises; OSError or EOFError when its process did not start or has ended."""
        other = self._ensure_process()
        try:
            other.pipe.send(None)
            failure = other.pipe.receive_message()
        except (EOFError, OSError):
            self._end_process()
            raise
        if failure is not None:
            raise failure

    def close(self) -> None:
        """For any thread; a call that is under way ends with EOFError or OSError."""
        with self._lock:
            self._is_closed = True
        self._end_process()

    def _ensure_process(self) -> "_CallProcess":
        with self._lock:
            if self._is_closed:
                raise EOFError
            if self._process is None:
                self._process = _CallProcess(self._target)
            return self._process

    def _end_process(self) -> None:
        with self._lock:
            other, self._process = self._process, None
        if other:
            other.kill_process()


class _CallProcess:
    """The process. Raises: OSError."""

    def __init__(self, target: CallTarget) -> None:
        self._popen, descriptor = spawn_process(PROGRAM_ARGS)
        self.pipe: MessagePipe[CallRequest, Exception | None] = MessagePipe(descriptor)
        self.pipe.send(target)

    def kill_process(self) -> None:
        """At once, whatever it does."""
        self._popen.kill()
        self._popen.wait()


def main(descriptor: int) -> int:
    """Until the other side is gone, whose word alone ends it."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    os.nice(NICE_LEVEL)
    channel: MessagePipe[Exception | None, CallRequest] = MessagePipe(descriptor)
    try:
        work = channel.receive_message()
        assert work is not None
        while True:
            channel.receive_message()
            channel.send(_run_target(work))
    except (EOFError, OSError):
        return 0


def _run_target(target: CallTarget) -> Exception | None:
    try:
        target()
    except Exception as error:
        # the boundary of this process: the other side raises it
        error.add_note(traceback.format_exc())
        return error
    return None


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
