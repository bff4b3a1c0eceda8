"""What a shift hands over to the next: what it made, used and met, and what is left open. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Priority
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.operator_notes import Note
from dosing_tui.domain.panels.panel_catalog import LabeledTotal, ProductionDay
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

TOP_COUNT = 5
"""Alarms that are told by name."""


@dataclass(frozen=True, slots=True)
class ShiftBatchCount:
    """Batches of one recipe and status that began in the shift."""

    recipe: str
    status: str
    batches: int
    with_findings: int


@dataclass(frozen=True, slots=True)
class ShiftStock:
    """One tank over the shift; None is 'not told'. ``start_g`` and ``end_g`` are what its station said last
    before the shift's first dose of it, and before the next shift's."""

    device_id: str
    chemical: str
    start_g: float | None
    start_percent: float | None
    end_g: float | None
    end_percent: float | None
    dosed_g: float | None
    """In the shift, as far as masses are known."""
    unweighed: int
    """Doses of the shift whose mass is not known."""
    taken_g: float | None
    """Dosed between what was said at the start and at the end; None also if a mass is not known."""

    @property
    def refilled_g(self) -> float | None:
        """What the tank holds more than it should: it was filled, or its station started again."""
        if self.start_g is None or self.end_g is None or self.taken_g is None:
            return None
        return round(self.end_g - self.start_g + self.taken_g, 3)


@dataclass(frozen=True, slots=True)
class AlarmTotal:
    """One alarm over the shift: how often it was raised in it, and for how long it was active in it."""

    key: AlarmKey
    priority: Priority
    message: str
    raised: int
    active: timedelta


@dataclass(frozen=True, slots=True)
class UnreviewedBatch:
    """A batch that somebody still has to look at."""

    batch_id: str
    recipe: str
    status: str
    findings: int
    finding_kinds: tuple[str, ...]
    review_state: str


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """``made_at`` is when it was made: the open points are those of then, the rest is the shift's own.

    ``completed``, ``dosed`` and ``production`` are what the panels tell of [shift.since, shift.until).
    """

    shift: ShiftPeriod
    made_at: datetime
    batches: tuple[ShiftBatchCount, ...]
    completed: tuple[LabeledTotal, ...]
    dosed: tuple[LabeledTotal, ...]
    production: ProductionDay
    raised: tuple[tuple[Priority, int], ...]
    """How many alarms of each priority were raised, the most urgent first."""
    top_alarms: tuple[AlarmTotal, ...]
    stock: tuple[ShiftStock, ...]
    notes: tuple[Note, ...]
    unweighed: tuple[LabeledTotal, ...]
    """Of each chemical how many doses have no mass, and so are in no sum; none where all have."""
    unreviewed: int
    """Batches that began in the shift."""
    open_batches: tuple[UnreviewedBatch, ...]
    """Those with exceptions first; not more than fit a report."""
    earlier_unreviewed: int
    """Batches that began before the shift, and are open still."""
    earlier_batches: tuple[UnreviewedBatch, ...]
    standing: tuple[AlarmState, ...]
    """Alarms that are not normal and not hidden."""
    hidden: tuple[AlarmState, ...]
    """Alarms that are shelved, suppressed or out of service."""

    @property
    def is_running(self) -> bool:
        return self.made_at < self.shift.until

    @property
    def ended_batches(self) -> int:
        """Batches that began in the shift and have ended, in whatever way."""
        return sum(each.batches for each in self.batches if each.status != BatchStatus.OPEN)

    @property
    def clean_batches(self) -> int:
        """Those of them that are complete and without exceptions."""
        return sum(e.batches - e.with_findings for e in self.batches if e.status == BatchStatus.COMPLETE)

    @property
    def right_first_time_percent(self) -> float | None:
        return 100.0 * self.clean_batches / self.ended_batches if self.ended_batches else None


def count_by_priority(alarms: Iterable[Occurrence], since: datetime) -> tuple[tuple[Priority, int], ...]:
    """Every priority, also those that none was of."""
    counts = Counter(alarm.priority for alarm in alarms if alarm.raised_at >= since)
    return tuple((priority, counts[priority]) for priority in Priority)


def rank_alarms(
    alarms: Iterable[Occurrence], since: datetime, until: datetime, *, limit: int = TOP_COUNT
) -> tuple[AlarmTotal, ...]:
    """The alarms of [since, until) that were raised most often, then those active for longest."""
    by_key: dict[AlarmKey, list[Occurrence]] = defaultdict(list)
    for alarm in alarms:
        by_key[alarm.key].append(alarm)
    totals = [_summarize_alarm(key, met, since, until) for key, met in by_key.items()]
    return tuple(sorted(totals, key=lambda each: (-each.raised, -each.active, each.key))[:limit])


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
