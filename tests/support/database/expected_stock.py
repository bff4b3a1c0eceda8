"""What the panels of stock should say of a plant: the formulas of docs/materials.md, on its doses."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import floor, fsum, sqrt
from statistics import fmean, median, quantiles, stdev
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from dosing_tui.domain.batches.models import Batch, BatchStatus
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.panel_catalog import BatchesLeft, StockOutlook, TankLevel
from tests.support.database.sample_month import expect_tanks

DAYS, BATCHES = 28, 20
LEAST_DAYS = 3
LONGEST_DAYS = 3650


def expect_outlook(
    levels: Iterable[InventoryLevel], doses: Iterable[Dose], now: datetime, zone: ZoneInfo,
    *, lead_days: float = 0.0, z: float = 0.0,
) -> list[StockOutlook]:  # fmt: skip
    """Of all doses of the stations that are shown; 0 lead days: without a reorder point."""
    today = now.astimezone(zone).date()
    used: dict[tuple[str, date], dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    for dose in doses:
        day = dose.time.astimezone(zone).date()
        if today - timedelta(days=DAYS) <= day < today:
            used[dose.device_id, day][dose.chemical].append(dose.actual_g)
    rows = []
    for tank in expect_tanks(levels):
        masses = {
            day: uses[tank.chemical] for (device, day), uses in used.items() if device == tank.device_id
        }
        days = {day: _sum_use(each) for day, each in masses.items()}
        row = _expect_tank(tank, days, now, today)
        unknown = sum(each.count(None) for each in masses.values())
        row = replace(row, remark=row.remark or (f"{unknown} without a mass" if unknown else ""))
        known = [used for used in days.values() if used is not None]
        rows.append(_add_reorder_point(row, known, lead_days, z) if lead_days else row)
    return sorted(rows, key=_get_rank)


def _sum_use(masses: list[float | None]) -> float | None:
    """A dose that was not weighed counts as the mean of those that were; None without one."""
    weighed = [mass for mass in masses if mass is not None]
    if masses and not weighed:
        return None
    return fmean(weighed) * len(masses) if masses else 0.0


def _get_rank(row: StockOutlook) -> tuple[object, ...]:
    cover = float("inf") if row.cover_days is None else row.cover_days
    full = float("inf") if row.percent_full is None else row.percent_full
    return cover, full, row.device_id, row.chemical


def _expect_tank(tank: TankLevel, days: dict[date, float | None], now: datetime, today: date) -> StockOutlook:
    """``days``: the use on each production day of the station, None if it is not known."""
    left = tank.remaining_g
    row = StockOutlook(
        tank.device_id, tank.chemical, left, tank.percent_full, len(days),
        None, None, None, None, None, None, None, None, "fewer than 3 production days",
    )  # fmt: skip
    if len(days) < LEAST_DAYS:
        return row
    known = {day: used for day, used in days.items() if used is not None}
    if len(known) < LEAST_DAYS:
        return replace(row, remark="doses without a mass")
    mean = fmean(known.values())
    tenths = quantiles(known.values(), n=10, method="inclusive")
    week = [used for day, used in known.items() if day >= today - timedelta(days=7)]
    cover = None if left is None or not mean else left / mean
    calendar_days = None if cover is None else cover * (today - min(days)).days / len(days)
    return replace(
        row,
        use_7_days_g=fmean(week) if week else None,
        use_28_days_g=mean,
        use_p10_g=tenths[0],
        use_p90_g=tenths[-1],
        cover_days=cover,
        least_cover_days=None if left is None or not tenths[-1] else left / tenths[-1],
        run_out_at=now + timedelta(days=calendar_days)
        if calendar_days is not None and calendar_days < LONGEST_DAYS else None,
        remark="no level in g" if left is None else "" if mean else "no use",
    )  # fmt: skip


def _add_reorder_point(row: StockOutlook, uses: list[float], lead_days: float, z: float) -> StockOutlook:
    if row.use_28_days_g is None:
        return row
    point = row.use_28_days_g * lead_days + z * stdev(uses) * sqrt(lead_days)
    is_due = row.remaining_g is not None and row.remaining_g <= point and row.use_28_days_g > 0
    return replace(row, reorder_g=point, remark="order now" if is_due else row.remark)


def expect_batches_left(
    levels: Iterable[InventoryLevel], doses: Iterable[Dose], batches: Iterable[Batch], now: datetime
) -> list[BatchesLeft]:
    """Of batches that began in the last 28 days. Their recipes are spelt in one way."""
    doses = tuple(doses)
    tanks = {(t.device_id, t.chemical): t.remaining_g for t in expect_tanks(levels)}
    recipes: dict[tuple[str, str], list[Batch]] = defaultdict(list)
    for batch in sorted(batches, key=lambda batch: batch.begins_at, reverse=True):
        is_recent = now - timedelta(days=DAYS) <= batch.begins_at < now
        if batch.status is BatchStatus.COMPLETE and is_recent:
            recipes[batch.device_id, batch.recipe].append(batch)
    rows = []
    for (device, recipe), found in recipes.items():
        uses: dict[str, list[float]] = defaultdict(list)
        for batch in found[:BATCHES]:
            masses: dict[str, list[float | None]] = defaultdict(list)
            for dose in doses:
                ends_at = batch.ends_at or batch.begins_at
                is_inside = batch.begins_at <= dose.time <= ends_at
                if dose.device_id == device and dose.recipe in (recipe, "") and is_inside:
                    masses[dose.chemical].append(dose.actual_g)
            for chemical, each in masses.items():
                weighed = [mass for mass in each if mass is not None]
                if len(weighed) == len(each):
                    uses[chemical].append(fsum(weighed))
        medians = {chemical: median(each) for chemical, each in uses.items() if median(each) > 0}
        tanks_left = [
            (floor(max(left, 0.0) / medians[name]), name, left)
            for (station, name), left in tanks.items()
            if station == device and left is not None and name in medians
        ]
        missing = ", ".join(sorted(set(medians) - {name for _, name, _ in tanks_left}))
        if tanks_left:
            count, name, left = min(tanks_left)
            rows.append(
                BatchesLeft(device, recipe, count, name, left, medians[name], len(uses[name]), missing)
            )
        elif medians:
            rows.append(BatchesLeft(device, recipe, None, "", None, None, 0, missing))
    return sorted(
        rows,
        key=lambda row: (row.batches_left is None, row.batches_left or 0, row.device_id, row.recipe),
    )
