"""The collector process in the console: channel, output, exit status."""

import logging
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Protocol

from dosing_tui.collector_process.forked_process import ForkedProcess
from dosing_tui.collector_process.messages import MessageToCollector, MessageToConsole
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.spawn import spawn_process
from dosing_tui.ipc.supervised_thread import start_one_shot

PROGRAM_ARGS = ("-m", "dosing_tui.collector_process")
MAX_LINE_BYTES = 2_000

log = logging.getLogger(__name__)


class ChildProcess(Protocol):
    """As subprocess.Popen."""

    @property
    def pid(self) -> int: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class CollectorSubprocess:
    """Takes the forked process or starts ``program``, and logs its output. Raises: OSError."""

    def __init__(self, program: Sequence[str] = PROGRAM_ARGS, *, forked: ForkedProcess | None = None) -> None:
        self._process: ChildProcess
        output: IO[bytes]
        if forked is not None:
            self._process, descriptor, output = forked, forked.channel, forked.stdout
        else:
            spawned, descriptor = spawn_process(program, output=subprocess.PIPE)
            assert spawned.stdout
            self._process, output = spawned, spawned.stdout
        self.pipe: MessagePipe[MessageToCollector, MessageToConsole] = MessagePipe(descriptor)
        self._output_thread = start_one_shot("collector-output", partial(_log_output, output))

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill_process(self) -> None:
        """Send SIGKILL. Received messages are in the spool."""
        self._process.kill()

    def wait_and_close(self, timeout_s: float) -> str:
        """Wait for the exit; kill the process after ``timeout_s``. Returns e.g. 'ended with status 0'."""
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill_process()
            status = self._process.wait()
        self.pipe.close()
        self._output_thread.join()
        return _describe_exit(status)


def _describe_exit(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    with suppress(ValueError):
        return f"was ended by signal {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def _log_output(output: IO[bytes]) -> None:
    """Log the output until its end. A line above MAX_LINE_BYTES is split."""
    with output:
        while line := output.readline(MAX_LINE_BYTES):
            log.warning("the collector process wrote: %s", line.decode("utf-8", "replace").rstrip())
