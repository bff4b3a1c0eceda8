"""The other end of a ``SubprocessCall``: a process that calls one function."""

import os
import resource
import select
import signal
import traceback
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from dosing_tui.ipc.cycle_search import resume_cycle_search
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.supervised_thread import start_one_shot

NICE_LEVEL = 5
"""Below the priority of the collector and the console."""

CallTarget: TypeAlias = Callable[..., None]
CallRequest: TypeAlias = CallTarget | tuple[object, ...]
"""The first message is the target; each further one calls it with these arguments."""

CallResult: TypeAlias = tuple[Exception | None, float]
"""What was raised, and the largest resident memory of the process in MiB; 0 while it is its owner's."""


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
        resume_cycle_search()
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
