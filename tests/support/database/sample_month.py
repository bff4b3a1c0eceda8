"""A month of a plant with a clock change, and what its panels should say, in plain Python."""

import math
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dosing_tui.domain.batches.models import Batch, BatchStatus
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import (
    DoseRow,
    ErrorBin,
    ErrorSummary,
    LabeledTotal,
    ProductionDay,
    RecipeDay,
    SeriesPoint,
    TankLevel,
)
from tests.support.database.reading_samples import DOSE, EVENT, LEVEL
from tests.support.domain.material_book import BookEntry

MONTH = tuple(date(2026, 10, day) for day in range(3, 32))
EMPTY_DAYS = (date(2026, 10, 11), date(2026, 10, 18), date(2026, 10, 26))
"""Without a message; the last one is the day after the clocks went back."""
BUSY_DAYS: tuple[date, ...] = (date(2026, 10, 14), date(2026, 10, 25))
"""With doses in every window of minutes."""
CHEMICALS = ("BDO", "T-12", "Isocyanate", "Catalyst, unmeasured")
RECIPES = ("CU-65/75", "CU-80", "")
MODES = ("CATALYST", "BDO")
STATIONS = 3
REBUILT_AT = datetime(2026, 11, 2, tzinfo=UTC)
"""When the batches of the month are reconstructed: all have ended."""
ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


class LedgerEntry(NamedTuple):
    """An entry of the material ledger."""

    device_id: str
    chemical: str
    entry: BookEntry


@dataclass(frozen=True, slots=True)
class PlantReadings:
    doses: tuple[Dose, ...]
    events: tuple[BatchEvent, ...]
    levels: tuple[InventoryLevel, ...]
    batches: tuple[Batch, ...] = field(default=(), repr=False)
    unfiltered: "PlantReadings | None" = field(default=None, repr=False, compare=False)
    materials: tuple[LedgerEntry, ...] = ()

    @property
    def whole(self) -> "PlantReadings":
        """The plant that this one was filtered from: some figures of a row need what a filter hides."""
        return self.unfiltered or self

    def filter_by(self, selection: Selection) -> "PlantReadings":
        """What a panel of doses, or of batches, sees of the plant."""

        def picks(dimension: Dimension, value: str) -> bool:
            return not selection.get_values(dimension) or value in selection.get_values(dimension)

        return PlantReadings(
            tuple(
                dose
                for dose in self.doses
                if picks(Dimension.DEVICE, dose.device_id) and picks(Dimension.CHEMICAL, dose.chemical)
                and picks(Dimension.RECIPE, dose.recipe) and picks(Dimension.MODE, dose.mode)
                and picks(Dimension.PUMP, str(dose.pump))
            ),
            tuple(
                event
                for event in self.events
                if picks(Dimension.DEVICE, event.device_id) and picks(Dimension.RECIPE, event.recipe)
            ),
            tuple(
                level
                for level in self.levels
                if picks(Dimension.DEVICE, level.device_id) and picks(Dimension.CHEMICAL, level.chemical)
            ),
            tuple(
                batch
                for batch in self.batches
                if picks(Dimension.DEVICE, batch.device_id) and picks(Dimension.RECIPE, batch.recipe)
                and picks(Dimension.MODE, batch.mode)
            ),
            self.whole,
            tuple(
                entry
                for entry in self.materials
                if picks(Dimension.DEVICE, entry.device_id) and picks(Dimension.CHEMICAL, entry.chemical)
            ),
        )  # fmt: skip


def a_month() -> PlantReadings:
    """One dose in ten tells no error, one in twenty no mass; some are on the edges of buckets and bins."""
    chance = random.Random(20261025)
    days = [day for day in MONTH if day not in EMPTY_DAYS]
    doses = [
        _random_dose(chance, day, number) for day in days for number in range(300 if day in BUSY_DAYS else 50)
    ]
    edges = [_on_an_edge(dose, number) for number, dose in enumerate(doses[::23])]
    events = [_random_event(chance, day, number) for day in days for number in range(20)]
    told_twice = [replace(event, dedup=1000 + event.dedup, pumps=None) for event in events[::9]]
    levels = [_random_level(chance, day, number) for day in days for number in range(6)]
    whole = [_whole_batch(chance, day, number) for day in days for number in range(8)]
    doses += [dose for _, dose, _ in whole]
    events += [event for first, _, last in whole for event in (first, last)]
    doses, events = [*doses, *edges], [*events, *told_twice]
    batches = reconstruct_batches([*doses, *events, *levels], now=REBUILT_AT)
    return PlantReadings(tuple(doses), tuple(events), tuple(levels), tuple(batches))


def _whole_batch(chance: random.Random, day: date, number: int) -> tuple[BatchEvent, Dose, BatchEvent]:
    """A start, a dose a minute later and a complete, in the last hour before midnight UTC at the latest."""
    start = _random_event(chance, day, 2000 + number)
    start = replace(start, time=start.time.replace(minute=0), event="start", recipe=chance.choice(RECIPES))
    dose = replace(
        _random_dose(chance, day, 7000 + number),
        time=start.time + timedelta(seconds=60), device_id=start.device_id, recipe=start.recipe,
        duration_ms=5000,
    )  # fmt: skip
    end = replace(start, time=start.time + timedelta(seconds=70), event="complete")
    return start, dose, end


def _random_dose(chance: random.Random, day: date, number: int) -> Dose:
    chemical = chance.choice(CHEMICALS)
    unmeasured = chemical == CHEMICALS[-1] or chance.random() < 0.05
    mode = chance.choices(MODES, weights=(4, 1))[0]
    target = 40.0 if mode == "CATALYST" else round(chance.uniform(5, 1900), 2)
    return replace(
        DOSE,
        time=_random_time(chance, day),
        device_id=f"station-{chance.randrange(STATIONS)}",
        pump=chance.randrange(4),
        chemical=chemical,
        target_g=target,
        actual_g=None if unmeasured else round(target + chance.uniform(-2, 2), 2),
        error_g=None if chance.random() < 0.1 else round(chance.gauss(0.1, 0.9), 3),
        recipe=chance.choice(RECIPES),
        mode=mode,
        duration_ms=None if chance.random() < 0.1 else chance.randrange(1000, 9000),
        dedup=number,
    )


def _on_an_edge(dose: Dose, number: int) -> Dose:
    edges = (*(round(-2 + 0.2 * k, 1) for k in range(21)), 0.5, -0.5)
    whole = dose.time.replace(minute=0, second=0, microsecond=0)
    at = whole.replace(hour=whole.hour // 6 * 6) if number % 3 == 0 else whole
    return replace(dose, time=at, error_g=edges[number % len(edges)], dedup=5000 + number)


def _random_event(chance: random.Random, day: date, number: int) -> BatchEvent:
    return replace(
        EVENT,
        time=_random_time(chance, day),
        device_id=f"station-{chance.randrange(STATIONS)}",
        event=chance.choice(("start", "complete", "complete", "abort")),
        recipe=chance.choice((*RECIPES, "only batches")),
        dedup=number,
    )


def _random_level(chance: random.Random, day: date, number: int) -> InventoryLevel:
    capacity = chance.choice((0.0, 10_000.0))
    at = _random_time(chance, day)
    return replace(
        LEVEL,
        time=at,
        device_id=f"station-{chance.randrange(STATIONS)}",
        chemical=chance.choice(CHEMICALS),
        remaining_g=chance.choice((None, round(chance.uniform(-5, 10_000), 2))),
        capacity_g=capacity,
        percent_full=chance.choice((None, round(chance.uniform(0, 100), 1))),
        dedup=number,
        received_at=at + timedelta(seconds=1),
    )


def _random_time(chance: random.Random, day: date) -> datetime:
    """With microseconds, so that a lost one shows."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begin + timedelta(microseconds=chance.randrange(86_400_000_000))


def bucket_start(moment: datetime, width: timedelta) -> datetime:
    return ORIGIN + (moment - ORIGIN) // width * width


def doses_in_buckets(doses: Iterable[Dose], width: timedelta, since: datetime, until: datetime) -> list[Dose]:
    """Doses of the whole buckets that the window touches."""
    return [dose for dose in doses if bucket_start(since, width) <= bucket_start(dose.time, width) < until]


def doses_within(doses: Iterable[Dose], since: datetime, until: datetime) -> list[Dose]:
    return [dose for dose in doses if since <= dose.time < until]


def expect_series(
    doses: Iterable[Dose], width: timedelta, name: Callable[[Dose], str],
    value: Callable[[list[Dose]], float | None], measured: Callable[[Dose], object],
) -> list[SeriesPoint]:  # fmt: skip
    """``measured``: what the value is of; a dose without it does not count."""
    groups: dict[tuple[datetime, str], list[Dose]] = defaultdict(list)
    for dose in doses:
        groups[bucket_start(dose.time, width), name(dose)].append(dose)
    return [
        SeriesPoint(at, label, value(group), sum(measured(dose) is not None for dose in group))
        for (at, label), group in sorted(groups.items())
    ]


def sum_mass(doses: Iterable[Dose]) -> float | None:
    told = [dose.actual_g for dose in doses if dose.actual_g is not None]
    return math.fsum(told) if told else None


def mean_duration(doses: Iterable[Dose]) -> float | None:
    told = [dose.duration_ms / 1000 for dose in doses if dose.duration_ms is not None]
    return statistics.fmean(told) if told else None


def mean_error(doses: Iterable[Dose]) -> float | None:
    told = [dose.error_g for dose in doses if dose.error_g is not None]
    return statistics.fmean(told) if told else None


def out_percent(doses: Iterable[Dose], tolerance_g: float) -> float | None:
    errors = [abs(dose.error_g) for dose in doses if dose.error_g is not None]
    return 100 * sum(error > tolerance_g for error in errors) / len(errors) if errors else None


def by_chemical(doses: Iterable[Dose]) -> list[LabeledTotal]:
    groups: dict[str, list[Dose]] = defaultdict(list)
    for dose in doses:
        groups[dose.chemical].append(dose)
    totals = [LabeledTotal(chemical, sum_mass(group)) for chemical, group in groups.items()]
    return sorted(totals, key=lambda total: (total.value is None, -(total.value or 0.0), total.label))


def find_batches(
    batches: Iterable[Batch], since: datetime, until: datetime, *, status: BatchStatus
) -> list[Batch]:
    """Those that began in the window."""
    return [batch for batch in batches if batch.status is status and since <= batch.begins_at < until]


def expect_batches(batches: Iterable[Batch], since: datetime, until: datetime) -> list[LabeledTotal]:
    counts = Counter(
        batch.recipe for batch in find_batches(batches, since, until, status=BatchStatus.COMPLETE)
    )
    totals = [LabeledTotal(recipe, float(count)) for recipe, count in counts.items()]
    return sorted(totals, key=lambda total: (-(total.value or 0.0), total.label))


def expect_histogram(doses: Iterable[Dose]) -> list[ErrorBin]:
    counts = [0] * 22
    for dose in doses:
        if dose.error_g is not None:
            bin_ = (Decimal(str(dose.error_g)) + 2) / Decimal("0.2")
            counts[min(max(int(bin_.to_integral_value(ROUND_FLOOR)) + 1, 0), 21)] += 1
    edges = [None, *(round(-2 + 0.2 * k, 1) for k in range(21)), None]
    return [ErrorBin(edges[k], edges[k + 1], count) for k, count in enumerate(counts)]


def expect_summary(doses: Iterable[Dose], tolerance_g: float) -> ErrorSummary:
    measured = [dose for dose in doses if dose.error_g is not None]
    errors = [dose.error_g for dose in measured if dose.error_g is not None]
    return ErrorSummary(
        doses=len(errors),
        mean_g=statistics.fmean(errors) if errors else None,
        sd_g=statistics.stdev(errors) if len(errors) > 1 else None,
        out_percent=out_percent(measured, tolerance_g),
    )


def expect_production_day(
    plant: PlantReadings, day: int, since: datetime, until: datetime, tolerance_g: float, *,
    ended_by: datetime | None, batches_known: bool,
) -> ProductionDay:  # fmt: skip
    """``ended_by``: batches that ended later do not count."""
    found = doses_within(plant.doses, since, until)
    seen = [b for b in plant.batches if ended_by is None or (b.ends_at is not None and b.ends_at <= ended_by)]
    completed, aborted = (
        len(find_batches(seen, since, until, status=status)) if batches_known else None
        for status in (BatchStatus.COMPLETE, BatchStatus.ABORTED)
    )
    return ProductionDay(
        day=day,
        batches=completed,
        doses=len(found),
        dosed_g=sum_mass(found),
        avg_duration_s=mean_duration(found),
        out_percent=out_percent(found, tolerance_g),
        aborted=aborted,
    )


def expect_daily(
    plant: PlantReadings, since: datetime, until: datetime, zone: ZoneInfo, *, batches_known: bool
) -> list[RecipeDay]:
    """Each batch in the row of its own mode, on the day of its start."""
    groups: dict[tuple[date, str, str], list[Dose]] = defaultdict(list)
    for dose in doses_within(plant.doses, since, until):
        groups[dose.time.astimezone(zone).date(), dose.recipe, dose.mode].append(dose)
    completed, aborted = (
        Counter(
            (batch.begins_at.astimezone(zone).date(), batch.recipe, batch.mode)
            for batch in find_batches(plant.batches, since, until, status=status)
            if batches_known
        )
        for status in (BatchStatus.COMPLETE, BatchStatus.ABORTED)
    )
    rows = [
        RecipeDay(
            *key,
            completed[key] if batches_known else None,
            aborted[key] if batches_known else None,
            len(group := groups.get(key, [])), sum_mass(group), mean_error(group), mean_duration(group),
        )
        for key in {*groups, *completed, *aborted}
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.day.toordinal(), row.recipe, row.mode))


def expect_doses(doses: Iterable[Dose]) -> list[DoseRow]:
    """The newest 5000, the newest first."""
    newest = sorted(doses, key=lambda dose: (dose.device_id, dose.pump, dose.dedup))
    newest.sort(key=lambda dose: (dose.time, dose.received_at), reverse=True)
    return [
        DoseRow(
            dose.time, dose.device_id, dose.recipe, dose.mode, dose.chemical, dose.pump, dose.target_g,
            dose.actual_g, dose.error_g, dose.duration_ms, dose.received_at, dose.time_quality.value,
        )
        for dose in newest[:5000]
    ]  # fmt: skip


def expect_tanks(levels: Iterable[InventoryLevel]) -> list[TankLevel]:
    newest: dict[tuple[str, str], InventoryLevel] = {}
    for level in sorted(levels, key=lambda level: (level.time, level.received_at, level.dedup)):
        newest[level.device_id, level.chemical] = level
    rows = [
        TankLevel(
            level.device_id, level.chemical, level.remaining_g, level.capacity_g,
            round(100 * level.remaining_g / level.capacity_g, 3)
            if level.remaining_g is not None and level.capacity_g
            else level.percent_full if level.capacity_g else None,
            level.time, level.received_at,
        )
        for level in newest.values()
    ]  # fmt: skip
    return sorted(
        rows,
        key=lambda row: (row.percent_full is not None, row.percent_full or 0.0, row.device_id, row.chemical),
    )
