"""What the panels of stock should say of the sample month, by the rules of the domain."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from dosing_tui.domain.batches.models import Batch, BatchStatus
from dosing_tui.domain.materials.stock_outlook import (
    DailyUse,
    compute_cover,
    count_batches_left,
    summarize_use,
)
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.panel_catalog import BatchesLeft, StockOutlook, TankLevel
from tests.support.database.sample_month import expect_tanks

DAYS, BATCHES = 28, 20
LONGEST_DAYS = 3650


def expect_outlook(
    levels: Iterable[InventoryLevel], doses: Iterable[Dose], now: datetime, zone: ZoneInfo
) -> list[StockOutlook]:
    """Of all doses of the stations that are shown; without a lead time."""
    today = now.astimezone(zone).date()
    used: dict[tuple[str, date], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for dose in doses:
        day = dose.time.astimezone(zone).date()
        if today - timedelta(days=DAYS) <= day < today:
            used[dose.device_id, day][dose.chemical] += dose.actual_g or 0.0
    rows = []
    for tank in expect_tanks(levels):
        days = {day: uses[tank.chemical] for (device, day), uses in used.items() if device == tank.device_id}
        rows.append(_expect_tank(tank, days, now, today))
    return sorted(rows, key=_get_rank)


def _get_rank(row: StockOutlook) -> tuple[object, ...]:
    cover = float("inf") if row.cover_days is None else row.cover_days
    full = float("inf") if row.percent_full is None else row.percent_full
    return cover, full, row.device_id, row.chemical


def _expect_tank(tank: TankLevel, days: dict[date, float], now: datetime, today: date) -> StockOutlook:
    use = summarize_use(list(days.values()))
    week = [used for day, used in days.items() if day >= today - timedelta(days=7)]
    cover = None if use is None or tank.remaining_g is None else compute_cover(tank.remaining_g, use.mean_g)
    least = None if use is None or tank.remaining_g is None else compute_cover(tank.remaining_g, use.high_g)
    calendar_days = None if cover is None else cover * (today - min(days)).days / len(days)
    return StockOutlook(
        tank.device_id, tank.chemical, tank.remaining_g, tank.percent_full, len(days),
        use_7_days_g=sum(week) / len(week) if use and week else None,
        use_28_days_g=use.mean_g if use else None,
        use_p10_g=use.low_g if use else None,
        use_p90_g=use.high_g if use else None,
        cover_days=cover,
        least_cover_days=least,
        run_out_at=now + timedelta(days=calendar_days)
        if calendar_days is not None and calendar_days < LONGEST_DAYS else None,
        reorder_g=None,
        remark=_expect_remark(use, tank),
    )  # fmt: skip


def _expect_remark(use: DailyUse | None, tank: TankLevel) -> str:
    if use is None:
        return "fewer than 3 production days"
    if tank.remaining_g is None:
        return "no level in g"
    return "" if use.mean_g else "no use"


def expect_batches_left(
    levels: Iterable[InventoryLevel], doses: Iterable[Dose], batches: Iterable[Batch], now: datetime
) -> list[BatchesLeft]:
    """Of batches that began in the last 28 days."""
    tanks = {(t.device_id, t.chemical): t.remaining_g for t in expect_tanks(levels)}
    recipes: dict[tuple[str, str], list[Batch]] = defaultdict(list)
    for batch in sorted(batches, key=lambda batch: batch.begins_at, reverse=True):
        is_recent = now - timedelta(days=DAYS) <= batch.begins_at < now
        if batch.status is BatchStatus.COMPLETE and is_recent:
            recipes[batch.device_id, batch.recipe].append(batch)
    rows = []
    measured = [dose for dose in doses if dose.actual_g is not None]
    for (device, recipe), found in recipes.items():
        uses: dict[str, list[float]] = defaultdict(list)
        for batch in found[:BATCHES]:
            masses: dict[str, float] = defaultdict(float)
            for dose in measured:
                ends_at = batch.ends_at or batch.begins_at
                is_inside = batch.begins_at <= dose.time <= ends_at
                if (dose.device_id, dose.recipe) == (device, recipe) and is_inside:
                    masses[dose.chemical] += dose.actual_g or 0.0
            for chemical, mass in masses.items():
                uses[chemical].append(mass)
        medians = {chemical: median(each) for chemical, each in uses.items()}
        stock = {
            name: left for (station, name), left in tanks.items() if station == device and left is not None
        }
        if left := count_batches_left(stock, medians):
            count, scarcest = left
            rows.append(BatchesLeft(
                device, recipe, count, scarcest, stock[scarcest], medians[scarcest], len(uses[scarcest])
            ))  # fmt: skip
    return sorted(rows, key=lambda row: (row.batches_left, row.device_id, row.recipe))
