"""Starts the collector's process, and holds it: its channel, what it writes by mistake, its end."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from dosing_tui.backstage.channel import Channel
from dosing_tui.backstage.messages import ToCollector, ToConsole

PROGRAM = ("-m", "dosing_tui.backstage")
LONGEST_LINE = 2_000

log = logging.getLogger(__name__)


class Child:
    """In a session of its own: the terminal's signals are the console's alone. Raises: OSError."""

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    [sys.executable, "-P", *program], stdin=theirs.fileno(), stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, start_new_session=True, env=_environment(),
                )  # fmt: skip
            except BaseException:
                ours.close()
                raise
        self.channel: Channel[ToCollector, ToConsole] = Channel(ours.detach())
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


def _environment() -> dict[str, str]:
    """The same program as ours, wherever that was imported from."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path)}


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
