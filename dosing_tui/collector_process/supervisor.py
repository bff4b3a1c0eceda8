"""Supervises the collector process of a console: starts it, receives its state, restarts it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from dosing_tui.collector_process.child_process import PROGRAM_ARGS, CollectorSubprocess
from dosing_tui.collector_process.common_imports import import_common
from dosing_tui.collector_process.forked_process import ForkedProcess, can_fork
from dosing_tui.collector_process.messages import StartCollector, StateUpdate, UpdateAck
from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.worker_start import serve_console
from dosing_tui.config.settings import Settings
from dosing_tui.ipc.supervised_thread import RetryDelay, SupervisedThread

RESTART_DELAY = RetryDelay(min_s=1.0, max_s=30.0, jitter=0)
NO_ANSWER = "The collector process does not answer."

log = logging.getLogger(__name__)


class SupervisorTimeouts(Struct, frozen=True):
    """Timeouts of the supervision, in seconds."""

    silence_s: float = 5.0
    """Time without an update until the links count as down. The heartbeat comes every second."""
    start_s: float = 120.0
    """Time without its first update until a process is killed: a busy machine takes long to start one."""
    hang_s: float = 30.0
    """Time without a further update until the process is killed."""
    restart: RetryDelay = RESTART_DELAY
    stable_s: float = 60.0
    """A process that ran this long resets the restart delay."""
    stop_timeout_s: float = 40.0
    """Longest wait at the end; longer than the process's own FORCE_EXIT_S."""


DEFAULT_TIMEOUTS = SupervisorTimeouts()


class CollectorSupervisor:
    """Own thread; publishes the process's state to ``remote_state``."""

    def __init__(
        self,
        settings: Settings,
        remote_state: RemoteLiveState,
        *,
        clock: Callable[[], datetime],
        timeouts: SupervisorTimeouts = DEFAULT_TIMEOUTS,
        program: Sequence[str] = PROGRAM_ARGS,
    ) -> None:
        self._settings = settings
        self._remote_state = remote_state
        self._clock = clock
        self._timeouts = timeouts
        self._program = program
        self._lock = threading.Lock()
        self._child: CollectorSubprocess | None = None
        self._forked: ForkedProcess | None = None
        """A process that waits to be taken."""
        self._failures = 0
        self._thread = SupervisedThread(
            "collector-supervisor", self._run_process, on_failure=remote_state.set_thread_failure
        )

    def fork_process(self) -> None:
        """Before ``start``, if nothing forbids it: the first process becomes a copy of this one.

        Its start then takes less processor time and memory than that of a program.
        """
        with suppress(OSError):  # what forbids a program as well is said then
            if can_fork():
                import_common()
                self._forked = ForkedProcess(serve_console)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the process and wait for its end; received messages are in the spool."""
        with self._lock:
            self._thread.request_stop()
            if self._child:
                self._child.pipe.finish_sending()
        if self._thread.stop(self._timeouts.stop_timeout_s):
            return
        with self._lock:
            if self._child:
                self._child.kill_process()
        self._thread.stop()

    def _run_process(self) -> None:
        """Run one collector process, then pause before the next."""
        started = time.monotonic()
        ending = self._run_once()
        if self._thread.is_stopping:
            return
        is_stable = time.monotonic() - started >= self._timeouts.stable_s
        self._failures = 1 if is_stable else self._failures + 1
        delay_s = self._timeouts.restart.compute_delay(self._failures)
        log.error("%s It is started again in %g s.", ending, delay_s)
        self._remote_state.mark_down(f"{ending} It is started again.", self._clock())
        self._thread.wait(delay_s)

    def _run_once(self) -> str:
        """Run one process from its start to its end. Returns a sentence with its exit status."""
        try:
            child = self._start_process()
        except OSError as error:
            return f"The collector process cannot be started: {error.strerror}."
        if child is None:
            return ""
        try:
            child.pipe.send(StartCollector(self._settings, self._remote_state.list_readings(self._clock())))
            self._watch_process(child)
        except (EOFError, OSError):
            log.info("the collector process %s closed its channel", child.pid)
        except Exception:
            # the boundary of this thread: a new process may work
            log.exception("receiving from the collector process failed")
        child.pipe.finish_sending()
        ending = child.wait_and_close(self._timeouts.stop_timeout_s)
        with self._lock:
            self._child = None
        return f"The collector process {ending}."

    def _start_process(self) -> CollectorSubprocess | None:
        """Start a process. None if a stop was requested."""
        with self._lock:
            if self._thread.is_stopping:
                return None
            forked, self._forked = self._forked, None
            self._child = CollectorSubprocess(self._program, forked=forked)
        self._remote_state.expect_process(self._child.pid)
        log.info("the collector process %s started", self._child.pid)
        return self._child

    def _watch_process(self, child: CollectorSubprocess) -> None:
        """Receive until it hangs. Silence is counted in waits: the console may have been suspended."""
        silent, limit_s = 0.0, self._timeouts.start_s
        step = min(1.0, self._timeouts.silence_s)
        while silent < limit_s:
            if child.pipe.has_message(step):
                silent, limit_s = 0.0, self._timeouts.hang_s
                self._receive_message(child)
                continue
            silent += step
            if silent >= self._timeouts.silence_s and not self._thread.is_stopping:
                self._remote_state.mark_down(NO_ANSWER, self._clock())
        log.error("%s It is killed.", NO_ANSWER)
        child.kill_process()

    def _receive_message(self, child: CollectorSubprocess) -> None:
        match child.pipe.receive_message():
            case StateUpdate(fields):
                self._remote_state.apply_fields(fields)
                with suppress(OSError):  # its last log lines may still arrive
                    child.pipe.send(UpdateAck(self._remote_state.console_faults))
            case logging.LogRecord() as record:
                logging.getLogger(record.name).handle(record)
