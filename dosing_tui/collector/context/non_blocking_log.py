"""Hands sentences to whoever writes them, and never waits: a stuck log must not stop collecting."""

import queue
import threading

from dosing_tui.collector.context.status import StatusReporter

MAX_QUEUE_LINES = 1_000
"""Most sentences kept for a slow log; what comes beyond is not said."""


class NonBlockingLog:
    def __init__(self, report: StatusReporter) -> None:
        self._report = report
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_QUEUE_LINES)
        self._thread = threading.Thread(target=self._run_loop, name="announcer", daemon=True)
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

    def _run_loop(self) -> None:
        while (sentence := self._lines.get()) is not None:
            try:
                self._report(sentence)
            except (OSError, ValueError):
                return  # a broken pipe, a closed file: nobody listens any more
