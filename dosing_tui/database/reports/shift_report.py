"""Reads the data of a shift report; sums come from the panels' functions."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.occurrences import MAX_OCCURRENCES, list_occurrences
from dosing_tui.database.audit.audit_head import build_audit_anchor, read_audit_head
from dosing_tui.database.batches.queries import count_batches, list_batches
from dosing_tui.database.connection import use_session
from dosing_tui.database.panel_reader import PanelReader, select_clean_rows
from dosing_tui.domain.alarms.models import SUPPRESSED_STATES, AlarmState
from dosing_tui.domain.batch_review.audit_anchor import format_audit_anchor
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_TODAY,
    CONSUMPTION_TODAY,
    PRODUCTION_TODAY,
    LabeledTotal,
    PanelQuery,
    ProductionDay,
)
from dosing_tui.domain.shift_handover import NO_HANDOVER, SIGNING_PERIOD, ShiftHandover, find_handover
from dosing_tui.domain.shift_report import (
    ShiftBatchCount,
    ShiftReport,
    ShiftStock,
    UnreviewedBatch,
    count_by_priority,
    rank_alarms,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

MAX_OPEN_BATCHES = 25
"""Most unreviewed batches listed, of the shift and of earlier ones each; their number is always given."""


def read_shift_report(settings: Settings, shift: ShiftPeriod, *, now: datetime) -> ShiftReport:
    """Read a shift's data; a running shift up to ``now``.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    since, until = shift.since, min(shift.until, max(now, shift.since))
    completed, dosed, (production, *_) = _read_panels(settings, PanelQuery(since, until, now))
    batches, stock, unweighed, (rebuild,) = _read_shift_counts(settings, since, until, now)
    unreviewed, waiting = _list_unreviewed(settings, BatchFilter(since, until, unreviewed=True))
    earlier, older = _list_unreviewed(settings, BatchFilter(until=since, unreviewed=True))
    met = list_occurrences(settings, since=since, until=until)
    states = journal.read_alarm_states(settings).values()
    previous = settings.calendar.get_last_shift(shift.since, ZoneInfo(settings.plant.timezone))
    return ShiftReport(
        shift=shift,
        made_at=now,
        batches=batches,
        completed=completed, dosed=dosed, production=production,
        raised=count_by_priority(met, since),
        top_alarms=rank_alarms(met, since, until),
        has_more_alarms=len(met) >= MAX_OCCURRENCES,
        stock=stock,
        notes=tuple(reversed(operator_notes.list_notes(settings, since=since, until=until))),
        unweighed=unweighed, stations_in_rebuild=round(rebuild.value or 0),
        unreviewed=unreviewed, open_batches=waiting, earlier_unreviewed=earlier, earlier_batches=older,
        standing=_select_alarms(states, hidden=False), hidden=_select_alarms(states, hidden=True),
        anchor=_format_anchor(settings, now), handover=_read_handover(settings, shift),
        previous_shift=previous,
        previous_handover=_read_handover(settings, previous) if previous else NO_HANDOVER,
    )  # fmt: skip


def _read_handover(settings: Settings, shift: ShiftPeriod) -> ShiftHandover:
    notes = operator_notes.list_notes(settings, since=shift.since, until=shift.until + SIGNING_PERIOD)
    return find_handover(notes, shift, ZoneInfo(settings.plant.timezone))


def _format_anchor(settings: Settings, now: datetime) -> str:
    head = read_audit_head(settings)
    return format_audit_anchor(build_audit_anchor(settings, head, now)) if head else ""


def _read_panels(
    settings: Settings, query: PanelQuery
) -> tuple[tuple[LabeledTotal, ...], tuple[LabeledTotal, ...], list[ProductionDay]]:
    """The panels of batches, consumption and production."""
    reader = PanelReader(settings)
    reader.open()
    with closing(reader):
        return (
            tuple(reader.read_panel(BATCHES_TODAY, query)),
            tuple(reader.read_panel(CONSUMPTION_TODAY, query)),
            reader.read_panel(PRODUCTION_TODAY, query),
        )


def _read_shift_counts(
    settings: Settings, since: datetime, until: datetime, now: datetime
) -> tuple[
    tuple[ShiftBatchCount, ...], tuple[ShiftStock, ...], tuple[LabeledTotal, ...], tuple[LabeledTotal, ...]
]:
    """What only reports show: batches, stock, doses without a mass, and stations whose batches are behind."""
    parameters = {"from": since, "to": until, "site": settings.plant.site, "now": now}
    with use_session(settings, application="reports") as session:
        return (
            tuple(select_clean_rows(session, ShiftBatchCount, "reports/count_shift_batches", parameters)),
            tuple(select_clean_rows(session, ShiftStock, "reports/select_shift_stock", parameters)),
            tuple(select_clean_rows(session, LabeledTotal, "reports/count_doses_without_mass", parameters)),
            tuple(select_clean_rows(session, LabeledTotal, "reports/count_stations_in_rebuild", parameters)),
        )


def _list_unreviewed(
    settings: Settings, batch_filter: BatchFilter
) -> tuple[int, tuple[UnreviewedBatch, ...]]:
    """Their number and the newest of them: with exceptions first, then the others, each oldest first."""
    wrong = list_batches(settings, replace(batch_filter, with_findings=True), rows=MAX_OPEN_BATCHES)
    every = list_batches(settings, batch_filter, rows=MAX_OPEN_BATCHES)
    rest = [row for row in every if not row.findings]
    listed = [*reversed(wrong), *reversed(rest)][:MAX_OPEN_BATCHES]
    return count_batches(settings, batch_filter).batches, tuple(
        UnreviewedBatch(
            row.batch_id, row.recipe, row.status, row.findings, row.finding_kinds, row.review_state
        )
        for row in listed
    )


def _select_alarms(states: Iterable[AlarmState], *, hidden: bool) -> tuple[AlarmState, ...]:
    """The most urgent first."""
    ours = (state for state in states if (state.state_name in SUPPRESSED_STATES) is hidden)
    return tuple(sorted(ours, key=lambda state: (state.priority.rank, state.key)))
