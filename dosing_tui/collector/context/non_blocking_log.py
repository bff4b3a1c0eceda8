"""Writes log lines in a thread of its own: a blocked log must not stop the collector."""

import queue

from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.ipc.supervised_thread import SupervisedThread

MAX_QUEUE_LINES = 1_000
"""Maximum of queued lines for a slow log; further lines are lost."""


class NonBlockingLog:
    def __init__(self, report: StatusReporter) -> None:
        self._report = report
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_QUEUE_LINES)
        self._thread = SupervisedThread("announcer", self._write_next)
        self._thread.start()

    def write_line(self, line: str | None) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return

    def close(self, timeout_s: float) -> None:
        """Write the queued lines for at most ``timeout_s``."""
        self.write_line(None)
        self._thread.join(timeout_s)

    def _write_next(self) -> bool:
        if (line := self._lines.get()) is None:
            return False
        try:
            self._report(line)
        except (OSError, ValueError):
            return False  # broken pipe or closed file: no reader is left
        return True
