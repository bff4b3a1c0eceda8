"""Starts the collector's process, and holds it: its channel, what it writes by mistake, its end."""

import logging
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from dosing_tui.collector_process.messages import ToCollector, ToConsole
from dosing_tui.ipc.pipe import Channel
from dosing_tui.ipc.spawn import start

PROGRAM = ("-m", "dosing_tui.backstage")
LONGEST_LINE = 2_000

log = logging.getLogger(__name__)


class Child:
    """Raises: OSError."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._process, descriptor = start(program, output=subprocess.PIPE)
        self.channel: Channel[ToCollector, ToConsole] = Channel(descriptor)
        assert self._process.stdout
        self._writing = threading.Thread(
            target=_log_all, args=(self._process.stdout,), name="collector-output", daemon=True
        )
        self._writing.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """At once. What was taken is in the spool."""
        self._process.kill()

    def bury(self, within_s: float) -> str:
        """Wait for its end, force it after ``within_s``; answers how it ended, for a sentence."""
        try:
            status = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        self.channel.close()
        self._writing.join()
        return _ending(status)


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    with suppress(ValueError):
        return f"was ended by signal {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def _log_all(output: IO[bytes]) -> None:
    """Until its end. A line beyond any reason comes in pieces."""
    with output:
        while line := output.readline(LONGEST_LINE):
            log.warning("the collector process wrote: %s", line.decode("utf-8", "replace").rstrip())
