"""Alarm entries from the disk to the journal: in order, each once, whatever the database answers."""

import logging
import threading
from collections.abc import Sequence

from dosing_tui.collector.alarms.journal_outbox import Outbox
from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.context.intervals import retry_delay
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.errors import DatabaseError, RowRefused, SpoolError

log = logging.getLogger(__name__)

AT_ONCE = 500
STOP_S = 10.0


class Sending:
    """One thread that never gives up until it is stopped."""

    def __init__(self, outbox: Outbox, around: Surroundings) -> None:
        self._outbox = outbox
        self._append = around.database.alarms.append
        self._status = around.status
        self._pace = around.pace
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """False if it still waits for an answer that may never come; it ends with the process."""
        self._stopping.set()
        self._outbox.close_soon()
        self._thread.join(STOP_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._send()
                self._failures = 0
                self._outbox.await_entries(self._pace.idle_s)
            except (DatabaseError, SpoolError) as error:
                self._failures += 1
                # an outage is told of by who writes the readings
                log.info("alarm entries wait: %s", error)
                self._stopping.wait(retry_delay(self._pace, self._failures))
        self._last_try()

    def _last_try(self) -> None:
        if not self._failures:
            try:
                self._send()
            except (DatabaseError, SpoolError) as error:
                log.info("alarm entries stay on the disk: %s", error)

    def _send(self) -> None:
        while rows := self._outbox.waiting(AT_ONCE):
            entries = [entry for _, entry in rows]
            try:
                self._append(entries)
            except RowRefused:
                self._one_by_one(entries)
            self._outbox.drop(rows[-1][0])

    def _one_by_one(self, entries: Sequence[Entry]) -> None:
        """An entry that can never be stored must not keep the others waiting."""
        for entry in entries:
            try:
                self._append([entry])
            except RowRefused as error:
                self._status.say(f"An alarm entry of {entry.key.tag} cannot be stored: {error}")
