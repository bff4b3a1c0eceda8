"""Keeps a collector's process running behind the console: starts it, listens to it, starts it again."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.collector_process.child_process import PROGRAM, Child
from dosing_tui.collector_process.messages import Begin, Logged, News, Taken
from dosing_tui.collector_process.remote_live_state import Mirror
from dosing_tui.config.settings import Settings

NO_ANSWER = "The collector process does not answer."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds."""

    silent_s: float = 5.0
    """Longer without a sign of life, and the screen says so. One a second is usual."""
    hung_s: float = 30.0
    """Longer, and the process is ended by force."""
    again_s: float = 1.0
    """Before the first new start; each one after it waits twice as long."""
    again_most_s: float = 30.0
    good_s: float = 60.0
    """A process that lived so long is started again as if it were the first."""
    end_s: float = 40.0
    """Longest wait at the end; the process itself takes its time, and no longer than that."""


DEFAULT_PATIENCE = Patience()


class Keeper:
    """What is heard shows on ``mirror``."""

    def __init__(
        self,
        settings: Settings,
        mirror: Mirror,
        *,
        clock: Callable[[], datetime],
        patience: Patience = DEFAULT_PATIENCE,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._settings = settings
        self._mirror = mirror
        self._clock = clock
        self._patience = patience
        self._program = program
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """The collector has ended cleanly when this returns: what it took is in the spool."""
        with self._lock:
            self._stopping.set()
            if self._child:
                self._child.channel.finish()
        if not self._thread.is_alive():
            return
        self._thread.join(self._patience.end_s)
        with self._lock:
            if self._child:
                self._child.kill()
        self._thread.join()

    def _run(self) -> None:
        delay = self._patience.again_s
        while not self._stopping.is_set():
            began = time.monotonic()
            why = self._life()
            if time.monotonic() - began >= self._patience.good_s:
                delay = self._patience.again_s
            if not self._stopping.is_set():
                log.error("%s It is started again in %g s.", why, delay)
                self._mirror.lose(f"{why} It is started again.", self._clock())
            self._stopping.wait(delay)
            delay = min(2 * delay, self._patience.again_most_s)

    def _life(self) -> str:
        """Of one process, from its start to its end; answers in a sentence how it ended."""
        try:
            child = self._begin()
        except OSError as error:
            return f"The collector process cannot be started: {error.strerror}."
        if child is None:
            return ""
        try:
            child.channel.send(Begin(self._settings, self._mirror.known(self._clock())))
            self._listen(child)
        except (EOFError, OSError):
            log.info("the collector process %s says no more", child.pid)
        except Exception:
            # the boundary of this thread: a new process may do better
            log.exception("listening to the collector process failed")
        child.channel.finish()
        ending = child.bury(self._patience.end_s)
        with self._lock:
            self._child = None
        return f"The collector process {ending}."

    def _begin(self) -> Child | None:
        """None when it is too late for a new one."""
        with self._lock:
            if self._stopping.is_set():
                return None
            self._child = Child(self._program)
        self._mirror.begin(self._child.pid)
        log.info("the collector process %s begins", self._child.pid)
        return self._child

    def _listen(self, child: Child) -> None:
        """Silence is counted in waits, not by the clock: this process may have been stopped meanwhile."""
        silent = 0.0
        step = min(1.0, self._patience.silent_s)
        while silent < self._patience.hung_s:
            if child.channel.waits(step):
                silent = 0.0
                self._hear(child)
                continue
            silent += step
            if silent >= self._patience.silent_s and not self._stopping.is_set():
                self._mirror.lose(NO_ANSWER, self._clock())
        log.error("%s It is ended by force.", NO_ANSWER)
        child.kill()

    def _hear(self, child: Child) -> None:
        match child.channel.receive():
            case News(fields):
                self._mirror.take(fields)
                with suppress(OSError):  # its last lines may still be read
                    child.channel.send(Taken())
            case Logged() as line:
                _log(line)


def _log(line: Logged) -> None:
    record = logging.makeLogRecord(
        {"name": line.logger, "levelno": line.level, "levelname": logging.getLevelName(line.level),
         "msg": line.text, "exc_text": line.trace or None}
    )  # fmt: skip
    logging.getLogger(line.logger).handle(record)
