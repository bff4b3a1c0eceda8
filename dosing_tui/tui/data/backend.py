"""Panel reader and collector of a console: started after the first paint, stopped after the last.

The reader works in this process, the collector in its own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from getpass import getuser
from typing import TYPE_CHECKING, TypeVar

from dosing_tui.collector.alarms import offline_commands
from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.supervisor import CollectorSupervisor
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import KpiHistory
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.notifications.channel_status import ChannelStatus, add_unused_channels
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.panels.spool_progress import SpoolProgress
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError, SpoolError
from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.live_state import LinkStatus
from dosing_tui.tui.data.batch_source import BatchSource, DatabaseBatchSource

if TYPE_CHECKING:
    from dosing_tui.database.panel_reader import PanelReader
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)
Row = TypeVar("Row")

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
    def batches(self) -> BatchSource:
        return DatabaseBatchSource(self._settings, getuser())

    def start(self) -> None:
        """Returns at once: importing the drivers alone takes a quarter of a second."""
        self._supervisor.start()
        self._opener = start_one_shot("open-reader", self._open_reader)

    def stop(self) -> None:
        """Before this returns, every message received from the broker is in the spool."""
        self._supervisor.stop()
        if self._opener is not None:
            self._opener.join(READY_TIMEOUT_S)
        if self._reader is not None:
            self._reader.close()

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        return self._wait_for_reader().read_panel(panel, query)

    def cancel_panels(self, panels: Collection[str]) -> None:
        if self._reader is not None:
            start_one_shot("cancel-panels", partial(self._reader.cancel_panels, panels))

    def read_annotations(self, query: PanelQuery) -> AnnotationList:
        chosen = query.selection
        return self._wait_for_reader().read_annotations(
            since=query.since, until=query.until, device=chosen.device, recipe=chosen.recipe
        )

    def list_filter_values(self, dimension: Dimension) -> Sequence[str]:
        return self._wait_for_reader().list_filter_values(dimension)

    def add_note(self, draft: NoteDraft) -> None:
        # imported here to save start-up: psycopg
        from dosing_tui.database import operator_notes

        operator_notes.add_note(self._settings, draft, os_user=getuser())

    def read_alarm_history(self, now: datetime) -> KpiHistory:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        return journal.read_kpi_history(self._settings, now)

    def list_channel_states(self, now: datetime) -> Sequence[ChannelStatus]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import notification_queue

        configured = [channel.name for channel in self._settings.notifications]
        return add_unused_channels(
            notification_queue.list_channel_states(self._settings, now=now), configured
        )

    def read_journal_page(self, journal_filter: JournalFilter) -> Sequence[JournalEntry]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        return journal.list_entries(self._settings, journal_filter)

    def read_trend(self, trend_query: AlarmTrendQuery) -> Sequence[AlarmTrendPoint]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import trend

        return trend.read_trend(self._settings, trend_query)

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        account = clean_text(getuser())
        named = [replace(entry, who=replace(entry.who, os_user=account)) for entry in entries]
        if self._is_database_down and not self._store_locally(named):
            return False
        try:
            journal.append_entries(self._settings, named)
        except DatabaseUnavailableError as away:
            why_not = self._store_locally(named)
            if why_not:
                raise DatabaseUnavailableError(f"{away} {why_not}") from away
            return False
        return True

    @property
    def _is_database_down(self) -> bool:
        return self._live_state.get_snapshot(self._clock()).database.status is LinkStatus.DOWN

    def _store_locally(self, entries: Sequence[JournalEntry]) -> str:
        """Keep the entries for this machine's collector. Returns the reason of a failure, or ''."""
        try:
            offline_commands.store_commands(self._settings, entries)
        except SpoolError as error:
            return str(error)
        return ""

    def read_shift_report(self, shift: ShiftPeriod, now: datetime) -> "ShiftReport":
        # imported here to save start-up: psycopg
        from dosing_tui.database.reports.shift_report import read_shift_report

        return read_shift_report(self._settings, shift, now=now)

    def list_spools(self) -> Sequence[SpoolProgress]:
        return self._wait_for_reader().list_spools()

    def _wait_for_reader(self) -> "PanelReader":
        self._reader_ready.wait(READY_TIMEOUT_S)
        if self._reader is None:
            raise DatabaseUnavailableError(self._unavailable_reason)
        return self._reader

    def _open_reader(self) -> None:
        try:
            # imported here to save start-up: psycopg takes 150 ms
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
