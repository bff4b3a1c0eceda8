"""Writes spooled messages to the database, oldest first; removes them from the spool after COMMIT."""

import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial

from dosing_tui.collector.context.interfaces import CollectorContext, RowWriter
from dosing_tui.collector.pipeline.adaptive_window import AdaptiveWindow
from dosing_tui.collector.pipeline.database_maintenance import run_maintenance
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError, SpoolError

STOP_TIMEOUT_S = 10.0
WINDOW_S = 0.05
"""Wait for more readings while they are dense, so that one transaction carries many."""
SAVE_AFTER_S = 2.0
"""Pause in readings after which stored ones are deleted from the spool's file; new readings do it sooner."""


class DatabaseWriter:
    """One thread. Retries after any database error until it is stopped."""

    def __init__(self, spool: Spool, context: CollectorContext) -> None:
        self._spool = spool
        self._context = context
        self._status = context.status
        self._failures = 0
        self._window = AdaptiveWindow(min(WINDOW_S, context.settings.collector.batch_ms / 1000))
        self.schema_ready = threading.Event()
        """Set once the schema is up to date."""
        self.events_stored = threading.Event()
        """Set when messages of a batch's start or end were stored."""
        self._thread = context.create_thread("collector-writer", self._try_session, is_prompt=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, drain_timeout_s: float) -> bool:
        """Write spooled messages for at most ``drain_timeout_s`` unless the database is down.

        False if the thread still waits for the database.
        """
        self._spool.request_flush()
        if not self._failures:
            self._spool.wait_until_empty(drain_timeout_s)
        return self._thread.stop(STOP_TIMEOUT_S)

    def call_at_end(self, work: Callable[[], object]) -> None:
        """Call ``work`` when the thread does not use the spool any more."""
        self._thread.call_at_end(work)

    def _try_session(self) -> None:
        """Run one database session until it fails. Spooled messages stay in the spool."""
        try:
            self._run_session()
        except DatabaseError as error:
            self._failures += 1
            self._status.set_database_link(False, str(error))
            is_unavailable = isinstance(error, DatabaseUnavailableError)
            self._thread.wait(
                self._context.intervals.retry.compute_delay(self._failures)
                if is_unavailable
                else self._context.intervals.refusal_retry_s
            )
        except SpoolError as error:
            self._failures += 1
            self._status.set_notice("spool", str(error))
            self._thread.wait(self._context.intervals.retry.max_s)
        except BaseException as error:
            self._failures += 1
            self._status.set_database_link(False, f"Writing to the database failed: {error!r}.")
            raise

    def _run_session(self) -> None:
        self._context.database.prepare_schema(
            lambda progress: self._status.set_database_link(False, progress)
        )
        self.schema_ready.set()
        run_maintenance(self._context.database, self._status)
        with closing(self._context.database.create_writer()) as writer:
            writer.open()
            self._reconcile_progress(writer.read_progress(self._spool.spool_id))
            writer.prepare(self._spool.spool_id)
            self._status.set_database_link(True, "")
            while not self._thread.is_stopping:
                self._write_or_ping(writer)
                self._thread.mark_working()

    def _write_or_ping(self, writer: RowWriter) -> None:
        settings = self._context.settings.collector
        is_unsaved = self._spool.has_unsaved_progress
        idle_s = SAVE_AFTER_S if is_unsaved else self._context.intervals.keepalive_s
        if self._spool.wait_for_chunk(settings.batch_rows, self._window.window_s, idle_s=idle_s):
            self._write_chunk(writer, settings.batch_rows)
        elif is_unsaved:
            self._update_spool(self._spool.save_progress)
        else:
            writer.read_progress(self._spool.spool_id)  # checks the connection
        self._failures = 0

    def _write_chunk(self, writer: RowWriter, max_rows: int) -> None:
        rows = self._spool.read_chunk(max_rows)
        if not rows:
            return
        self._window.count_messages(len(rows))
        written = writer.write(self._spool.spool_id, rows)
        now = self._context.clock()
        self._context.live_state.storage_latency.record_latencies(
            (now - items[0].received_at).total_seconds() for _, items in rows if items
        )
        self._update_spool(partial(self._spool.confirm_progress, written.progress))
        stored_kinds = written.stored_kinds
        self._context.live_state.count_stored(stored_kinds)
        if ReadingKind.EVENT in stored_kinds:
            self.events_stored.set()

    def _update_spool(self, update: Callable[[], None]) -> None:
        try:
            update()
            self._status.set_notice("spool", "")
        except SpoolError as error:
            # the rows are stored and counted: the database ignores them when they are sent again
            self._status.set_notice("spool", str(error))

    def _reconcile_progress(self, progress: WriteProgress) -> None:
        """Adopt the database's progress for this spool unless it is behind the spool's own."""
        if progress.last_seq >= self._spool.progress.last_seq:
            self._spool.confirm_progress(progress)
            return
        self._status.report_once(
            "The database has no record of messages stored earlier: it was replaced or restored. "
            "The message counters restart."
        )
        self._spool.reset_counters()
