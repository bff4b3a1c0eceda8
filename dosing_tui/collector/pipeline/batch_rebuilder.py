"""Keeps the stored batches up to date behind the writer, in a process and a session of its own."""

import threading
import time
from collections.abc import Callable

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError

STOP_TIMEOUT_S = 5.0
MAX_PAUSE_S = 60.0
"""Longest rest while more comes in than is written: later, everything touched is still to be done."""
PAUSE_FACTOR = 10
"""Rebuilding takes at most one in so many seconds of the time."""


class BatchRebuilder:
    """Never gives up: what could not be rebuilt is still noted in the database."""

    def __init__(
        self,
        context: CollectorContext,
        schema_ready: threading.Event,
        *,
        is_writer_behind: Callable[[], bool],
    ) -> None:
        """Begins when ``schema_ready`` is set: the schema is there. ``is_writer_behind``: writing comes first."""
        self._schema_ready = schema_ready
        self._is_writer_behind = is_writer_behind
        self._rebuild_call = context.database.create_rebuild_call()
        self._status = context.status
        self._interval_s = context.intervals.batch_rebuild_s
        self._thread = context.create_thread("collector-batches", self._rebuild_and_pause)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait for long: a rebuild that is cut off leaves everything as it was."""
        self._thread.request_stop()
        self._rebuild_call.close()
        self._thread.stop(STOP_TIMEOUT_S)

    def _rebuild_and_pause(self) -> None:
        started = time.monotonic()
        if self._schema_ready.is_set():
            self._try_rebuild()
        self._thread.mark_working()
        self._thread.wait(max(self._interval_s, PAUSE_FACTOR * (time.monotonic() - started)))
        self._wait_for_writer()

    def _wait_for_writer(self) -> None:
        until = time.monotonic() + MAX_PAUSE_S
        while (
            self._is_writer_behind() and time.monotonic() < until and not self._thread.wait(self._interval_s)
        ):
            pass

    def _try_rebuild(self) -> None:
        try:
            self._rebuild_call()
            self._status.set_notice("batches", "")
        except DatabaseUnavailableError:
            return  # the writer says so
        except DatabaseError as error:
            self._status.set_notice("batches", f"The batches cannot be kept up to date: {error}")
