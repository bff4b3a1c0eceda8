"""Keeps the stored batches up to date behind the writer, in a process and a session of its own."""

import logging
import threading
import time
from collections.abc import Callable

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.errors import DatabaseAway, DatabaseError

STOP_S = 5.0
REST_S = 60.0
"""Longest rest while more comes in than is written: later, everything touched is still to be done."""
SHARE = 10
"""Rebuilding takes at most one in so many seconds of the time."""

log = logging.getLogger(__name__)


class Keeping:
    """Never gives up: what could not be rebuilt is still noted in the database."""

    def __init__(
        self, around: Surroundings, prepared: threading.Event, *, behind: Callable[[], bool]
    ) -> None:
        """Begins when ``prepared`` is set: the schema is there. ``behind``: writing comes first."""
        self._prepared = prepared
        self._behind = behind
        self._keeper = around.database.batch_keeper()
        self._status = around.status
        self._pace_s = around.pace.batches_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector-batches", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait for long: a rebuild that is cut off leaves everything as it was."""
        self._stopping.set()
        self._keeper.close()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            begun = time.monotonic()
            if self._prepared.is_set():
                self._try()
            self._stopping.wait(max(self._pace_s, SHARE * (time.monotonic() - begun)))
            self._rest()

    def _rest(self) -> None:
        until = time.monotonic() + REST_S
        while self._behind() and time.monotonic() < until and not self._stopping.wait(self._pace_s):
            pass

    def _try(self) -> None:
        try:
            self._keeper()
            self._status.notice("batches", "")
        except DatabaseAway:
            return  # the writer says so
        except DatabaseError as error:
            self._status.notice("batches", f"The batches cannot be kept up to date: {error}")
        except Exception as error:
            # the boundary of this thread: the next round may do better
            if self._stopping.is_set():
                return
            log.exception("rebuilding batches failed")
            self._status.notice("batches", f"Rebuilding batches failed: {error!r}.")
