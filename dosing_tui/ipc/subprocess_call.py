"""Calls one function in another process: a long computation would hold Python's lock in this one.

The other process runs ``call_process``, with the channel as its stdin.
"""

from collections.abc import Callable
from threading import Lock

from dosing_tui.ipc.call_server import CallRequest, CallResult, CallTarget
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.spawn import spawn_process

PROGRAM_ARGS = ("-m", "dosing_tui.ipc.call_process")
MAX_IDLE_MB = 120
"""A process that has ever been larger is ended after its call: Python would keep the memory for good."""


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
