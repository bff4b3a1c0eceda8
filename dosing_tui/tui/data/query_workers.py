"""Threads for database queries: a slow database never blocks the screen or the exit."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from textual.message import Message

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import KpiHistory
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.panels.spool_progress import SPOOLS_PANEL, SpoolProgress
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError, DosingError
from dosing_tui.ipc.supervised_thread import FailureReporter, SupervisedThread, ignore_failure
from dosing_tui.tui.data.batch_source import BatchSource
from dosing_tui.tui.data.query_results import PanelLoaded, PanelRequest, QueryResult
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL

if TYPE_CHECKING:
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)
Row = TypeVar("Row")
Value = TypeVar("Value")
BuildResult: TypeAlias = Callable[[Value | None, str], QueryResult[Value]]


class ConsoleDataSource(Protocol):
    """Everything that the console reads and writes. Methods may wait for the database."""

    @property
    def batches(self) -> BatchSource:
        """Batches and their reviews."""

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        """Raises: DatabaseError with a sentence for the operator."""

    def cancel_panels(self, panels: Collection[str]) -> None:
        """Cancel running queries whose rows are not needed any more; returns at once."""

    def read_annotations(self, query: PanelQuery) -> AnnotationList:
        """Annotations in the query's range. Raises: DatabaseError."""

    def list_filter_values(self, dimension: Dimension) -> Sequence[str]:
        """The values to choose from. Raises: DatabaseError."""

    def add_note(self, draft: NoteDraft) -> None:
        """Raises: DatabaseError with a sentence for the operator."""

    def read_alarm_history(self, now: datetime) -> KpiHistory:
        """The journal's figures for the alarm KPIs. Raises: DatabaseError."""

    def list_channel_states(self, now: datetime) -> Sequence[ChannelStatus]:
        """Delivery status of each notification channel, failing ones first. Raises: DatabaseError."""

    def read_journal_page(self, journal_filter: JournalFilter) -> Sequence[JournalEntry]:
        """Entries of the alarm journal, the newest first. Raises: DatabaseError."""

    def read_trend(self, trend_query: AlarmTrendQuery) -> Sequence[AlarmTrendPoint]:
        """The value of an alarm over time. Raises: DatabaseError."""

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        """Journal all entries or none. False: the database is down, this machine keeps them until it is up.

        Raises: DatabaseError with a sentence for the operator.
        """

    def read_shift_report(self, shift: ShiftPeriod, now: datetime) -> "ShiftReport":
        """Production, consumption, alarms and open items of a shift. Raises: DatabaseError."""

    def list_spools(self) -> Sequence[SpoolProgress]:
        """Progress of the site's spools, the one written last first. Raises: DatabaseError."""


def run_query(source: ConsoleDataSource, request: PanelRequest) -> PanelLoaded:
    """Run a panel's query once; every failure becomes a reply."""
    try:
        return PanelLoaded(request, tuple(_fetch_rows(source, request)))
    except DatabaseError as error:
        return PanelLoaded(
            request, None, str(error), is_database_down=isinstance(error, DatabaseUnavailableError)
        )
    except Exception:
        # boundary of one panel: an unforeseen failure is contained to its tile
        log.exception("panel %s", request.panel.id)
        return PanelLoaded(request, None, "panel error, see the log file")


def _fetch_rows(source: ConsoleDataSource, request: PanelRequest) -> Sequence[object]:
    if request.panel.id == SPOOLS_PANEL.id:
        return source.list_spools()
    if request.panel.id == ANNOTATIONS_PANEL.id:
        return [source.read_annotations(request.query)]
    return source.read_panel(request.panel, request.query)


class Lane(StrEnum):
    """Queries of one lane never wait for those of another."""

    PANELS = "panels"
    JOURNAL = "journal"
    """Operator actions on their way to the alarm journal, in their order."""
    REVIEWS = "reviews"
    """Batches and their reviews."""


LANE_THREADS = {Lane.PANELS: 3, Lane.JOURNAL: 1, Lane.REVIEWS: 2}
UNEXPECTED_ERROR = "Unexpected error, see the log file."


class QueryRunner(Protocol):
    """Runs queries in the background."""

    def submit(
        self, query: Callable[[], Value], build_result: BuildResult[Value], lane: Lane = Lane.PANELS
    ) -> None:
        """Run the query; the message made of its value, or of None and a sentence, is posted to the app."""

    def submit_panel(self, request: PanelRequest) -> None:
        """Run a panel's query; its ``PanelLoaded`` is posted to the app."""


class QueryWorkers:
    """``post_result`` is called in a worker thread. The threads are daemons: none of them delays the exit."""

    def __init__(
        self,
        source: ConsoleDataSource,
        post_result: Callable[[Message], object],
        *,
        on_failure: FailureReporter = ignore_failure,
    ) -> None:
        self._source = source
        self._post_result = post_result
        self._queues: dict[Lane, SimpleQueue[Callable[[], object] | None]] = {
            lane: SimpleQueue() for lane in Lane
        }
        self._threads = [
            SupervisedThread(
                f"{lane}-{number}", partial(self._run_next_job, self._queues[lane]), on_failure=on_failure
            )
            for lane in Lane
            for number in range(LANE_THREADS[lane])
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit_panel(self, request: PanelRequest) -> None:
        self.submit_job(lambda: self._post_result(run_query(self._source, request)))

    def submit(
        self, query: Callable[[], Value], build_result: BuildResult[Value], lane: Lane = Lane.PANELS
    ) -> None:
        self.submit_job(lambda: self._post_result(run_to_result(query, build_result)), lane)

    def submit_job(self, job: Callable[[], object], lane: Lane = Lane.PANELS) -> None:
        self._queues[lane].put(job)

    def stop(self) -> None:
        """End each thread after the queries that are queued already; does not wait."""
        for lane, count in LANE_THREADS.items():
            for _ in range(count):
                self._queues[lane].put(None)

    def _run_next_job(self, queue: "SimpleQueue[Callable[[], object] | None]") -> bool:
        if (job := queue.get()) is None:
            return False
        job()
        return True


def run_to_result(query: Callable[[], Value], build_result: BuildResult[Value]) -> QueryResult[Value]:
    """Run a query once; every failure becomes the ``error`` of its result."""
    try:
        return build_result(query(), "")
    except DosingError as error:
        return build_result(None, str(error))
    except Exception:
        # boundary of one query: the thread continues with the next
        log.exception("background query failed")
        return build_result(None, UNEXPECTED_ERROR)
