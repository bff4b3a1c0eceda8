"""A small plant with three days behind it, and its answers to the panels: seeded, so that pictures repeat."""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from statistics import fmean, stdev
from typing import Any, TypeVar, cast
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.kpis import KpiHistory
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import ReviewDraft
from dosing_tui.domain.capability import pump_history
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceEntry
from dosing_tui.domain.materials.ledger import MaterialDraft
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, TimeQuality
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.panels import panel_catalog
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.annotations import Annotation, AnnotationKind, AnnotationList
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import (
    BatchesLeft,
    DoseRow,
    ErrorBin,
    ErrorSummary,
    LabeledTotal,
    Panel,
    PanelQuery,
    ProductionDay,
    RecipeDay,
    SeriesPoint,
    StockOutlook,
)
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.pump_chemical import PumpChemical
from dosing_tui.domain.panels.spool_progress import SpoolProgress
from dosing_tui.domain.shift_report import ShiftReport
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseUnavailableError, ReviewError
from dosing_tui.live_snapshot import LinkState, LinkStatus, MessageCounts, Role
from dosing_tui.live_state import LiveState
from dosing_tui.tui.data.record_source import BatchSource
from tests.support.database.expected_pumps import expect_pump_chemicals, expect_pumps
from tests.support.domain import shift_report_samples
from tests.support.domain.alarm_entries import build_history
from tests.support.local_days import get_today

Row = TypeVar("Row")
NOW = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)
PUMPS = {"DMDEE": 1, "T-12": 2, "T-9": 3, "L25B": 4}
CAPACITY_G = {"DMDEE": 20_000.0, "T-12": 15_000.0, "T-9": 10_000.0, "L25B": 10_000.0}
RECIPES = {
    "CU-85": (("T-9", 40.0), ("T-12", 5.0)),
    "CU-65/75": (("DMDEE", 40.0), ("T-12", 40.0)),
    "FG-85/95": (("T-12", 40.0), ("L25B", 10.0)),
}
LEVELS = {"DMDEE": 67.1, "T-12": 38.3, "T-9": 83.4, "L25B": 16.3}


@dataclass(frozen=True)
class History:
    doses: tuple[Dose, ...]
    events: tuple[BatchEvent, ...]


@cache
def make_history(*, devices: int = 1, days: float = 3.0, seed: int = 7, at: datetime = NOW) -> History:
    """Batches every few minutes by day, fewer at night, none around noon; T-12 drifts in the last hours."""
    dice = random.Random(seed)
    doses: list[Dose] = []
    events: list[BatchEvent] = []
    for number in range(1, devices + 1):
        begin = at - timedelta(days=days) + timedelta(seconds=dice.uniform(0, 300))
        while begin < at - timedelta(seconds=100):
            made, told = _make_batch(
                dice, f"dosing_system_{number:02}", begin, drifts=begin > at - timedelta(hours=3)
            )
            if told[-1].time < at:
                doses += made
                events += told
            begin += timedelta(seconds=_pick_pause(dice, begin))
    return History(tuple(sorted(doses, key=lambda d: d.time)), tuple(sorted(events, key=lambda e: e.time)))


def _pick_pause(dice: random.Random, at: datetime) -> float:
    if at.hour in (11,):
        return 3_700.0
    return dice.uniform(150, 420) if 6 <= at.hour < 20 else dice.uniform(400, 1_500)


def _make_batch(
    dice: random.Random, device: str, at: datetime, *, drifts: bool
) -> tuple[list[Dose], list[BatchEvent]]:
    recipe = dice.choices(list(RECIPES), weights=(5, 3, 2))[0]
    events = [_make_event(device, "start", recipe, at)]
    doses = []
    for chemical, target in RECIPES[recipe]:
        seconds = dice.gauss(58, 3)
        at += timedelta(seconds=seconds + 3)
        bias = 0.28 if drifts and chemical == "T-12" else 0.03
        error = round(dice.gauss(bias, 0.22), 2)
        doses.append(make_dose(device, chemical, target, error, recipe, at, round(seconds * 1000)))
    aborted = dice.random() < 0.01
    events.append(_make_event(device, "abort" if aborted else "complete", recipe, at + timedelta(seconds=1)))
    return doses, events


def make_dose(
    device: str, chemical: str, target: float, error: float, recipe: str, at: datetime, ms: int
) -> Dose:
    return Dose(
        time=at.replace(microsecond=0), device_id=device, pump=PUMPS[chemical], chemical=chemical,
        target_g=target, actual_g=round(target + error, 2), error_g=error, recipe=recipe, mode="CATALYST",
        duration_ms=ms, dedup=ms, received_at=at, time_quality=TimeQuality.DEVICE,
    )  # fmt: skip


def _make_event(device: str, event: str, recipe: str, at: datetime) -> BatchEvent:
    return BatchEvent(
        time=at.replace(microsecond=0), device_id=device, event=event, recipe=recipe, pumps=2, dedup=0,
        received_at=at, time_quality=TimeQuality.DEVICE,
    )  # fmt: skip


def make_levels(
    *, devices: int = 1, at: datetime = NOW, percent: dict[str, float] | None = None
) -> list[InventoryLevel]:
    return [
        _make_level(f"dosing_system_{number:02}", chemical, full, at - timedelta(seconds=4 + 9 * number))
        for number in range(1, devices + 1)
        for chemical, full in _shift_levels(LEVELS if percent is None else percent, number).items()
    ]


def _make_level(device: str, chemical: str, full: float, at: datetime) -> InventoryLevel:
    capacity = CAPACITY_G.get(chemical, 10_000.0)
    return InventoryLevel(
        time=at, device_id=device, chemical=chemical, remaining_g=round(capacity * full / 100, 2),
        capacity_g=capacity, percent_full=full, dedup=0, received_at=at, time_quality=TimeQuality.RECEIVE,
    )  # fmt: skip


def _shift_levels(percent: dict[str, float], device: int) -> dict[str, float]:
    """Other stations hold other amounts."""
    if device == 1:
        return percent
    return {name: round((full + 31.7 * (device - 1)) % 75 + 22, 1) for name, full in percent.items()}


def live_plant(story: History, tanks: Iterable[InventoryLevel], *, at: datetime = NOW) -> LiveState:
    """A live picture as it is after a while of collecting."""
    live, tanks = LiveState(), tuple(tanks)
    live.seed_readings([*story.doses[-60:], *tanks])
    live.count_messages(["factory/dosing/consumption"] * 42, at - timedelta(seconds=1))
    up = LinkState(LinkStatus.UP, at - timedelta(hours=2))
    live.set_broker(up)
    live.set_database(up)
    live.set_message_counts(
        MessageCounts(received=12_482, stored=12_470, duplicates=7, spooled=0, rejected=5)
    )
    live.set_role(Role.COLLECTOR)
    live.set_alarms(alarms_of(tanks, at=at).take_snapshot(at, is_journal_live=True))
    return live


def alarms_of(tanks: Iterable[InventoryLevel], *, at: datetime = NOW) -> Evaluator:
    """What the levels of the tanks lead to."""
    evaluator = Evaluator(AlarmLimits(), expected_stations=(), started_at=at)
    for level in tanks:
        evaluator.on_reading(level)
    return evaluator


class NoBatches:
    """A plant whose batches nobody has rebuilt."""

    account = "anna"

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        return ()

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        return []

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        return BatchStatusCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def read_batch(self, name: str) -> BatchDetail | None:
        return None

    def list_context_events(self, device: str, since: datetime, until: datetime) -> ContextEvents:
        return ContextEvents()

    policy = ReviewPolicy()
    pin = "1234"

    def read_policy(self) -> ReviewPolicy:
        return self.policy

    def verify_pin(self, who: str, pin: str) -> bool:
        if pin != self.pin:
            raise ReviewError(f"This is not the PIN of {who}; tries left: 4.")
        return True

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        return ReviewResult()


class FakeSource:
    """Answers from a history as the database would; ``away`` makes it fail."""

    def __init__(self, story: History) -> None:
        self.story = story
        self.away = ""
        self.asked: list[str] = []
        self.queries: list[PanelQuery] = []
        self.notes: list[Annotation] = []
        self.materials: list[MaterialDraft] = []
        self.more_happened = False
        self.cancelled: set[str] = set()
        self.keeps = False
        self.kept: set[UUID] = set()
        self.outcome: str | None = ""
        """Why an action changes nothing; None: the journal does not have it."""
        """This machine collects: what operators do waits on its disk while the database is away."""
        self.entries: list[JournalEntry] = []
        self.pages: list[JournalFilter] = []
        self.told_by: list[ChannelStatus] = []
        self.batches: BatchSource = NoBatches()
        self.services: list[ServiceDraft] = []
        self.on_journal: Callable[[Sequence[JournalEntry]], object] = self.entries.extend

    @property
    def reader(self) -> "FakeSource":
        return self

    @property
    def records(self) -> "FakeSource":
        return self

    def cancel_panels(self, panels: Collection[str]) -> None:
        self.cancelled |= set(panels)

    def read_annotations(
        self, *, since: datetime, until: datetime, device: Sequence[str], recipe: Sequence[str]
    ) -> AnnotationList:
        self.asked.append("annotations")
        query = PanelQuery(since, until, NOW, Selection(device=tuple(device), recipe=tuple(recipe)))
        return AnnotationList((*_batches_of(self.story, query), *self.notes), is_truncated=self.more_happened)

    def list_filter_values(self, dimension: Dimension) -> list[str]:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        return sorted({str(getattr(dose, _FIELDS[dimension])) for dose in self.story.doses})

    def add_note(self, draft: NoteDraft) -> None:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        self.notes.append(
            Annotation(draft.at, None, AnnotationKind.NOTE, draft.text, draft.author, draft.device or "")
        )

    def enter_material(self, draft: MaterialDraft) -> int:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        self.materials.append(draft)
        return len(self.materials)

    def enter_service(self, draft: ServiceDraft) -> ServiceEntry:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        self.services.append(draft)
        return ServiceEntry(
            len(self.services), draft.at, draft.device, draft.pump, draft.kind, draft.target_g,
            draft.readings_g, fmean(draft.readings_g) if draft.readings_g else None, None, draft.withdraws,
            draft.note, draft.person, "ops", "dosing_operator", NOW, is_withdrawn=False,
        )  # fmt: skip

    def read_kpi_history(self, now: datetime) -> KpiHistory:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        return build_history(self.entries)

    def list_channel_states(self, *, now: datetime) -> list[ChannelStatus]:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        return self.told_by

    def list_entries(self, journal_filter: JournalFilter) -> list[JournalEntry]:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        self.pages.append(journal_filter)
        states = fold_entries(sorted(self.entries, key=lambda entry: entry.id))
        now_so = {key for key, state in states.items() if state.state_name in journal_filter.state_names}
        found = [
            entry
            for entry in self.entries
            if journal_filter.since <= entry.at
            and (entry.at, entry.id) < (journal_filter.until, journal_filter.before_id)
            and journal_filter.tag.lower() in entry.key.tag.lower()
            and (not journal_filter.events or entry.event in journal_filter.events)
            and (not journal_filter.state_names or entry.key in now_so)
            and journal_filter.user.lower() in ("", entry.who.name.lower(), entry.who.os_user.lower())
        ]
        return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)[
            : journal_filter.max_entries
        ]

    def read_trend(self, trend_query: AlarmTrendQuery) -> list[AlarmTrendPoint]:
        """Down from 60 to 12 in a straight line."""
        if self.away:
            raise DatabaseUnavailableError(self.away)
        steps = (trend_query.now - trend_query.since) // trend_query.step + 1
        return [
            AlarmTrendPoint(trend_query.since + n * trend_query.step, 60.0 - 48.0 * n / steps)
            for n in range(steps)
        ]

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        if self.away and not self.keeps:
            raise DatabaseUnavailableError(self.away)
        self.on_journal(entries)
        if self.away:
            self.kept |= {entry.uuid for entry in entries}
        return not self.away

    def list_kept_actions(self) -> frozenset[UUID]:
        return frozenset(self.kept)

    def find_action_outcomes(self, uuids: Sequence[UUID]) -> dict[UUID, str]:
        return {uuid: self.outcome for uuid in uuids if self.outcome is not None}

    def read_shift_report(self, shift: ShiftPeriod, *, now: datetime) -> ShiftReport:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        return shift_report_samples.make_report(shift, made_at=now)

    def list_spools(self) -> list[SpoolProgress]:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        return [
            SpoolProgress(UUID("7c9e6679" + "0" * 24), 12_470, 12_470, 7, 5, NOW),
            SpoolProgress(UUID("16fd2706" + "0" * 24), 904, 904, 0, 0, NOW - timedelta(days=2)),
        ]

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        self.asked.append(panel.id)
        self.queries.append(query)
        if self.away:
            raise DatabaseUnavailableError(self.away)
        doses = [dose for dose in self.story.doses if _is_asked_for(dose, query)]
        # each answer below makes rows of the type its panel declares
        return cast("Sequence[Row]", _ANSWERS[panel.id](self.story, doses, panel, query.now))

    def find_dropped(self, panel: Panel[Row], query: PanelQuery) -> DroppedReadings | None:
        return None

    def read_pump_history(
        self, row: PumpCapability, *, since: datetime, until: datetime
    ) -> pump_history.PumpChartData:
        if self.away:
            raise DatabaseUnavailableError(self.away)
        rows = _answer_doses(self.story, list(self.story.doses), panel_catalog.DOSES, until)
        own = [
            dose for dose in reversed(rows)
            if (dose.device_id, dose.pump, dose.chemical, dose.target_g) == row.identity
        ]  # fmt: skip
        return pump_history.PumpChartData(own[-pump_history.MAX_CHART_DOSES :])


_FIELDS = {
    Dimension.DEVICE: "device_id", Dimension.CHEMICAL: "chemical", Dimension.RECIPE: "recipe",
    Dimension.MODE: "mode", Dimension.PUMP: "pump",
}  # fmt: skip


def _batches_of(story: History, query: PanelQuery) -> list[Annotation]:
    """Each start with the end that follows it."""
    found, begun = [], dict[str, BatchEvent]()
    for event in story.events:
        if event.event == "start":
            begun[event.device_id] = event
        elif (start := begun.pop(event.device_id, None)) and query.since <= start.time < query.until:
            kind = AnnotationKind.BATCH if event.event == "complete" else AnnotationKind.ABORTED
            text = f"{event.recipe} {event.event}"
            found.append(Annotation(start.time, event.time, kind, text, "", event.device_id))
    return found


def _is_asked_for(dose: Dose, query: PanelQuery) -> bool:
    asked = query.selection
    return query.since <= dose.time < query.until and all(
        not chosen or value in chosen
        for chosen, value in (
            (asked.device, dose.device_id), (asked.chemical, dose.chemical), (asked.recipe, dose.recipe),
            (asked.mode, dose.mode),
        )
    )  # fmt: skip


Answering = Callable[[History, list[Dose], Panel[Any], datetime], Sequence[object]]


def _answer_totals(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[LabeledTotal]:
    sums: dict[str, float] = defaultdict(float)
    for dose in doses:
        sums[dose.chemical] += dose.actual_g or 0.0
    return [LabeledTotal(name, value) for name, value in sorted(sums.items(), key=lambda item: -item[1])]


def _group_by_bucket(doses: Iterable[Dose], width: timedelta) -> dict[datetime, list[Dose]]:
    found: dict[datetime, list[Dose]] = defaultdict(list)
    for dose in doses:
        found[dose.time - (dose.time - datetime(2020, 1, 1, tzinfo=UTC)) % width].append(dose)
    return dict(sorted(found.items()))


def _answer_hourly(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[SeriesPoint]:
    hours = _group_by_bucket(doses, timedelta(hours=1))
    return [SeriesPoint(at, "all", sum(d.actual_g or 0 for d in group)) for at, group in hours.items()]


def _answer_series(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[SeriesPoint]:
    return [
        SeriesPoint(at, chemical, sum(dose.actual_g or 0.0 for dose in group))
        for chemical in sorted({dose.chemical for dose in doses})
        for at, group in _group_by_bucket(
            (dose for dose in doses if dose.chemical == chemical), timedelta(minutes=15)
        ).items()
    ]


def _answer_histogram(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[ErrorBin]:
    counts = [0] * 22
    for dose in doses:
        counts[max(0, min(21, int(((dose.error_g or 0.0) + 2.0) // 0.2) + 1))] += 1
    edges = [None, *(round(-2 + 0.2 * number, 1) for number in range(21)), None]
    return [ErrorBin(edges[number], edges[number + 1], count) for number, count in enumerate(counts)]


def _out_percent(doses: Sequence[Dose]) -> float | None:
    return 100 * sum(abs(d.error_g or 0) > 0.5 for d in doses) / len(doses) if doses else None


def _answer_summary(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[ErrorSummary]:
    errors = [dose.error_g or 0.0 for dose in doses]
    if len(errors) < 2:
        return [ErrorSummary(len(errors), None, None, None)]
    return [ErrorSummary(len(errors), fmean(errors), stdev(errors), _out_percent(doses))]


def _answer_rate(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[SeriesPoint]:
    return [
        SeriesPoint(at, "all", _out_percent(group))
        for at, group in _group_by_bucket(doses, timedelta(hours=1)).items()
    ]


def _answer_batches(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[LabeledTotal]:
    since, until = get_today(now, UTC)
    counts: dict[str, float] = defaultdict(float)
    for event in story.events:
        if event.event == "complete" and since <= event.time < until:
            counts[event.recipe] += 1
    return [LabeledTotal(name, value) for name, value in sorted(counts.items(), key=lambda item: -item[1])]


def _answer_production(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[ProductionDay]:
    return [_make_day(story, number, now - timedelta(days=number)) for number in (0, 1)]


def _make_day(story: History, number: int, until: datetime) -> ProductionDay:
    since = get_today(until, UTC).since
    doses = [dose for dose in story.doses if since <= dose.time < until]
    ends = [event.event for event in story.events if since <= event.time < until]
    durations = [dose.duration_ms or 0 for dose in doses]
    return ProductionDay(
        number, ends.count("complete"), len(doses), sum(dose.actual_g or 0.0 for dose in doses) or None,
        fmean(durations) / 1000 if durations else None, _out_percent(doses), ends.count("abort"),
    )  # fmt: skip


def _answer_durations(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[SeriesPoint]:
    return [
        SeriesPoint(at, chemical, fmean(dose.duration_ms or 0 for dose in group) / 1000)
        for chemical in sorted({dose.chemical for dose in doses})
        for at, group in _group_by_bucket(
            (dose for dose in doses if dose.chemical == chemical), timedelta(hours=1)
        ).items()
    ]


def _answer_daily(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[RecipeDay]:
    found: dict[tuple[date, str], list[Dose]] = defaultdict(list)
    for dose in doses:
        found[dose.time.date(), dose.recipe].append(dose)
    return [
        RecipeDay(
            day, recipe, "CATALYST", _count_ended(story, day, recipe, "complete"),
            _count_ended(story, day, recipe, "abort"), len(group),
            sum(dose.actual_g or 0.0 for dose in group), fmean(dose.error_g or 0.0 for dose in group),
            fmean(dose.duration_ms or 0 for dose in group) / 1000,
        )
        for (day, recipe), group in sorted(found.items(), key=_newest_day_first)
    ]  # fmt: skip


def _newest_day_first(item: tuple[tuple[date, str], list[Dose]]) -> tuple[int, str]:
    (day, recipe), _ = item
    return -day.toordinal(), recipe


def _count_ended(story: History, day: date, recipe: str, how: str) -> int:
    ended = (event for event in story.events if event.event == how and event.recipe == recipe)
    return sum(event.time.date() == day for event in ended)


def _answer_doses(story: History, doses: list[Dose], panel: Panel[Any], now: datetime) -> list[DoseRow]:
    return [
        DoseRow(
            dose.time, dose.device_id, dose.recipe, dose.mode, dose.chemical, dose.pump, dose.target_g,
            dose.actual_g, dose.error_g, dose.duration_ms, dose.received_at, dose.time_quality.value,
        )
        for dose in sorted(doses, key=lambda dose: dose.time, reverse=True)
    ]  # fmt: skip


def _answer_pumps(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[PumpCapability]:
    return expect_pumps(doses, now - timedelta(days=7), now + timedelta(days=1), NO_FILTER, 0.5)


def _answer_pump_chemicals(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[PumpChemical]:
    return expect_pump_chemicals(doses, now + timedelta(days=1), NO_FILTER)


def _answer_outlook(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[StockOutlook]:
    """Of a plant that has run for two days."""
    names = sorted({(dose.device_id, dose.chemical) for dose in doses})
    remark = "fewer than 3 production days"
    return [
        StockOutlook(device, chemical, 500.0, 50.0, 2, None, None, None, None, None, None, None, None, remark)
        for device, chemical in names
    ]


def _answer_batches_left(
    story: History, doses: list[Dose], panel: Panel[Any], now: datetime
) -> list[BatchesLeft]:
    names = sorted({(dose.device_id, dose.recipe) for dose in doses})
    return [BatchesLeft(device, recipe, 12, "T-12", 500.0, 40.0, 20, "") for device, recipe in names]


_ANSWERS: dict[str, Answering] = {
    panel_catalog.DOSES.id: _answer_doses,
    panel_catalog.CONSUMPTION_TODAY.id: _answer_totals,
    panel_catalog.CONSUMPTION_OVER_TIME.id: _answer_hourly,
    panel_catalog.CONSUMPTION_BY_CHEMICAL.id: _answer_series,
    panel_catalog.ACCURACY_HISTOGRAM.id: _answer_histogram,
    panel_catalog.ACCURACY_SUMMARY.id: _answer_summary,
    panel_catalog.ERROR_RATE.id: _answer_rate,
    panel_catalog.BATCHES_TODAY.id: _answer_batches,
    panel_catalog.DOSING_DURATION.id: _answer_durations,
    panel_catalog.DAILY_SUMMARY.id: _answer_daily,
    panel_catalog.PRODUCTION_TODAY.id: _answer_production,
    panel_catalog.PUMP_CAPABILITY.id: _answer_pumps,
    panel_catalog.STOCK_OUTLOOK.id: _answer_outlook,
    panel_catalog.BATCHES_LEFT.id: _answer_batches_left,
    panel_catalog.PUMP_CHEMICALS.id: _answer_pump_chemicals,
}

HOSTILE = "[/] [bold \x1b]52;c;aGk=\x07 \u202eevil\u0000 [@click=app.quit]x[/]"


def make_hostile(story: History) -> History:
    """The same plant, whose every text is an attack."""
    doses = tuple(
        replace(dose, device_id=HOSTILE, chemical=f"{HOSTILE}{dose.pump}", recipe=HOSTILE, mode=HOSTILE)
        for dose in story.doses
    )
    events = tuple(replace(event, device_id=HOSTILE, recipe=HOSTILE) for event in story.events)
    return History(doses, events)
