"""A shift report with something in every part of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dosing_tui.domain.alarms.models import Actor, AlarmKey, AlarmState, AlarmStateName, Priority, Suppression
from dosing_tui.domain.panels.operator_notes import Note
from dosing_tui.domain.panels.panel_catalog import LabeledTotal, ProductionDay
from dosing_tui.domain.shift_report import (
    AlarmTotal,
    ShiftBatchCount,
    ShiftReport,
    ShiftStock,
    UnreviewedBatch,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

SIX = datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
EARLY = ShiftPeriod("Early", SIX, SIX + timedelta(hours=8))
KEY = AlarmKey("STOCK_LOW", "dosing_system_01", "T-12")


def make_report(
    shift: ShiftPeriod = EARLY, *, recipe: str = "CU-65/75", made_at: datetime | None = None
) -> ShiftReport:
    raised = shift.since + timedelta(hours=1)
    low = AlarmState(KEY, Priority.MEDIUM, active=True, count=1, raised_at=raised, message="T-12 at 16.3 %")
    hiding = Suppression(
        AlarmStateName.SHELVED, raised, "sensor is changed", Actor("M. Berg"), raised + timedelta(hours=9)
    )
    pump = AlarmKey("DOSE_GROSS", "dosing_system_01", "2")
    return ShiftReport(
        shift=shift,
        made_at=made_at or shift.until + timedelta(minutes=4),
        batches=(ShiftBatchCount(recipe, "complete", 11, 1), ShiftBatchCount("CU-85", "aborted", 1, 1)),
        completed=(LabeledTotal(recipe, 11.0),),
        dosed=(LabeledTotal("T-12", 445.1), LabeledTotal("DMDEE", 440.25)),
        production=ProductionDay(0, 11, 23, 885.35, 58.2, 4.3, 1),
        raised=((Priority.HIGH, 0), (Priority.MEDIUM, 3), (Priority.LOW, 1), (Priority.DIAGNOSTIC, 0)),
        top_alarms=(AlarmTotal(KEY, Priority.MEDIUM, "T-12 at 16.3 %", 3, timedelta(hours=2)),),
        stock=(ShiftStock("dosing_system_01", "T-12", 2800.0, 18.7, 2445.0, 16.3, 355.0, 1, 355.0, 1, 20.0),),
        notes=(Note(1, raised, raised, "T-9 drum changed", "M. Berg", "mberg", "dosing", None),),
        unweighed=(LabeledTotal("T-12", 1.0),),
        unreviewed=2,
        earlier_unreviewed=31,
        open_batches=(
            UnreviewedBatch("station-20260311-004", "CU-85", "aborted", 1, ("not complete",), "unreviewed"),
            UnreviewedBatch("station-20260311-009", recipe, "complete", 0, (), "unreviewed"),
        ),
        earlier_batches=(
            UnreviewedBatch(
                "station-20260310-017", "CU-85", "incomplete", 1, ("not complete",), "unreviewed"
            ),
        ),
        standing=(low,),
        hidden=(AlarmState(pump, Priority.HIGH, hiding=hiding, occurrence=UUID(int=7)),),
    )
