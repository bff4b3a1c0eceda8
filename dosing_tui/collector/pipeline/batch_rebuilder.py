"""Rebuilds stored batches after the writer, in a separate process and database session."""

import threading
import time
from collections.abc import Callable

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError
from dosing_tui.live_state import DatabasePart

STOP_TIMEOUT_S = 5.0
MAX_PAUSE_S = 60.0
"""Longest pause while the writer is behind. The database keeps the list of changed batches."""
PAUSE_FACTOR = 10
"""Pause after a rebuild, as a multiple of its duration."""


class BatchRebuilder:
    """Own thread. Retries until stopped; the database keeps the list of changed batches."""

    def __init__(
        self,
        context: CollectorContext,
        schema_ready: threading.Event,
        *,
        is_writer_behind: Callable[[], bool],
    ) -> None:
        """Waits for ``schema_ready``, and pauses while ``is_writer_behind`` returns True."""
        self._schema_ready = schema_ready
        self._is_writer_behind = is_writer_behind
        self._rebuild_call = context.database.create_rebuild_call()
        self._status = context.status
        self._interval_s = context.intervals.batch_rebuild_s
        self._thread = context.create_thread("collector-batches", self._rebuild_and_pause)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Abort a running rebuild; its transaction is rolled back."""
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
            self._status.set_database_fault(DatabasePart.BATCHES, "")
        except DatabaseUnavailableError:
            return  # the database writer reports it
        except DatabaseError as error:
            self._status.set_database_fault(DatabasePart.BATCHES, str(error))
