"""Reader and collector of a console: brought up behind the first picture, taken down after the last.

The reader works here, the collector in a process of its own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from getpass import getuser
from typing import TYPE_CHECKING, TypeVar

from dosing_tui.collector.alarms import offline_commands
from dosing_tui.collector_process.remote_live_state import Mirror
from dosing_tui.collector_process.supervisor import Keeper
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import Past
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.notifications.channel_status import ChannelState, with_unused
from dosing_tui.domain.panels.alarm_trend_query import TrendPoint, TrendQuery
from dosing_tui.domain.panels.annotations import Annotations
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import Panel, Query
from dosing_tui.domain.time.shift_calendar import WorkedShift
from dosing_tui.errors import DatabaseAway, DatabaseError, SpoolError
from dosing_tui.live_state import Link
from dosing_tui.tui.data.batch_source import StoredBatches
from dosing_tui.tui.scope.spool_status import SpoolLine

if TYPE_CHECKING:
    from dosing_tui.database.panel_reader import Reader
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)
Row = TypeVar("Row")

READY_WITHIN_S = 10.0


class Engine:
    """A PanelSource from the beginning; its answers come once the reader is there."""

    def __init__(self, settings: Settings, mirror: Mirror, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._mirror = mirror
        self._clock = clock
        self.batches = StoredBatches(settings)
        self._keeper = Keeper(settings, mirror, clock=clock)
        self._ready = threading.Event()
        self._reader: Reader | None = None
        self._why_not = "the connection is not open yet"
        self._thread = threading.Thread(target=self._open_reader, name="engine", daemon=True)

    def start(self) -> None:
        """Returns at once: importing the drivers alone takes a quarter of a second."""
        self._keeper.start()
        self._thread.start()

    def stop(self) -> None:
        """What was taken from the broker is in the spool before this returns."""
        self._keeper.stop()
        if self._thread.is_alive():
            self._thread.join(READY_WITHIN_S)
        if self._reader is not None:
            self._reader.close()

    def panel(self, panel: Panel[Row], query: Query) -> Sequence[Row]:
        return self._answering().panel(panel, query)

    def cancel(self, panels: Collection[str]) -> None:
        if self._reader is not None:
            threading.Thread(target=self._reader.cancel, args=(panels,), name="cancel", daemon=True).start()

    def annotations(self, query: Query) -> Annotations:
        chosen = query.selection
        return self._answering().annotations(
            since=query.since, until=query.until, device=chosen.device, recipe=chosen.recipe
        )

    def known(self, dimension: Dimension) -> Sequence[str]:
        return self._answering().known(dimension)

    def add_note(self, draft: NoteDraft) -> None:
        # imported here to save start-up: psycopg
        from dosing_tui.database import operator_notes

        operator_notes.add(self._settings, draft, os_user=getuser())

    def past(self, now: datetime) -> Past:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        return journal.past(self._settings, now)

    def channels(self, now: datetime) -> Sequence[ChannelState]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import notification_queue

        configured = [channel.name for channel in self._settings.notifications]
        return with_unused(notification_queue.states(self._settings, now=now), configured)

    def journal_page(self, wanted: JournalFilter) -> Sequence[Entry]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        return journal.listed(self._settings, wanted)

    def trend(self, asked: TrendQuery) -> Sequence[TrendPoint]:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import trend

        return trend.trend(self._settings, asked)

    def journal(self, entries: Sequence[Entry]) -> bool:
        # imported here to save start-up: psycopg
        from dosing_tui.database.alarms import journal

        account = clean_text(getuser())
        named = [replace(entry, who=replace(entry.who, os_user=account)) for entry in entries]
        if self._database_away and not self._left(named):
            return False
        try:
            journal.append(self._settings, named)
        except DatabaseAway as away:
            why_not = self._left(named)
            if why_not:
                raise DatabaseAway(f"{away} {why_not}") from away
            return False
        return True

    @property
    def _database_away(self) -> bool:
        return self._mirror.picture(self._clock()).database.link is Link.DOWN

    def _left(self, entries: Sequence[Entry]) -> str:
        """For this machine's collector to journal; why not, or ''."""
        try:
            offline_commands.leave(self._settings, entries)
        except SpoolError as error:
            return str(error)
        return ""

    def shift_report(self, shift: WorkedShift, now: datetime) -> "ShiftReport":
        # imported here to save start-up: psycopg
        from dosing_tui.database.reports.shift_report import shift_report

        return shift_report(self._settings, shift, now=now)

    def books(self) -> Sequence[SpoolLine]:
        return [
            SpoolLine(
                str(spool.spool_id)[:8], spool.stored, spool.duplicates, spool.rejected, spool.updated_at
            )
            for spool in self._answering().books()
        ]

    def _answering(self) -> "Reader":
        self._ready.wait(READY_WITHIN_S)
        if self._reader is None:
            raise DatabaseAway(self._why_not)
        return self._reader

    def _open_reader(self) -> None:
        try:
            # imported here to save start-up: psycopg takes 150 ms
            from dosing_tui.database.panel_reader import Reader

            reader = Reader(self._settings)
            reader.open()
            self._reader = reader
        except DatabaseError as error:
            self._why_not = str(error)
        except Exception:
            # the boundary of this thread: without it the tiles would wait for ever and not say why
            log.exception("the reader did not start")
            self._why_not = "the reader did not start, see the log file"
        self._ready.set()
