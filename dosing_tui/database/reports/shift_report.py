"""Reads what a shift report is made of; sums come from where the panels have theirs."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.occurrences import occurrences
from dosing_tui.database.batches.queries import BatchFilter, BatchRow, counts, listed
from dosing_tui.database.connection import connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.panel_reader import Reader, clean_row
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.alarms.models import SUPPRESSED_STATES, AlarmState
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_TODAY,
    CONSUMPTION_TODAY,
    PRODUCTION_TODAY,
    LabeledTotal,
    PanelQuery,
    ProductionDay,
)
from dosing_tui.domain.shift_report import (
    ShiftBatchCount,
    ShiftReport,
    ShiftStock,
    UnreviewedBatch,
    count_by_priority,
    rank_alarms,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

OPEN_LISTED = 25
"""Most open batches of the shift, and of those before; how many there are is told."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the panels tell."""

    completed: tuple[LabeledTotal, ...]
    dosed: tuple[LabeledTotal, ...]
    production: ProductionDay


@dataclass(frozen=True, slots=True)
class _Counted:
    """What only a report asks for."""

    batches: tuple[ShiftBatchCount, ...]
    stock: tuple[ShiftStock, ...]
    unweighed: tuple[LabeledTotal, ...]


def shift_report(settings: Settings, shift: ShiftPeriod, *, now: datetime) -> ShiftReport:
    """A shift that is on is reported up to ``now``.

    Raises: DatabaseAway, DatabaseRefused.
    """
    since, until = shift.since, min(shift.until, max(now, shift.since))
    sums, counted = _sums(settings, PanelQuery(since, until, now)), _counted(settings, since, until)
    unreviewed, waiting = _open(settings, BatchFilter(since, until, unreviewed=True))
    earlier, older = _open(settings, BatchFilter(until=since, unreviewed=True))
    met = occurrences(settings, since=since, until=until)
    states = journal.states(settings).values()
    return ShiftReport(
        shift=shift,
        made_at=now,
        batches=counted.batches,
        completed=sums.completed, dosed=sums.dosed, production=sums.production,
        raised=count_by_priority(met, since),
        top_alarms=rank_alarms(met, since, until),
        stock=counted.stock,
        notes=tuple(reversed(operator_notes.listed(settings, since=since, until=until))),
        unweighed=counted.unweighed,
        unreviewed=unreviewed, open_batches=waiting, earlier_unreviewed=earlier, earlier_batches=older,
        standing=_those(states, hidden=False), hidden=_those(states, hidden=True),
    )  # fmt: skip


def _sums(settings: Settings, query: PanelQuery) -> _Sums:
    reader = Reader(settings)
    reader.open()
    with closing(reader):
        (production, *_) = reader.panel(PRODUCTION_TODAY, query)
        return _Sums(
            tuple(reader.panel(BATCHES_TODAY, query)),
            tuple(reader.panel(CONSUMPTION_TODAY, query)),
            production,
        )


def _counted(settings: Settings, since: datetime, until: datetime) -> _Counted:
    asked = {"from": since, "to": until}
    with (
        connect(settings, application="reports", autocommit=True) as session,
        rowless_errors(target(settings)),
    ):
        with session.cursor(row_factory=clean_row(ShiftBatchCount)) as cursor:
            batches = cursor.execute(statement("reports/shift_batches"), asked).fetchall()
        with session.cursor(row_factory=clean_row(ShiftStock)) as cursor:
            stock = cursor.execute(statement("reports/shift_stock"), asked).fetchall()
        with session.cursor(row_factory=clean_row(LabeledTotal)) as cursor:
            unweighed = cursor.execute(statement("reports/shift_unweighed"), asked).fetchall()
    return _Counted(tuple(batches), tuple(stock), tuple(unweighed))


def _open(settings: Settings, unreviewed: BatchFilter) -> tuple[int, tuple[UnreviewedBatch, ...]]:
    """How many, and the newest of them: those with exceptions, then the others, the oldest of each first."""
    wrong = listed(settings, replace(unreviewed, with_findings=True), rows=OPEN_LISTED)
    every = listed(settings, unreviewed, rows=OPEN_LISTED)
    rest = [row for row in every if not row.findings]
    told = [*reversed(wrong), *reversed(rest)][:OPEN_LISTED]
    return counts(settings, unreviewed).batches, tuple(_of(row) for row in told)


def _of(row: BatchRow) -> UnreviewedBatch:
    return UnreviewedBatch(
        row.batch_id, row.recipe, row.status, row.findings, row.finding_kinds, row.review_state
    )


def _those(states: Iterable[AlarmState], *, hidden: bool) -> tuple[AlarmState, ...]:
    """The most urgent first."""
    ours = (state for state in states if (state.state_name in SUPPRESSED_STATES) is hidden)
    return tuple(sorted(ours, key=lambda state: (state.priority.rank, state.key)))
