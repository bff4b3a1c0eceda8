"""A chemical that doses, levels and ledger spell differently is one: in every figure about its tank."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_LEFT,
    MATERIAL_BOOK,
    PUMP_CHEMICALS,
    STOCK_BALANCE,
    STOCK_OUTLOOK,
    Panel,
    PanelQuery,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import DOSE, EVENT, LEVEL, make_doses, settings_for
from tests.support.database.stored_batches import store_and_rebuild, write_readings

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Row = TypeVar("Row")


def dose_at(at: datetime, chemical: str = "t-12", actual_g: float | None = 40.0, *, dedup: int = 1) -> Dose:
    return replace(
        DOSE, time=at, chemical=chemical, actual_g=actual_g, target_g=40.0, error_g=None, dedup=dedup,
        received_at=at,
    )  # fmt: skip


def level_at(at: datetime, remaining_g: float, chemical: str = "T-12") -> InventoryLevel:
    return replace(LEVEL, time=at, chemical=chemical, remaining_g=remaining_g, received_at=at)


def read_panel(
    dsn: str, panel: Panel[Row], *chemicals: str, since: datetime = NOW - DAY, until: datetime = NOW
) -> Sequence[Row]:
    with open_reader(dsn) as reader:
        return reader.read_panel(panel, PanelQuery(since, until, until, Selection(chemical=chemicals)))


@contextmanager
def open_reader(dsn: str) -> Iterator[PanelReader]:
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        yield reader
    finally:
        reader.close()


@pytest.mark.parametrize("named", ["T-12", "t-12", "T \N{EN DASH} 12"])
def test_how_long_a_tank_lasts_heeds_doses_in_any_spelling(migrated: str, named: str) -> None:
    doses = [dose_at(NOW - days * DAY, "t-12" if days % 2 else "T-12") for days in range(1, 5)]
    write_readings(migrated, [*doses, level_at(NOW - 5 * DAY, 900.0, "t-12"), level_at(NOW, 400.0)])
    (row,) = read_panel(migrated, STOCK_OUTLOOK, named)
    assert (row.chemical, row.remaining_g, row.use_28_days_g, row.cover_days) == ("T-12", 400.0, 40.0, 10.0)


def test_a_dose_that_was_not_weighed_is_no_use_of_nothing(migrated: str) -> None:
    doses = [dose_at(NOW - days * DAY) for days in range(1, 5)]
    unweighed = dose_at(NOW - 4 * DAY, actual_g=None, dedup=2)
    write_readings(migrated, [*doses[:3], unweighed, level_at(NOW, 400.0)])
    (row,) = read_panel(migrated, STOCK_OUTLOOK)
    assert (row.production_days, row.use_28_days_g, row.cover_days) == (4, 40.0, 10.0)
    assert row.remark == "1 without a mass"  # a day of which nothing is known
    write_readings(migrated, [dose_at(NOW - days * DAY, actual_g=None, dedup=3) for days in (1, 2, 3)])
    (row,) = read_panel(migrated, STOCK_OUTLOOK)
    assert (row.use_28_days_g, row.cover_days, row.remark) == (80.0, 5.0, "4 without a mass")


def test_without_any_mass_there_is_no_use(migrated: str) -> None:
    doses = [dose_at(NOW - days * DAY, actual_g=None) for days in range(1, 5)]
    write_readings(migrated, [*doses, level_at(NOW, 400.0)])
    (row,) = read_panel(migrated, STOCK_OUTLOOK)
    assert (row.use_28_days_g, row.cover_days, row.remark) == (None, None, "doses without a mass")


def test_the_batches_that_are_left_heed_doses_in_any_spelling(migrated: str) -> None:
    at = NOW - timedelta(hours=3)
    batch = (
        replace(EVENT, time=at, event="start", dedup=0),
        dose_at(at + timedelta(minutes=1), "t-12"),
        replace(EVENT, time=at + timedelta(minutes=2), dedup=0),
    )
    store_and_rebuild(migrated, *batch, level_at(at, 500.0), now=NOW)
    (row,) = read_panel(migrated, BATCHES_LEFT)
    assert (row.batches_left, row.scarcest, row.without_level) == (12, "T-12", "")


def test_a_pump_that_doses_one_chemical_in_two_spellings_has_learnt_it(migrated: str) -> None:
    doses = make_doses(200, start=NOW - timedelta(hours=4))
    write_readings(
        migrated,
        [replace(dose, pump=1, chemical="T-12" if n % 2 else "t-12") for n, dose in enumerate(doses)],
    )
    (row,) = read_panel(migrated, PUMP_CHEMICALS, "t-12")
    assert (row.basis, row.own_percent, row.other_chemical) == ("learnt", 100.0, "")


def test_the_balance_of_a_tank_joins_its_levels_entries_and_doses(migrated: str) -> None:
    write_readings(
        migrated,
        [
            level_at(NOW - DAY, 1_000.0, "t-12"),
            dose_at(NOW - timedelta(hours=6), "T \N{EN DASH} 12"),
            level_at(NOW - timedelta(hours=4), 960.0),
        ],
    )
    station = {"device_id": "station-1", "chemical": "t-12"}
    enter_material(migrated, NOW - timedelta(days=2), "count", 1_000.0, **station)
    enter_material(migrated, NOW - timedelta(hours=3), "count", 860.0, **station)
    for named in ("T-12", "t-12"):
        (row,) = read_panel(migrated, STOCK_BALANCE, named, since=NOW - timedelta(hours=12))
        assert (row.chemical, row.start_g, row.end_g) == ("T-12", 1_000.0, 960.0)
        assert (row.dosed_g, row.unexplained_g, row.count_gap_g) == (40.0, 0.0, -100.0)
        (book,) = read_panel(migrated, MATERIAL_BOOK, named)
        assert (book.chemical, book.level_g, book.count_gap_g) == ("T-12", 960.0, -100.0)


@pytest.mark.parametrize(
    ("kind", "end_g", "unexplained_g"),
    [
        ("drum_change", 9_000.0, None),
        ("drum_change", 400.0, None),
        ("refill", 9_000.0, None),
        ("refill", 400.0, -600.0),
        ("prime", 400.0, None),
        ("prime", 9_000.0, 8_000.0),
    ],
)
def test_what_an_entry_without_a_mass_may_explain_is_not_known(
    migrated: str, kind: str, end_g: float, unexplained_g: float | None
) -> None:
    write_readings(migrated, [level_at(NOW - DAY, 1_000.0), level_at(NOW - timedelta(hours=4), end_g)])
    event = replace(EVENT, time=NOW - timedelta(hours=6), event=kind, chemical="t-12")
    write_readings(migrated, [event])
    (row,) = read_panel(migrated, STOCK_BALANCE, since=NOW - timedelta(hours=12))
    assert (row.unexplained_g, row.remark) == (unexplained_g, "1 without a mass")


def test_the_shift_report_has_one_row_for_a_tank(migrated: str) -> None:
    hour = timedelta(hours=1)
    write_readings(
        migrated,
        [
            level_at(NOW - 9 * hour, 1_000.0, "t-12"),
            dose_at(NOW - 5 * hour),
            replace(level_at(NOW - 5 * hour, 960.0), received_at=NOW - 5 * hour + timedelta(seconds=2)),
        ],
    )
    report = read_shift_report(settings_for(migrated), ShiftPeriod("Early", NOW - 8 * hour, NOW), now=NOW)
    (tank,) = report.stock
    assert (tank.chemical, tank.start_g, tank.end_g, tank.dosed_g) == ("T-12", 1_000.0, 960.0, 40.0)
