"""Sends alarm entries from the outbox to the journal, in order, each once."""

import logging
import time
from collections.abc import Callable, Sequence

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.alarms.outbox_fence import OutboxFence
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.errors import DatabaseError, InvalidRowError, SpoolError
from dosing_tui.live_snapshot import DatabasePart

log = logging.getLogger(__name__)

CHUNK_ENTRIES = 500
STOP_TIMEOUT_S = 10.0


class OutboxSender:
    """One thread. Retries until it is stopped."""

    def __init__(self, outbox: JournalOutbox, context: CollectorContext, may_send: OutboxFence) -> None:
        self._outbox = outbox
        self._may_send = may_send
        self._context = context
        self._append_entries = context.database.alarm_store.append_entries
        self._failures = 0
        self._next_probe = 0.0
        self._thread = context.create_thread("alarm-sender", self._try_send, finish=self._try_last_send)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """Send once more if the database is up. False if the thread did not end in STOP_TIMEOUT_S."""
        self._thread.request_stop()
        self._outbox.cancel_waits()
        return self._thread.stop(STOP_TIMEOUT_S)

    def call_at_end(self, work: Callable[[], object]) -> None:
        """Call ``work`` when the thread does not use the outbox any more."""
        self._thread.call_at_end(work)

    def _try_send(self) -> None:
        try:
            self._send_pending()
            if time.monotonic() >= self._next_probe:
                # without a row: rights and triggers are checked before the first alarm needs them
                self._append_entries([])
                self._next_probe = time.monotonic() + self._context.intervals.journal_probe_s
            self._failures = 0
            self._context.status.set_database_fault(DatabasePart.JOURNAL, "")
            self._thread.mark_working()
            self._wait_for_entries()
        except (DatabaseError, SpoolError) as error:
            self._failures += 1
            self._context.status.set_database_fault(DatabasePart.JOURNAL, str(error))
            log.info("alarm entries not journaled, retrying: %s", error)
            self._thread.wait(self._context.intervals.retry.compute_delay(self._failures))

    def _wait_for_entries(self) -> None:
        """Also while those that are there may not be sent."""
        if self._outbox.list_pending(1):
            self._thread.wait(self._context.intervals.poll_s)
        else:
            self._outbox.wait_for_entries(self._context.intervals.keepalive_s)

    def _try_last_send(self) -> None:
        if not self._failures:
            try:
                self._send_pending()
            except (DatabaseError, SpoolError) as error:
                log.info("alarm entries stay on disk: %s", error)
        self._context.status.set_database_fault(DatabasePart.JOURNAL, "")

    def _send_pending(self) -> None:
        while self._may_send() and (rows := self._outbox.list_pending(CHUNK_ENTRIES)):
            entries = [entry for _, entry in rows]
            try:
                self._append_entries(entries)
            except InvalidRowError:
                self._send_one_by_one(entries)
            self._outbox.drop_through(rows[-1][0])

    def _send_one_by_one(self, entries: Sequence[JournalEntry]) -> None:
        """Skip an entry that the database rejects, and send the others.

        Raises: DatabaseError, if the journal rejects every entry.
        """
        for entry in entries:
            try:
                self._append_entries([entry])
            except InvalidRowError as error:
                self._append_entries([])  # fails as well if it is not for this entry
                self._context.status.report_once(
                    f"An alarm entry of {entry.key.tag} cannot be stored: {error}"
                )
