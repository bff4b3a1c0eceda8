"""Spool to database: the oldest first, in batches, and removed from the spool only after COMMIT."""

import logging
import threading
from contextlib import closing

from dosing_tui.collector.context.interfaces import RowWriter, Surroundings
from dosing_tui.collector.context.intervals import retry_delay
from dosing_tui.collector.pipeline.database_maintenance import maintain
from dosing_tui.collector.pipeline.spool import Spool
from dosing_tui.database.reading_writer import Progress
from dosing_tui.errors import DatabaseAway, DatabaseError, SpoolError

STOP_S = 10.0

log = logging.getLogger(__name__)


class Writing:
    """One thread that never gives up: whatever the database answers, it tries again until it is stopped."""

    def __init__(self, spool: Spool, around: Surroundings) -> None:
        self._spool = spool
        self._database = around.database
        self._settings = around.settings.collector
        self._live = around.live
        self._status = around.status
        self._pace = around.pace
        self._failures = 0
        self.prepared = threading.Event()
        """The schema is there."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, drain_s: float) -> bool:
        """Give the database, unless it is away, ``drain_s`` to take what is spooled; the rest stays there.

        False if the thread still waits for an answer that may never come; it ends with the process.
        """
        self._spool.hurry()
        if not self._failures:
            self._spool.wait_empty(drain_s)
        self._stopping.set()
        self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self._try())

    def _try(self) -> float:
        """One session, as long as it lasts; answers for how many seconds to wait before the next."""
        try:
            self._session()
            return 0.0
        except DatabaseError as error:
            self._failures += 1
            self._status.database(False, str(error))
            away = isinstance(error, DatabaseAway)
            return retry_delay(self._pace, self._failures) if away else self._pace.refused_s
        except SpoolError as error:
            self._status.notice("spool", str(error))
        except Exception as error:
            # the boundary of this thread: what is spooled is safe, and the next try may do better
            log.exception("writing to the database failed")
            self._status.database(False, f"Writing to the database failed: {error!r}.")
        self._failures += 1
        return self._pace.retry_most_s

    def _session(self) -> None:
        self._database.prepare(lambda progress: self._status.database(False, progress))
        self.prepared.set()
        maintain(self._database, self._status)
        with closing(self._database.writer()) as writer:
            writer.open()
            self._agree(writer.progress(self._spool.spool_id))
            self._status.database(True, "")
            while not self._stopping.is_set():
                self._step(writer)

    def _step(self, writer: RowWriter) -> None:
        rows, wait_s = self._settings.batch_rows, self._settings.batch_ms / 1000
        if self._spool.company(rows, wait_s, idle_s=self._pace.idle_s):
            self._write(writer)
        else:
            writer.progress(self._spool.spool_id)  # is it still there?
        self._failures = 0

    def _write(self, writer: RowWriter) -> None:
        rows = self._spool.batch(self._settings.batch_rows)
        written = writer.write(self._spool.spool_id, rows)
        try:
            self._spool.settle(written.progress)
            self._status.notice("spool", "")
        except SpoolError as error:
            # stored and counted; what cannot be removed now is ignored by the database and removed later
            self._status.notice("spool", str(error))
        self._live.committed(written.kinds)

    def _agree(self, progress: Progress) -> None:
        """What the database has counted holds, if it knows this spool's past."""
        if progress.last_seq >= self._spool.progress.last_seq:
            self._spool.settle(progress)
            return
        self._status.say(
            "The database does not know what it was given before, so it was replaced or restored. "
            "The books begin anew."
        )
        self._spool.renew()
