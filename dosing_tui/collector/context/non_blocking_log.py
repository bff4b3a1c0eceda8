"""Hands sentences to whoever writes them, and never waits: a stuck log must not stop collecting."""

import queue

from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.ipc.supervised_thread import SupervisedThread

MAX_QUEUE_LINES = 1_000
"""Most sentences kept for a slow log; what comes beyond is not said."""


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
        """Say what is left to be said, if anybody takes it in time."""
        self.write_line(None)
        self._thread.join(timeout_s)

    def _write_next(self) -> bool:
        if (line := self._lines.get()) is None:
            return False
        try:
            self._report(line)
        except (OSError, ValueError):
            return False  # a broken pipe, a closed file: there is no reader any more
        return True
