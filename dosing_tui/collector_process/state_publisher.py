"""The collector's process tells the console's: news of the picture, lines for the log. Never waits for it."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime

from dosing_tui.collector_process.messages import Logged, News, ToCollector, ToConsole
from dosing_tui.collector_process.state_delta import changes
from dosing_tui.ipc.pipe import Channel
from dosing_tui.live_state import Picture, PictureSource

LOOK_S = 0.1
"""News at most so often."""
SIGN_OF_LIFE_S = 1.0
WAITING = 1_000
"""Most lines kept for a console that does not read; what comes beyond is not logged."""
LAST_WORDS_S = 2.0


class Telling:
    """One thread, from ``start`` to ``close`` or until nobody is there any more. There are never two news
    under way: the next ones wait for ``taken``, and then tell everything that has changed since.
    """

    def __init__(
        self,
        channel: Channel[ToConsole, ToCollector],
        source: PictureSource,
        clock: Callable[[], datetime],
    ) -> None:
        self._channel = channel
        self._source = source
        self._clock = clock
        self._lines: queue.Queue[Logged] = queue.Queue(WAITING)
        self._told = Picture()
        self._room = True
        self._told_at = -SIGN_OF_LIFE_S
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """The last lines are sent, if anybody reads them in time."""
        self._closing.set()
        self._thread.join(LAST_WORDS_S)

    def taken(self) -> None:
        self._room = True

    def log(self, line: Logged) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return

    def _run(self) -> None:
        try:
            while not self._closing.wait(LOOK_S):
                self._send_lines()
                if self._room:
                    self._send_news()
            self._send_lines()
        except OSError:
            return  # the console is gone, which the receiving side notices, too

    def _send_lines(self) -> None:
        while not self._lines.empty():
            self._channel.send(self._lines.get())

    def _send_news(self) -> None:
        picture = self._source.picture(self._clock())
        fields = changes(self._told, picture)
        if not fields and time.monotonic() - self._told_at < SIGN_OF_LIFE_S:
            return
        self._room = False
        self._channel.send(News(fields))
        self._told, self._told_at = picture, time.monotonic()


class LogHandler(logging.Handler):
    """Every record becomes a line for the console's log."""

    def __init__(self, telling: Telling) -> None:
        super().__init__()
        self._telling = telling

    def emit(self, record: logging.LogRecord) -> None:
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self._telling.log(Logged(record.name, record.levelno, record.getMessage(), trace))
