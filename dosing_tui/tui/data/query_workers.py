"""Threads for database queries: a slow database never blocks the screen or the exit."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeAlias, TypeVar
from uuid import UUID

from textual.message import Message

from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.capability.pump_history import PumpChartData
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.spool_progress import SPOOLS_PANEL, SpoolProgress
from dosing_tui.errors import DatabaseError, DosingError
from dosing_tui.ipc.supervised_thread import FailureReporter, SupervisedThread, ignore_failure
from dosing_tui.tui.data.query_results import PanelLoaded, PanelRequest, QueryResult
from dosing_tui.tui.data.record_source import BatchSource, RecordSource
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL

log = logging.getLogger(__name__)
Row = TypeVar("Row")
Value = TypeVar("Value")
BuildResult: TypeAlias = Callable[[Value | None, str], QueryResult[Value]]


class PanelSource(Protocol):
    """Panels and what is queried like one. Raises: DatabaseError with a sentence for the operator."""

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        """The panel's rows in the query's range."""

    def find_dropped(self, panel: Panel[Row], query: PanelQuery) -> DroppedReadings | None:
        """The first of the panel's readings in the query's range that retention has dropped."""

    def read_annotations(
        self, *, since: datetime, until: datetime, device: Sequence[str], recipe: Sequence[str]
    ) -> AnnotationList:
        """Annotations in [since, until) of these stations and recipes, or of all."""

    def read_pump_history(self, row: PumpCapability, *, since: datetime, until: datetime) -> PumpChartData:
        """What happened to the row's pump at its target in [since, until)."""

    def list_filter_values(self, dimension: Dimension) -> Sequence[str]:
        """The values to choose from."""

    def list_spools(self) -> Sequence[SpoolProgress]:
        """Progress of the site's spools, the one written last first."""


class ConsoleDataSource(Protocol):
    """Everything that the console reads and writes."""

    @property
    def batches(self) -> BatchSource:
        """Batches and their reviews."""

    @property
    def records(self) -> RecordSource:
        """Alarm journal, notes and shift reports."""

    @property
    def reader(self) -> PanelSource:
        """Waits until it is connected. Raises: DatabaseUnavailableError."""

    def cancel_panels(self, panels: Collection[str]) -> None:
        """Cancel running queries whose rows are no longer needed; returns at once."""

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        """Journal all entries or none. False: the database is down, this machine keeps them until it is up.

        Raises: DatabaseError with a sentence for the operator.
        """

    def list_kept_actions(self) -> Collection[UUID]:
        """The entries that this machine still keeps until the database is up.

        Raises: DatabaseError with a sentence for the operator.
        """


class BackendService(ConsoleDataSource, Protocol):
    """Data source with a lifetime."""

    def start_collector(self) -> None:
        """Before the first paint: what works beside this process."""

    def open_reader(self) -> None:
        """After it: what would delay it."""

    def stop(self) -> None:
        """After the last paint; also if neither was called."""


def run_query(source: ConsoleDataSource, request: PanelRequest) -> PanelLoaded:
    """Run a panel's query once; every failure becomes a reply."""
    try:
        rows = tuple(_fetch_rows(source, request))
        dropped = None if rows else _find_dropped(source, request)
        return PanelLoaded(request, rows, dropped=dropped)
    except DatabaseError as error:
        return PanelLoaded(request, None, str(error), error)
    except Exception:
        # boundary of one panel: an unforeseen failure is contained to its tile
        log.exception("panel %s", request.panel.id)
        return PanelLoaded(request, None, "panel error, see the log file")


def _fetch_rows(source: ConsoleDataSource, request: PanelRequest) -> Sequence[object]:
    if request.panel.id == SPOOLS_PANEL.id:
        return source.reader.list_spools()
    if request.panel.id == ANNOTATIONS_PANEL.id:
        query, chosen = request.query, request.query.selection
        return [
            source.reader.read_annotations(
                since=query.since, until=query.until, device=chosen.device, recipe=chosen.recipe
            )
        ]
    return source.reader.read_panel(request.panel, request.query)


def _find_dropped(source: ConsoleDataSource, request: PanelRequest) -> DroppedReadings | None:
    """Not of the panels' own ranges, which retention never reaches."""
    if request.scope.spec is None or not request.panel.refresh_on:
        return None
    return source.reader.find_dropped(request.panel, request.query)


class Lane(StrEnum):
    """Queries of one lane never wait for those of another."""

    PANELS = "panels"
    JOURNAL = "journal"
    """Operator actions on their way to the alarm journal, in their order."""
    REVIEWS = "reviews"
    """Batches and their reviews."""
    DOCTOR = "doctor"
    """Checks that take seconds; no panel waits for them."""
    MAINTENANCE = "maintenance"
    """Sizes of tables and chunks, which may take seconds, too."""


LANE_THREADS = {Lane.PANELS: 3, Lane.JOURNAL: 1, Lane.REVIEWS: 2, Lane.DOCTOR: 1, Lane.MAINTENANCE: 1}
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
        self._on_failure = on_failure
        self._failed_threads: dict[Lane, set[str]] = {lane: set() for lane in Lane}
        self._threads = [
            SupervisedThread(
                f"{lane}-{number}",
                partial(self._run_next_job, lane),
                on_failure=partial(self._report_failure, lane),
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

    def _run_next_job(self, lane: Lane) -> bool:
        if (job := self._queues[lane].get()) is None:
            return False
        job()
        # a lane works again with its next job, whichever of its threads does it
        for name in tuple(self._failed_threads[lane]):
            self._report_failure(lane, name, "")
        return True

    def _report_failure(self, lane: Lane, name: str, reason: str) -> None:
        if reason:
            self._failed_threads[lane].add(name)
        else:
            self._failed_threads[lane].discard(name)
        self._on_failure(name, reason)


def run_to_result(query: Callable[[], Value], build_result: BuildResult[Value]) -> QueryResult[Value]:
    """Run a query once; every failure becomes the ``error`` of its result."""
    try:
        return build_result(query(), "")
    except DosingError as error:
        result = build_result(None, str(error))
        result.database_error = error if isinstance(error, DatabaseError) else None
        return result
    except Exception:
        # boundary of one query: the thread continues with the next
        log.exception("background query failed")
        return build_result(None, UNEXPECTED_ERROR)
