"""Some days of a plant around both clock changes, and what its panels should say, in plain Python."""

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from dosing_tui.plant.panels import ErrorBin, ErrorSummary, ProductionDay, SeriesPoint, Total
from dosing_tui.plant.readings import BatchEvent, Dose
from tests.database.samples import DOSE, EVENT

DAYS = (date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 31), date(2026, 10, 24), date(2026, 10, 25))
"""UTC days with doses: 30 March, between two of them, is empty."""
CHEMICALS = ("BDO", "T-12", "Isocyanate", "Catalyst, unmeasured")
RECIPES = ("CU-65/75", "CU-80", "")
Value = TypeVar("Value")


def plant_doses() -> list[Dose]:
    """About one in ten tells no error, one in twenty no mass; some are on the edges of buckets and bins."""
    chance = random.Random(20261025)
    found = [_dose(chance, day, number) for day in DAYS for number in range(400)]
    return found + [_on_an_edge(dose) for dose in found[::37]]


def plant_events() -> list[BatchEvent]:
    chance = random.Random(1)
    found = [
        replace(
            EVENT,
            time=_moment(chance, day),
            device_id=f"station-{chance.randrange(3)}",
            event=chance.choice(("start", "complete", "complete", "abort")),
            recipe=chance.choice(RECIPES),
            dedup=number,
        )
        for day in DAYS
        for number in range(60)
    ]
    twice = [replace(event, dedup=1000 + event.dedup, pumps=None) for event in found[::9]]
    return found + twice


def _dose(chance: random.Random, day: date, number: int) -> Dose:
    chemical = chance.choice(CHEMICALS)
    error = None if chance.random() < 0.1 else round(chance.gauss(0.1, 0.9), 3)
    unmeasured = chemical == CHEMICALS[-1] or chance.random() < 0.05
    return replace(
        DOSE,
        time=_moment(chance, day),
        device_id=f"station-{chance.randrange(5)}",
        pump=chance.randrange(4),
        chemical=chemical,
        actual_g=None if unmeasured else round(chance.uniform(20, 80), 2),
        error_g=error,
        recipe=chance.choice(RECIPES),
        duration_ms=None if chance.random() < 0.1 else chance.randrange(1000, 9000),
        dedup=number,
    )


def _on_an_edge(dose: Dose) -> Dose:
    edges = (*(round(-2 + 0.2 * k, 1) for k in range(21)), 0.5, -0.5)
    edge = edges[dose.dedup % len(edges)]
    return replace(dose, time=dose.time.replace(minute=0, second=0, microsecond=0), error_g=edge)


def _moment(chance: random.Random, day: date) -> datetime:
    """With microseconds, so that a lost one shows."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begin + timedelta(microseconds=chance.randrange(86_400_000_000))


def in_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def in_quarter(moment: datetime) -> datetime:
    return in_hour(moment) + timedelta(minutes=moment.minute // 15 * 15)


def in_six_hours(moment: datetime) -> datetime:
    hour = in_hour(moment)
    return hour.replace(hour=hour.hour // 6 * 6)


def touched(
    doses: Iterable[Dose], bucket: Callable[[datetime], datetime], since: datetime, until: datetime
) -> list[Dose]:
    """Doses of the whole buckets that the window touches."""
    return [dose for dose in doses if bucket(since) <= bucket(dose.time) < until]


def inside(doses: Iterable[Dose], since: datetime, until: datetime) -> list[Dose]:
    return [dose for dose in doses if since <= dose.time < until]


def sums(
    doses: Iterable[Dose], bucket: Callable[[datetime], datetime], name: Callable[[Dose], str]
) -> list[SeriesPoint]:
    groups: dict[tuple[datetime, str], list[float | None]] = defaultdict(list)
    for dose in doses:
        groups[bucket(dose.time), name(dose)].append(dose.actual_g)
    return [SeriesPoint(at, series, _sum(masses)) for (at, series), masses in sorted(groups.items())]


def error_rates(doses: Iterable[Dose], tolerance_g: float) -> list[SeriesPoint]:
    groups: dict[datetime, list[Dose]] = defaultdict(list)
    for dose in doses:
        groups[in_hour(dose.time)].append(dose)
    return [SeriesPoint(at, "all", out_percent(group, tolerance_g)) for at, group in sorted(groups.items())]


def today(doses: Iterable[Dose], now: datetime, zone: ZoneInfo) -> list[Total]:
    groups: dict[str, list[float | None]] = defaultdict(list)
    for dose in doses:
        if dose.time.astimezone(zone).date() == now.astimezone(zone).date():
            groups[dose.chemical].append(dose.actual_g)
    totals = [Total(chemical, _sum(masses)) for chemical, masses in groups.items()]
    return sorted(totals, key=lambda total: (total.value is None, -(total.value or 0.0), total.label))


def batches(events: Iterable[BatchEvent], now: datetime, zone: ZoneInfo) -> list[Total]:
    groups: dict[str, set[tuple[str, datetime]]] = defaultdict(set)
    for event in events:
        if event.event == "complete" and event.time.astimezone(zone).date() == now.astimezone(zone).date():
            groups[event.recipe].add((event.device_id, event.time))
    totals = [Total(recipe, float(len(found))) for recipe, found in groups.items()]
    return sorted(totals, key=lambda total: (-(total.value or 0.0), total.label))


def histogram(doses: Iterable[Dose]) -> list[ErrorBin]:
    counts = [0] * 22
    for dose in doses:
        if dose.error_g is not None:
            bin_ = (Decimal(str(dose.error_g)) + 2) / Decimal("0.2")
            counts[min(max(int(bin_.to_integral_value(ROUND_FLOOR)) + 1, 0), 21)] += 1
    edges = [None, *(round(-2 + 0.2 * k, 1) for k in range(21)), None]
    return [ErrorBin(edges[k], edges[k + 1], count) for k, count in enumerate(counts)]


def summary(doses: Iterable[Dose], tolerance_g: float) -> ErrorSummary:
    measured = [dose for dose in doses if dose.error_g is not None]
    errors = [dose.error_g for dose in measured if dose.error_g is not None]
    return ErrorSummary(
        doses=len(errors),
        mean_g=statistics.fmean(errors) if errors else None,
        sd_g=statistics.stdev(errors) if len(errors) > 1 else None,
        out_percent=out_percent(measured, tolerance_g),
    )


def production(
    doses: Iterable[Dose], events: Iterable[BatchEvent], day: int, tolerance_g: float
) -> ProductionDay:
    """Of the doses and events of that day's part that has passed."""
    found = list(doses)
    ended = {(event.device_id, event.time, event.recipe, event.event) for event in events}
    durations = [dose.duration_ms / 1000 for dose in found if dose.duration_ms is not None]
    return ProductionDay(
        day=day,
        batches=sum(1 for *_, event in ended if event == "complete"),
        doses=len(found),
        dosed_g=_sum(dose.actual_g for dose in found),
        avg_duration_s=statistics.fmean(durations) if durations else None,
        out_percent=out_percent(found, tolerance_g),
        aborted=sum(1 for *_, event in ended if event == "abort"),
    )


def out_percent(doses: Iterable[Dose], tolerance_g: float) -> float | None:
    errors = [abs(dose.error_g) for dose in doses if dose.error_g is not None]
    return 100 * sum(error > tolerance_g for error in errors) / len(errors) if errors else None


def _sum(masses: Iterable[float | None]) -> float | None:
    told = [mass for mass in masses if mass is not None]
    return math.fsum(told) if told else None
