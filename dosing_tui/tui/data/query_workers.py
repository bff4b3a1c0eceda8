"""Threads that put the panels' questions, so that a slow database never holds the screen or the exit."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import KpiHistory
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError
from dosing_tui.ipc.supervised_thread import FailureReporter, SupervisedThread, ignore_failure
from dosing_tui.tui.data.batch_source import BatchSource
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL
from dosing_tui.tui.scope.scope import Scope
from dosing_tui.tui.scope.spool_status import SPOOLS_PANEL, SpoolStatus

if TYPE_CHECKING:
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)
Row = TypeVar("Row")


class ConsoleDataSource(Protocol):
    """Where the panels' rows come from."""

    @property
    def batches(self) -> BatchSource:
        """The batches, and what is said about them."""

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        """Raises: DatabaseError with a sentence for the operator."""

    def cancel_panels(self, panels: Collection[str]) -> None:
        """Nobody waits for the answers to these panels any more; returns at once."""

    def read_annotations(self, query: PanelQuery) -> AnnotationList:
        """What happened in the query's range. Raises: DatabaseError."""

    def list_filter_values(self, dimension: Dimension) -> Sequence[str]:
        """The values to choose from. Raises: DatabaseError."""

    def add_note(self, draft: NoteDraft) -> None:
        """Raises: DatabaseError with a sentence for the operator."""

    def read_alarm_history(self, now: datetime) -> KpiHistory:
        """What the health of the alarms is judged by. Raises: DatabaseError."""

    def list_channel_states(self, now: datetime) -> Sequence[ChannelStatus]:
        """By which people are told of alarms, those that fail first. Raises: DatabaseError."""

    def read_journal_page(self, journal_filter: JournalFilter) -> Sequence[JournalEntry]:
        """Entries of the alarm journal, the newest first. Raises: DatabaseError."""

    def read_trend(self, trend_query: AlarmTrendQuery) -> Sequence[AlarmTrendPoint]:
        """The value of an alarm over time. Raises: DatabaseError."""

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        """Into the alarm journal, all or none; False if they are kept on this machine until it is back.

        Raises: DatabaseError with a sentence for the operator.
        """

    def read_shift_report(self, shift: ShiftPeriod, now: datetime) -> "ShiftReport":
        """What the shift made, used, met and left open. Raises: DatabaseError."""

    def list_spools(self) -> Sequence[SpoolStatus]:
        """The books of the site's spools, the one written last first. Raises: DatabaseError."""


@dataclass(frozen=True, slots=True)
class PanelRequest:
    panel: Panel[Any]
    generation: int
    scope: Scope
    query: PanelQuery


@dataclass(frozen=True, slots=True)
class PanelReply:
    """``rows`` is None when there was no answer; ``error`` then says why."""

    request: PanelRequest
    rows: tuple[object, ...] | None
    error: str = ""
    is_database_down: bool = False
    """The database could not be reached."""


def run_query(source: ConsoleDataSource, request: PanelRequest) -> PanelReply:
    """Ask once; every failure becomes a reply."""
    try:
        return PanelReply(request, tuple(_fetch_rows(source, request)))
    except DatabaseError as error:
        return PanelReply(
            request, None, str(error), is_database_down=isinstance(error, DatabaseUnavailableError)
        )
    except Exception:
        # the task's boundary: an unforeseen failure is one tile's, not the screen's
        log.exception("panel %s", request.panel.id)
        return PanelReply(request, None, "panel error, see the log file")


def _fetch_rows(source: ConsoleDataSource, request: PanelRequest) -> Sequence[object]:
    if request.panel.id == SPOOLS_PANEL.id:
        return source.list_spools()
    if request.panel.id == ANNOTATIONS_PANEL.id:
        return [source.read_annotations(request.query)]
    return source.read_panel(request.panel, request.query)


class QueryWorkers:
    """``on_reply`` is called in one of the threads. They are daemons: none of them can delay the exit."""

    def __init__(
        self,
        source: ConsoleDataSource,
        on_reply: Callable[[PanelReply], object],
        *,
        threads: int = 3,
        name: str = "panels",
        on_failure: FailureReporter = ignore_failure,
    ) -> None:
        self._source = source
        self._on_reply = on_reply
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads = [
            SupervisedThread(f"{name}-{number}", self._run_next_job, on_failure=on_failure)
            for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit_panel(self, request: PanelRequest) -> None:
        self._jobs.put(lambda: self._on_reply(run_query(self._source, request)))

    def submit_job(self, job: Callable[[], object]) -> None:
        """Anything else that may have to wait for the database; it sees to its failures itself."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end when they have finished; does not wait."""
        for _ in self._threads:
            self._jobs.put(None)

    def _run_next_job(self) -> bool:
        if (job := self._jobs.get()) is None:
            return False
        job()
        return True
