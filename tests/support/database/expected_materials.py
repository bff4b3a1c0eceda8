"""What the panels of the material ledger should say of a plant: the formulas of docs/materials.md."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dosing_tui.domain.materials.ledger import ADDED_KINDS, REMOVED_KINDS, MaterialKind
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.panels.material_rows import MaterialBook, TankBalance
from dosing_tui.domain.panels.panel_catalog import PanelQuery
from tests.support.database.sample_month import PlantReadings, expect_tanks
from tests.support.domain.material_book import (
    BookEntry,
    DosedMass,
    compute_book,
    compute_count_difference,
)

INFINITE = float("inf")


def list_doses(plant: PlantReadings, device: str, chemical: str) -> list[DosedMass]:
    return [
        DosedMass(dose.time, dose.actual_g)
        for dose in plant.whole.doses
        if (dose.device_id, dose.chemical) == (device, chemical)
    ]


def list_entries(plant: PlantReadings, device: str, chemical: str) -> list[BookEntry]:
    return [each.entry for each in plant.materials if each[:2] == (device, chemical)]


def find_counts(entries: Sequence[BookEntry]) -> list[BookEntry]:
    """The newest of each instant."""
    counts = [each for each in entries if each.kind is MaterialKind.COUNT]
    return list({each.time: each for each in sorted(counts, key=lambda each: each.entry_id)}.values())


def format_unknown(count: int) -> str:
    return f"{count} without a mass" if count else ""


def divide_percent(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def expect_books(plant: PlantReadings, now: datetime) -> list[MaterialBook]:
    rows = []
    for tank in expect_tanks(plant.levels):
        name = (tank.device_id, tank.chemical)
        entries, doses = list_entries(plant, *name), list_doses(plant, *name)
        book = compute_book(entries, doses, at=now)
        counts = [each for each in find_counts(entries) if each.time <= now]
        count = max(counts, key=lambda each: each.time, default=None)
        found = None if count is None else compute_count_difference(entries, doses, count)
        found = None if found is None else round(found, 6)
        use = None if count is None or found is None else _sum_before(entries, doses, count)
        level = tank.remaining_g
        gap = None if book is None or level is None else round(level - book.book_g, 6)
        dosed = None if book is None else book.dosed_g
        rows.append(MaterialBook(
            *name, None if book is None else book.book_g, level, gap, divide_percent(gap, dosed),
            None if count is None else count.mass_g, None if count is None else count.time, found,
            divide_percent(found, use), dosed,
            "no count yet" if book is None else format_unknown(book.unknown),
        ))  # fmt: skip
    return sorted(rows, key=_get_book_rank)


def _sum_before(entries: list[BookEntry], doses: list[DosedMass], count: BookEntry) -> float:
    others = [each for each in entries if each.kind is not MaterialKind.COUNT or each.time != count.time]
    book = compute_book(others, doses, at=count.time)
    return 0.0 if book is None else book.dosed_g


def _get_book_rank(row: MaterialBook) -> tuple[object, ...]:
    gaps = [abs(gap) for gap in (row.count_gap_g, row.level_gap_g) if gap is not None]
    return row.book_g is None, -max(gaps, default=-INFINITE), row.device_id, row.chemical


def expect_balances(plant: PlantReadings, query: PanelQuery, zone: ZoneInfo) -> list[TankBalance]:
    rows: list[TankBalance] = []
    last = (query.until - timedelta(microseconds=1)).astimezone(zone).date()
    for tank in expect_tanks(plant.levels):
        day, told = query.since.astimezone(zone).date(), _gather_tank(plant, tank.device_id, tank.chemical)
        while day <= last:
            rows += _expect_day(told, day, query.until, zone)
            day += timedelta(days=1)
    ranked = sorted(rows, key=_get_balance_rank)
    return sorted(ranked, key=lambda row: row.day, reverse=True)


def _get_balance_rank(row: TankBalance) -> tuple[object, ...]:
    gaps = [abs(gap) for gap in (row.unexplained_g, row.count_gap_g) if gap is not None]
    return -max(gaps, default=-INFINITE), row.device_id, row.chemical


class _Tank(NamedTuple):
    """All that is told of a tank."""

    name: tuple[str, str]
    entries: list[BookEntry]
    doses: list[DosedMass]
    levels: list[InventoryLevel]


def _gather_tank(plant: PlantReadings, *name: str) -> _Tank:
    device, chemical = name
    levels = sorted(
        (each for each in plant.levels if (each.device_id, each.chemical) == name
         and each.remaining_g is not None),
        key=lambda each: (each.time, each.received_at, each.dedup),
    )  # fmt: skip
    return _Tank(
        (device, chemical), list_entries(plant, device, chemical), list_doses(plant, device, chemical), levels
    )


def _expect_day(tank: _Tank, day: date, until: datetime, zone: ZoneInfo) -> Iterator[TankBalance]:
    name, entries, doses, levels = tank
    since, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    end = min(end, until, key=lambda moment: moment.timestamp())
    found = [
        difference
        for count in find_counts(entries)
        if since.timestamp() <= count.time.timestamp() < end.timestamp()
        and (difference := compute_count_difference(entries, doses, count)) is not None
    ]
    counted = round(sum(found), 6) if found else None
    before = [each for each in levels if -7 <= (each.time.timestamp() - since.timestamp()) / 86_400 < 0]
    within = [each for each in levels if since.timestamp() <= each.time.timestamp() < end.timestamp()]
    if before and within:
        yield _balance_levels(name, day, (before[-1], within[-1]), levels, entries, doses, counted)
    elif counted is not None:
        nothing = (None,) * 7
        yield TankBalance(str(day), *name, *nothing, counted, "")


def _balance_levels(
    name: tuple[str, str], day: date, ends: tuple[InventoryLevel, InventoryLevel],
    levels: list[InventoryLevel], entries: list[BookEntry], doses: list[DosedMass], counted: float | None,
) -> TankBalance:  # fmt: skip
    first, last = ends
    inside = [each for each in entries if first.time < each.time <= last.time]
    masses = {kind: sum(each.mass_g or 0.0 for each in inside if each.kind is kind) for kind in MaterialKind}
    added = sum(masses[kind] for kind in ADDED_KINDS)
    removed = sum(masses[kind] for kind in REMOVED_KINDS)
    for drum in (each for each in inside if each.kind is MaterialKind.DRUM_CHANGE):
        old = [each.remaining_g for each in levels if first.time <= each.time <= drum.time]
        added += (drum.mass_g or 0.0) - (old[-1] or 0.0)
    taken = [each.actual_g for each in doses if first.time < each.time <= last.time]
    dosed = sum(grams or 0.0 for grams in taken)
    start, end = first.remaining_g or 0.0, last.remaining_g or 0.0
    gap, told = round(end - start - added + dosed, 6), masses[MaterialKind.CORRECTION] - removed
    if gap * told > 0:
        gap = min(gap - told, 0.0) if gap < 0 else max(gap - told, 0.0)
    unexplained = None if _may_explain(gap, {each.kind for each in inside if each.mass_g is None}) else gap
    unknown = sum(each.mass_g is None for each in inside) + taken.count(None)
    return TankBalance(
        str(day), *name, start, added, removed, dosed, end, unexplained, divide_percent(unexplained, dosed),
        counted, format_unknown(unknown),
    )  # fmt: skip


def _may_explain(gap: float, unknown: set[MaterialKind]) -> bool:
    """Whether entries without a mass may be the gap: a new drum may hold more or less than the old one."""
    kinds = REMOVED_KINDS if gap < 0 else ADDED_KINDS
    return gap != 0 and bool(unknown & {*kinds, MaterialKind.DRUM_CHANGE})
