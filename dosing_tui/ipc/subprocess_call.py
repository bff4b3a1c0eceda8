"""Calls one function in another process: a long computation would hold Python's lock in this one.

The other process runs this module as a program, with the channel as its stdin.
"""

import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TypeAlias

from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.spawn import spawn_process
from dosing_tui.ipc.supervised_thread import start_one_shot

PROGRAM_ARGS = ("-m", "dosing_tui.ipc.subprocess_call")
NICE_LEVEL = 5
"""Below the priority of the collector and the console."""
MAX_IDLE_MB = 120
"""A process that has ever been larger is ended after its call: Python would keep the memory for good."""

CallTarget: TypeAlias = Callable[..., None]
CallRequest: TypeAlias = CallTarget | tuple[object, ...]
"""The first message is the target; each further one calls it with these arguments."""

CallResult: TypeAlias = tuple[Exception | None, float]
"""What was raised, and the largest resident memory of the process in MiB; 0 while it is its owner's."""


class SubprocessCall:
    """For one thread, except ``close`` and ``end_process``.

    ``target`` is pickled once for each process; the first call starts one.
    ``list_arguments``: the arguments of a call, pickled each time.
    """

    def __init__(
        self, target: CallTarget, *, list_arguments: Callable[[], tuple[object, ...]] = tuple
    ) -> None:
        self._target = target
        self._list_arguments = list_arguments
        self._lock = Lock()
        self._is_closed = False
        self._process: _CallProcess | None = None

    def __call__(self) -> None:
        """Raises: what ``target`` raises; OSError or EOFError when its process did not start or ended."""
        process = self._ensure_process()
        try:
            process.pipe.send(self._list_arguments())
            failure, peak_mb = process.pipe.receive_message()
        except (EOFError, OSError):
            self.end_process()
            raise
        if peak_mb > MAX_IDLE_MB:
            self.end_process()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the process. For any thread; a running call raises EOFError or OSError."""
        with self._lock:
            self._is_closed = True
        self.end_process()

    def _ensure_process(self) -> "_CallProcess":
        with self._lock:
            if self._is_closed:
                raise EOFError
            self._process = self._process or _CallProcess(self._target)
            return self._process

    def end_process(self) -> None:
        """Free its memory; the next call starts another. A running call raises EOFError or OSError."""
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill_process()


class _CallProcess:
    """The process and its pipe. Raises: OSError."""

    def __init__(self, target: CallTarget) -> None:
        self._popen, descriptor = spawn_process(PROGRAM_ARGS)
        self.pipe: MessagePipe[CallRequest, CallResult] = MessagePipe(descriptor)
        self.pipe.send(target)

    def kill_process(self) -> None:
        """Send SIGKILL and wait for the exit."""
        self._popen.kill()
        self._popen.wait()


def main(descriptor: int) -> int:
    """Serve calls until the other end closes the channel, also during a call. Returns the exit status.

    Signals are ignored.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    os.nice(NICE_LEVEL)
    start_one_shot("owner-watch", partial(_exit_without_owner, descriptor))
    channel: MessagePipe[CallResult, CallRequest] = MessagePipe(descriptor)
    inherited_mb = _read_peak_mb()
    try:
        target = channel.receive_message()
        assert callable(target)
        while True:
            arguments = channel.receive_message()
            assert isinstance(arguments, tuple)
            failure, peak_mb = _run_target(partial(target, *arguments)), _read_peak_mb()
            channel.send((failure, peak_mb if peak_mb > inherited_mb else 0.0))
    except (EOFError, OSError):
        return 0


def _read_peak_mb() -> float:
    """On Linux a new program begins with the peak of the process that started it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _exit_without_owner(descriptor: int) -> None:
    """Wait for the end of the owner's process, then end this one: a call may take hours."""
    watch = select.poll()
    watch.register(descriptor, 0)  # POLLHUP and POLLERR are always reported
    watch.poll()
    os._exit(0)


def _run_target(target: Callable[[], None]) -> Exception | None:
    try:
        target()
    except Exception as error:
        # the boundary of this process: the caller raises it
        error.add_note(traceback.format_exc())
        return error
    return None


if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
