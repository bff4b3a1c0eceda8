"""Threads that put the panels' questions, so that a slow database never holds the screen or the exit."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import Past
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.domain.notifications.channel_status import ChannelState
from dosing_tui.domain.panels.alarm_trend_query import TrendPoint, TrendQuery
from dosing_tui.domain.panels.annotations import Annotations
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import Panel, Query
from dosing_tui.domain.time.shift_calendar import WorkedShift
from dosing_tui.errors import DatabaseAway, DatabaseError
from dosing_tui.tui.data.batch_source import BatchSource
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS
from dosing_tui.tui.scope.scope import Scope
from dosing_tui.tui.scope.spool_status import SPOOLS, SpoolLine

if TYPE_CHECKING:
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)
Row = TypeVar("Row")


class PanelSource(Protocol):
    """Where the panels' rows come from."""

    @property
    def batches(self) -> BatchSource:
        """The batches, and what is said about them."""

    def panel(self, panel: Panel[Row], query: Query) -> Sequence[Row]:
        """Raises: DatabaseError with a sentence for the operator."""

    def cancel(self, panels: Collection[str]) -> None:
        """Nobody waits for the answers to these panels any more; returns at once."""

    def annotations(self, query: Query) -> Annotations:
        """What happened in the query's range. Raises: DatabaseError."""

    def known(self, dimension: Dimension) -> Sequence[str]:
        """The values to choose from. Raises: DatabaseError."""

    def add_note(self, draft: NoteDraft) -> None:
        """Raises: DatabaseError with a sentence for the operator."""

    def past(self, now: datetime) -> Past:
        """What the health of the alarms is judged by. Raises: DatabaseError."""

    def channels(self, now: datetime) -> Sequence[ChannelState]:
        """By which people are told of alarms, those that fail first. Raises: DatabaseError."""

    def journal_page(self, wanted: JournalFilter) -> Sequence[Entry]:
        """Entries of the alarm journal, the newest first. Raises: DatabaseError."""

    def trend(self, asked: TrendQuery) -> Sequence[TrendPoint]:
        """The value of an alarm over time. Raises: DatabaseError."""

    def journal(self, entries: Sequence[Entry]) -> bool:
        """Into the alarm journal, all or none; False if they are kept on this machine until it is back.

        Raises: DatabaseError with a sentence for the operator.
        """

    def shift_report(self, shift: WorkedShift, now: datetime) -> "ShiftReport":
        """What the shift made, used, met and left open. Raises: DatabaseError."""

    def books(self) -> Sequence[SpoolLine]:
        """The books of the site's spools, the one written last first. Raises: DatabaseError."""


@dataclass(frozen=True, slots=True)
class Question:
    panel: Panel[Any]
    generation: int
    scope: Scope
    query: Query


@dataclass(frozen=True, slots=True)
class Reply:
    """``rows`` is None when there was no answer; ``trouble`` then says why."""

    question: Question
    rows: tuple[object, ...] | None
    trouble: str = ""
    away: bool = False
    """The database could not be reached."""


def put(source: PanelSource, question: Question) -> Reply:
    """Ask once; every failure becomes a reply."""
    try:
        return Reply(question, tuple(_rows(source, question)))
    except DatabaseError as error:
        return Reply(question, None, str(error), away=isinstance(error, DatabaseAway))
    except Exception:
        # the task's boundary: an unforeseen failure is one tile's, not the screen's
        log.exception("panel %s", question.panel.id)
        return Reply(question, None, "panel error, see the log file")


def _rows(source: PanelSource, question: Question) -> Sequence[object]:
    if question.panel.id == SPOOLS.id:
        return source.books()
    if question.panel.id == ANNOTATIONS.id:
        return [source.annotations(question.query)]
    return source.panel(question.panel, question.query)


class Askers:
    """``deliver`` is called in one of the threads. They are daemons: none of them can delay the exit."""

    def __init__(self, source: PanelSource, deliver: Callable[[Reply], object], *, threads: int = 3) -> None:
        self._source = source
        self._deliver = deliver
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._work, name=f"panels-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ask(self, question: Question) -> None:
        self._jobs.put(lambda: self._deliver(put(self._source, question)))

    def do(self, job: Callable[[], object]) -> None:
        """Anything else that may have to wait for the database; it sees to its failures itself."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end when they have finished; does not wait."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
