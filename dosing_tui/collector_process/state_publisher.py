"""Sends state updates and log lines from the collector process to the console."""

import logging
import queue
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from dosing_tui.collector_process.messages import MessageToCollector, MessageToConsole, StateUpdate
from dosing_tui.collector_process.state_delta import pack_changes
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.live_state import LiveState

UPDATE_INTERVAL_S = 0.1
"""Shortest interval between two state updates."""
COLLECT_S = 0.04
"""A message is received, stored and counted within it: one update for all, instead of one for each."""
HEARTBEAT_S = 1.0
MAX_QUEUE_LINES = 1_000
"""Maximum of queued lines while the console does not read; further lines are lost."""
CLOSE_TIMEOUT_S = 2.0


class StatePublisher:
    """One thread, from ``start`` to ``close`` or until the console is gone.

    At most one update is unacknowledged. The next one waits for ``on_update_ack`` and contains all changes.
    """

    def __init__(
        self,
        pipe: MessagePipe[MessageToConsole, MessageToCollector],
        source: LiveState,
        clock: Callable[[], datetime],
    ) -> None:
        self._pipe = pipe
        self._source = source
        self._clock = clock
        self._log_lines: queue.Queue[logging.LogRecord] = queue.Queue(MAX_QUEUE_LINES)
        self._last_snapshot = LiveSnapshot()
        self._can_send, self._is_held_back = True, False
        """Held back: there was something to send before the console had taken the last update."""
        self._wake = source.change_event
        self._last_update = -HEARTBEAT_S
        self._thread = SupervisedThread("state-publisher", self._publish_state, finish=self._send_last_lines)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send the queued log lines for at most CLOSE_TIMEOUT_S and end the thread."""
        self._thread.request_stop()
        self._wake.set()
        self._thread.stop(CLOSE_TIMEOUT_S)

    def on_update_ack(self) -> None:
        self._can_send = True
        if self._is_held_back:
            self._is_held_back = False
            self._wake.set()

    def queue_log_line(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self._log_lines.put_nowait(record)
        self._wake.set()

    def _publish_state(self) -> bool:
        """Once something has changed: an idle plant wakes nobody but for its heartbeat."""
        self._wake.wait(HEARTBEAT_S)
        self._thread.wait(max(COLLECT_S, self._last_update + UPDATE_INTERVAL_S - time.monotonic()))
        self._wake.clear()
        try:
            self._send_log_lines()
            self._is_held_back = True
            if self._can_send:
                self._is_held_back = False
                self._send_update()
        except OSError:
            return False  # the console is gone; console-commands detects it as well
        return True

    def _send_last_lines(self) -> None:
        with suppress(OSError):
            self._send_log_lines()

    def _send_log_lines(self) -> None:
        while not self._log_lines.empty():
            self._pipe.send(self._log_lines.get())

    def _send_update(self) -> None:
        snapshot = self._source.get_snapshot(self._clock())
        fields = pack_changes(self._last_snapshot, snapshot)
        if not fields and time.monotonic() - self._last_update < HEARTBEAT_S:
            return
        self._can_send = False
        self._pipe.send(StateUpdate(fields))
        self._last_snapshot, self._last_update = snapshot, time.monotonic()


class PipeLogHandler(logging.Handler):
    """Sends every log record as a line to the console's log."""

    def __init__(self, publisher: StatePublisher) -> None:
        super().__init__()
        self._publisher = publisher

    def emit(self, record: logging.LogRecord) -> None:
        # only text: arguments and tracebacks cannot be pickled
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else None
        self._publisher.queue_log_line(
            logging.makeLogRecord(
                {"name": record.name, "levelno": record.levelno, "levelname": record.levelname,
                 "msg": record.getMessage(), "exc_text": trace}
            )
        )  # fmt: skip
