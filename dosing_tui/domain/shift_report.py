"""Shift report: production, consumption, alarms and open points for the handover."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Priority
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.operator_notes import Note
from dosing_tui.domain.panels.panel_catalog import LabeledTotal, ProductionDay
from dosing_tui.domain.shift_handover import NO_HANDOVER, ShiftHandover
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

TOP_COUNT = 5
"""Number of alarms listed by name."""


class ShiftBatchCount(Struct, frozen=True):
    """Number of batches of one recipe and status that started in the shift."""

    recipe: str
    status: str
    batches: int
    with_findings: int


class ShiftStock(Struct, frozen=True):
    """One tank over the shift, masses in g; None means unknown.

    ``start_g`` and ``end_g``: last levels before the first dose of this shift and of the next one.
    """

    device_id: str
    chemical: str
    start_g: float | None
    start_percent: float | None
    end_g: float | None
    end_percent: float | None
    dosed_g: float | None
    """Mass dosed in the shift, in g, without doses of unknown mass."""
    unweighed: int
    """Number of doses of unknown mass in the shift."""
    taken_g: float | None
    """Mass dosed between the two levels, in g, without doses of unknown mass."""
    taken_unweighed: int = 0
    """Number of doses of unknown mass between the two levels."""
    low_percent: float = 0.0
    """Below it the tank is low; of its chemical, as the alarm has it."""

    @property
    def refilled_g(self) -> float | None:
        """Surplus of the tank in g: it was refilled, or its station restarted.

        The least surplus, where ``taken_unweighed`` doses have no mass: they took something, too.
        """
        if self.start_g is None or self.end_g is None or self.taken_g is None:
            return None
        return round(self.end_g - self.start_g + self.taken_g, 3)


class AlarmTotal(Struct, frozen=True):
    """One alarm over the shift: number of raises and active time."""

    key: AlarmKey
    priority: Priority
    message: str
    raised: int
    active: timedelta


class UnreviewedBatch(Struct, frozen=True):
    """Batch that requires a review."""

    batch_id: str
    recipe: str
    status: str
    findings: int
    finding_kinds: tuple[str, ...]
    review_state: str


class ShiftReport(Struct, frozen=True):
    """Report of one shift. The open points are as of ``made_at``, all other data are of the shift.

    ``completed``, ``dosed`` and ``production``: panel results of [shift.since, shift.until).
    """

    shift: ShiftPeriod
    made_at: datetime
    batches: tuple[ShiftBatchCount, ...]
    completed: tuple[LabeledTotal, ...]
    dosed: tuple[LabeledTotal, ...]
    production: ProductionDay
    raised: tuple[tuple[Priority, int], ...]
    """Number of raises by priority, highest priority first."""
    top_alarms: tuple[AlarmTotal, ...]
    """All that were raised, the most frequent first."""
    has_more_alarms: bool
    """More were raised than were counted."""
    stock: tuple[ShiftStock, ...]
    notes: tuple[Note, ...]
    unweighed: tuple[LabeledTotal, ...]
    """Number of doses without a mass by chemical; they are not in the sums."""
    unreviewed: int
    """Number of batches started in the shift that require a review."""
    open_batches: tuple[UnreviewedBatch, ...]
    """Batches that require a review, those with exceptions first; the list may be truncated."""
    earlier_unreviewed: int
    """Number of batches started before the shift that require a review."""
    earlier_batches: tuple[UnreviewedBatch, ...]
    standing: tuple[AlarmState, ...]
    """Alarms that are neither normal nor suppressed."""
    hidden: tuple[AlarmState, ...]
    """Alarms that are shelved, suppressed or out of service."""
    anchor: str = ""
    """Anchor of the audit trail at ``made_at``; '' for an empty trail."""
    stations_in_rebuild: int = 0
    """Number of stations whose batches are not up to date: those and what is counted of them will change."""
    handover: ShiftHandover = NO_HANDOVER
    previous_shift: ShiftPeriod | None = None
    previous_handover: ShiftHandover = NO_HANDOVER

    @property
    def is_running(self) -> bool:
        return self.made_at < self.shift.until

    @property
    def ended_batches(self) -> int:
        """Number of batches started in the shift that have ended, with any status."""
        return sum(each.batches for each in self.batches if each.status != BatchStatus.OPEN)

    @property
    def clean_batches(self) -> int:
        """Number of these that are complete and without exceptions."""
        return sum(e.batches - e.with_findings for e in self.batches if e.status == BatchStatus.COMPLETE)

    @property
    def right_first_time_percent(self) -> float | None:
        return 100.0 * self.clean_batches / self.ended_batches if self.ended_batches else None


def count_by_priority(alarms: Iterable[Occurrence], since: datetime) -> tuple[tuple[Priority, int], ...]:
    """Count the raises since ``since`` by priority; all priorities are included."""
    counts = Counter(alarm.priority for alarm in alarms if alarm.raised_at >= since)
    return tuple((priority, counts[priority]) for priority in Priority)


def rank_alarms(alarms: Iterable[Occurrence], since: datetime, until: datetime) -> tuple[AlarmTotal, ...]:
    """Rank the alarms of [since, until) by number of raises, then by active time."""
    by_key: dict[AlarmKey, list[Occurrence]] = defaultdict(list)
    for alarm in alarms:
        by_key[alarm.key].append(alarm)
    totals = [_summarize_alarm(key, met, since, until) for key, met in by_key.items()]
    return tuple(sorted(totals, key=lambda each: (-each.raised, -each.active, each.key)))


def _summarize_alarm(
    key: AlarmKey, occurrences: list[Occurrence], since: datetime, until: datetime
) -> AlarmTotal:
    spans = [min(each.returned_at or until, until) - max(each.raised_at, since) for each in occurrences]
    return AlarmTotal(
        key,
        min((each.priority for each in occurrences), key=lambda priority: priority.rank),
        occurrences[-1].message,
        raised=sum(each.raised_at >= since for each in occurrences),
        active=sum((span for span in spans if span > timedelta()), timedelta()),
    )
