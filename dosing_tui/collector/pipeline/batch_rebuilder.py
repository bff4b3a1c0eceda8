"""Rebuilds stored batches after the writer: of few readings here, of many in a process started for it."""

import threading
import time
from collections.abc import Callable

from dosing_tui.collector.context.interfaces import CollectorContext, SmallRebuild
from dosing_tui.domain.quantities.quantity_text import format_duration
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError
from dosing_tui.ipc.subprocess_call import SubprocessCall
from dosing_tui.live_snapshot import DatabasePart

STOP_TIMEOUT_S = 5.0
MAX_PAUSE_S = 60.0
"""Longest pause while the writer is behind. The database keeps the list of changed batches."""
PAUSE_FACTOR = 10
"""Pause after a rebuild, as a multiple of its duration."""
LONGEST_PAUSE_S = 300.0
"""Longest pause after a rebuild, however long that took: batches must not stay away for hours."""
LATE_S = 120.0
"""Delay between a batch's messages and its stored batch from which the operator gets a notice."""

PROCESS_IDLE_S = 10.0
"""A process that was not needed for so long is ended: it is as large as the rest of the collector.
A plant that needs one always needs it more often, and its start takes a quarter of a second.
"""


SCHEMA_POLL_S = 0.5


def compute_pause(took_s: float, interval_s: float) -> float:
    """Seconds between a rebuild that took ``took_s`` and the next one."""
    return max(interval_s, min(PAUSE_FACTOR * took_s, LONGEST_PAUSE_S))


def describe_delay(took_s: float, pause_s: float) -> str:
    """A sentence for the operator when new batches are stored late; else ''."""
    if took_s + pause_s < LATE_S:
        return ""
    return (
        f"New batches are stored up to {format_duration(2 * took_s + pause_s)} late:"
        f" the last rebuild of changed batches took {format_duration(took_s)}."
    )


class OnDemandRebuild:
    """A RebuildCall. What takes long would hold Python's lock in this process: ``process_call`` does it."""

    def __init__(
        self, small: SmallRebuild, process_call: SubprocessCall, *, idle_s: float = PROCESS_IDLE_S
    ) -> None:
        self._small = small
        self._process_call = process_call
        self._idle_s = idle_s
        self._used_at = 0.0

    def __call__(self) -> None:
        if not self._small.try_rebuild():
            started = time.monotonic()
            self._process_call()
            self._used_at = time.monotonic()
            if PAUSE_FACTOR * (self._used_at - started) < self._idle_s:
                return  # the next call may soon follow
        elif time.monotonic() - self._used_at < self._idle_s:
            return
        self._process_call.end_process()

    def abort_call(self) -> None:
        self._process_call.close()

    def close(self) -> None:
        self._small.close()


class BatchRebuilder:
    """Own thread. Retries until stopped; the database keeps the list of changed batches.

    A batch is in the lists soon after it has begun or ended; in between its doses follow more slowly.
    """

    def __init__(
        self,
        context: CollectorContext,
        schema_ready: threading.Event,
        events_stored: threading.Event,
        *,
        is_writer_behind: Callable[[], bool],
    ) -> None:
        """Waits for ``schema_ready``, and pauses while ``is_writer_behind`` returns True.

        ``events_stored``: set once messages of a batch's start or end are stored; cleared here.
        """
        self._schema_ready = schema_ready
        self._events_stored = events_stored
        self._is_writer_behind = is_writer_behind
        self._rebuild_call = context.database.create_rebuild_call()
        self._status = context.status
        self._intervals = context.intervals
        self._thread = context.create_thread(
            "collector-batches", self._rebuild_and_pause, finish=self._rebuild_call.close
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """End the process of a long rebuild: its transaction is rolled back. A short one ends by itself.

        False if the thread still runs.
        """
        self._thread.request_stop()
        self._events_stored.set()  # ends the pause
        self._rebuild_call.abort_call()
        return self._thread.stop(STOP_TIMEOUT_S)

    def _rebuild_and_pause(self) -> None:
        if not self._schema_ready.is_set():
            self._thread.wait(SCHEMA_POLL_S)
            return
        started = time.monotonic()
        self._events_stored.clear()  # before: what is stored meanwhile needs another rebuild
        self._try_rebuild()
        self._thread.mark_working()
        self._pause(time.monotonic() - started)
        self._wait_for_writer()

    def _pause(self, took_s: float) -> None:
        longest_s = compute_pause(took_s, self._intervals.batch_rebuild_s)
        least_s = min(longest_s, compute_pause(took_s, self._intervals.batch_event_s))
        self._status.set_notice("batches", describe_delay(took_s, longest_s))
        if not self._thread.wait(least_s):
            self._events_stored.wait(longest_s - least_s)

    def _wait_for_writer(self) -> None:
        until, step_s = time.monotonic() + MAX_PAUSE_S, self._intervals.batch_event_s
        while self._is_writer_behind() and time.monotonic() < until and not self._thread.wait(step_s):
            pass

    def _try_rebuild(self) -> None:
        try:
            self._rebuild_call()
            self._status.set_database_fault(DatabasePart.BATCHES, "")
        except DatabaseUnavailableError:
            return  # the database writer reports it
        except DatabaseError as error:
            self._status.set_database_fault(DatabasePart.BATCHES, str(error))
