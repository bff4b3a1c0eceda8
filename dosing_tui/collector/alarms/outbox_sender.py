"""Alarm entries from the disk to the journal: in order, each once, whatever the database answers."""

import logging
import threading
from collections.abc import Sequence

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.intervals import compute_retry_delay
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.errors import DatabaseError, InvalidRowError, SpoolError

log = logging.getLogger(__name__)

CHUNK_ENTRIES = 500
STOP_TIMEOUT_S = 10.0


class OutboxSender:
    """One thread that never gives up until it is stopped."""

    def __init__(self, outbox: JournalOutbox, context: CollectorContext) -> None:
        self._outbox = outbox
        self._append_entries = context.database.alarm_store.append_entries
        self._status = context.status
        self._intervals = context.intervals
        self._failures = 0
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run_loop, name="alarm-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """False if it still waits for an answer that may never come; it ends with the process."""
        self._stop_event.set()
        self._outbox.cancel_waits()
        self._thread.join(STOP_TIMEOUT_S)
        return not self._thread.is_alive()

    def _run_loop(self) -> None:
        while not self._stop_event.is_set():
            try:
                self._send_pending()
                self._failures = 0
                self._outbox.wait_for_entries(self._intervals.keepalive_s)
            except (DatabaseError, SpoolError) as error:
                self._failures += 1
                # an outage is told of by who writes the readings
                log.info("alarm entries wait: %s", error)
                self._stop_event.wait(compute_retry_delay(self._intervals, self._failures))
        self._try_last_send()

    def _try_last_send(self) -> None:
        if not self._failures:
            try:
                self._send_pending()
            except (DatabaseError, SpoolError) as error:
                log.info("alarm entries stay on the disk: %s", error)

    def _send_pending(self) -> None:
        while rows := self._outbox.list_pending(CHUNK_ENTRIES):
            entries = [entry for _, entry in rows]
            try:
                self._append_entries(entries)
            except InvalidRowError:
                self._send_one_by_one(entries)
            self._outbox.drop_through(rows[-1][0])

    def _send_one_by_one(self, entries: Sequence[JournalEntry]) -> None:
        """An entry that can never be stored must not keep the others waiting."""
        for entry in entries:
            try:
                self._append_entries([entry])
            except InvalidRowError as error:
                self._status.report_once(f"An alarm entry of {entry.key.tag} cannot be stored: {error}")
