"""Hands sentences to whoever writes them, and never waits: a stuck log must not stop collecting."""

import queue
import threading

from dosing_tui.collector.context.status import Report

WAITING = 1_000
"""Most sentences kept for a slow log; what comes beyond is not said."""


class Announcer:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._sentences: queue.Queue[str | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
        self._thread.start()

    def say(self, sentence: str | None) -> None:
        try:
            self._sentences.put_nowait(sentence)
        except queue.Full:
            return

    def close(self, timeout_s: float) -> None:
        """Say what is left to be said, if anybody takes it in time."""
        self.say(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            try:
                self._report(sentence)
            except (OSError, ValueError):
                return  # a broken pipe, a closed file: nobody listens any more
