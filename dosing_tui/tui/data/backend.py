"""Collector and panel reader of a console: started before and after the first paint, stopped after the last.

The reader works in this process, the collector in its own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property, partial
from getpass import getuser
from typing import TYPE_CHECKING
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.supervisor import CollectorSupervisor
from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError, SpoolError
from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.live_snapshot import LinkStatus
from dosing_tui.tui.data.driver_import import import_driver

if TYPE_CHECKING:  # the rest to save start-up: the collector's process waits for this module
    from dosing_tui.database.panel_reader import PanelReader
    from dosing_tui.domain.alarms.models import JournalEntry
    from dosing_tui.tui.data.query_workers import PanelSource
    from dosing_tui.tui.data.record_source import BatchSource, RecordSource

log = logging.getLogger(__name__)

READY_TIMEOUT_S = 10.0


class Backend:
    """A ConsoleDataSource from the start; queries wait until the reader is connected."""

    def __init__(
        self, settings: Settings, live_state: RemoteLiveState, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._live_state = live_state
        self._clock = clock
        self._supervisor = CollectorSupervisor(settings, live_state, clock=clock)
        self._reader_ready = threading.Event()
        self._reader: PanelReader | None = None
        self._unavailable_reason = "the connection is not open yet"
        self._opener: threading.Thread | None = None

    @cached_property
    def batches(self) -> "BatchSource":
        from dosing_tui.tui.data.record_source import DatabaseBatchSource

        return DatabaseBatchSource(self._settings, getuser())

    @cached_property
    def records(self) -> "RecordSource":
        from dosing_tui.tui.data.record_source import DatabaseRecords

        return DatabaseRecords(self._settings, getuser())

    @property
    def reader(self) -> "PanelSource":
        self._reader_ready.wait(READY_TIMEOUT_S)
        if self._reader is None:
            raise DatabaseUnavailableError(self._unavailable_reason)
        return self._reader

    def fork_collector(self) -> None:
        """While no file is open and no other thread runs: the collector's process begins as a copy."""
        self._supervisor.fork_process()

    def start_collector(self) -> None:
        """Returns at once: the process starts while this one imports what it draws with."""
        self._supervisor.start()

    def open_reader(self) -> None:
        """Returns at once: importing the driver alone takes a quarter of a second."""
        self._opener = start_one_shot("open-reader", self._open_reader)

    def stop(self) -> None:
        """Before this returns, every message received from the broker is in the spool."""
        self._supervisor.stop()
        if self._opener is not None:
            self._opener.join(READY_TIMEOUT_S)
        if self._reader is not None:
            self._reader.close()

    def cancel_panels(self, panels: Collection[str]) -> None:
        if self._reader is not None:
            start_one_shot("cancel-panels", partial(self._reader.cancel_panels, panels))

    def append_entries(self, entries: "Sequence[JournalEntry]") -> bool:
        # imported here to save start-up: psycopg
        import_driver()
        from dosing_tui.database.alarms import journal

        account = clean_text(getuser())
        named = [replace(entry, who=replace(entry.who, os_user=account)) for entry in entries]
        if self._is_database_down and not self._store_locally(named):
            return False
        try:
            journal.enter_actions(self._settings, named)
        except DatabaseUnavailableError as away:
            why_not = self._store_locally(named)
            if why_not:
                raise DatabaseUnavailableError(f"{away} {why_not}") from away
            return False
        return True

    def list_kept_actions(self) -> frozenset[UUID]:
        # imported here to save start-up: SQLite
        from dosing_tui.collector.alarms import offline_commands

        try:
            return frozenset(entry.uuid for entry in offline_commands.list_kept_commands(self._settings))
        except SpoolError as error:
            raise DatabaseUnavailableError(str(error)) from error

    @property
    def _is_database_down(self) -> bool:
        return self._live_state.get_snapshot(self._clock()).database.status is LinkStatus.DOWN

    def _store_locally(self, entries: "Sequence[JournalEntry]") -> str:
        """Keep the entries for this machine's collector. Returns the reason of a failure, or ''."""
        from dosing_tui.collector.alarms import offline_commands

        try:
            offline_commands.store_commands(self._settings, entries)
        except SpoolError as error:
            return str(error)
        return ""

    def _open_reader(self) -> None:
        try:
            # imported here to save start-up: psycopg takes 150 ms
            import_driver()
            from dosing_tui.database.panel_reader import PanelReader

            reader = PanelReader(self._settings)
            reader.open()
            self._reader = reader
        except DatabaseError as error:
            self._unavailable_reason = str(error)
        except Exception:
            # boundary of this thread: else the tiles would wait for ever without a reason
            log.exception("panel reader failed to start")
            self._unavailable_reason = "the panel reader failed to start, see the log file"
        finally:
            self._reader_ready.set()
