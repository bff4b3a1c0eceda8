"""Every number of a planned month, worked out in Python: panels, CLI, Grafana's SQL, tiles, shift reports."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from click.testing import CliRunner
from msgspec import Struct, structs
from psycopg.rows import dict_row

from dosing_tui.cli import reports
from dosing_tui.cli.main import main
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.batches.queries import count_batches
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_LEFT,
    ERROR_RATE,
    PANELS,
    PRODUCTION_TODAY,
    PUMP_CAPABILITY,
    PUMP_CHEMICALS,
    STOCK_OUTLOOK,
    BatchesLeft,
    Panel,
    PanelQuery,
    ProductionDay,
    StockOutlook,
)
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.pump_chemical import PumpChemical
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.charts.full_screen_chart import draw_full_screen_chart
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.scope.scope import Scope
from dosing_tui.tui.tiles.registry import TILES
from tests.integration.database.test_panels import EXPECTED
from tests.integration.grafana.test_same_rows import draw_row, query_panel
from tests.support.database import planned_month, sample_month
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_stock import expect_outlook
from tests.support.database.reading_samples import settings_for
from tests.support.database.sample_month import PlantReadings, doses_within
from tests.support.database.station_news import write_station_news
from tests.support.database.stored_batches import write_readings
from tests.support.database.stored_materials import write_materials
from tests.support.database_servers import Server
from tests.support.domain.shown_digits import show
from tests.unit.tui.tiles.test_every_live_number import LIVE_TEXTS, list_dose_texts

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = planned_month.plan_month()
AFTER = planned_month.BEGIN + timedelta(days=planned_month.DAYS + 2)
TOLERANCE_G = 0.5


class ClockAfter(datetime):
    """The clock of a command that is given after the month: what is told of the present state is of then."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "ClockAfter":
        return cls.fromtimestamp(AFTER.timestamp(), tz)


def _local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


RANGES = {
    "the long day": (_local(25), _local(26)),
    "a night shift across midnight": (_local(14, 22), _local(15, 6)),
    "cut": (_local(20, 13, 7), _local(24, 9, 31)),
    "the month": (planned_month.BEGIN, AFTER),
}
CHOICES: Mapping[Dimension, str] = {
    Dimension.DEVICE: "station-1",
    Dimension.CHEMICAL: "T-12",
    Dimension.RECIPE: "CU-85",
    Dimension.MODE: "BDO",
    Dimension.PUMP: "2",
}
SELECTIONS = [
    NO_FILTER,
    *(Selection(**{name.value: (CHOICES[name],)}) for name in Dimension),
    Selection(recipe=("CU-85",), mode=("BDO",)),
]


@pytest.fixture(scope="module")
def plant(postgres: Server) -> Iterator[str]:
    """A database with the month, and its batches."""
    with postgres.create_database() as dsn:
        migrate_schema(settings_for(dsn), report=print)
        write_readings(dsn, [*MONTH.doses, *MONTH.events, *MONTH.levels])
        # no number has anything of it
        write_readings(dsn, [structs.replace(MONTH.doses[0], actual_g=math.nan, dedup=9_999)])
        write_station_news(dsn, MONTH)
        write_materials(dsn, MONTH.materials)
        rebuild_batches(
            settings_for(dsn), since=planned_month.BEGIN, until=AFTER, now=AFTER, report=print
        )  # fmt: skip
        yield dsn


@pytest.fixture(scope="module")
def reader(plant: str) -> Iterator[PanelReader]:
    reader = PanelReader(settings_for(plant))
    reader.open()
    yield reader
    reader.close()


def list_queries(panel: Panel[object]) -> Iterator[tuple[str, PanelQuery]]:
    """Every range with every filter; also while it lasts, for the panel that compares it with another."""
    for (name, (since, until)), selection in product(RANGES.items(), SELECTIONS):
        is_compared = panel is PRODUCTION_TODAY and selection is NO_FILTER
        for now in (since + (until - since) / 3, until) if is_compared else (until,):
            yield f"{name}, {selection}, {now}", PanelQuery(since, until, now, selection)


@cache
def filter_month(selection: Selection) -> PlantReadings:
    return MONTH.filter_by(selection)


def work_out(panel: Panel[Any], query: PanelQuery) -> list[object]:
    """The panel's rows, from the messages and the planned batches."""
    width = panel.get_bucket_width(query.since, query.until) or timedelta(hours=1)
    narrowed = structs.replace(query, selection=query.selection.restrict_to(panel.dimensions))
    seen = filter_month(narrowed.selection)
    return list(EXPECTED[panel.id](seen, narrowed, width, BERLIN, TOLERANCE_G))


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_panel_and_grafana_say_what_was_planned(
    plant: str, reader: PanelReader, panel: Panel[object]
) -> None:
    wrong = []
    with psycopg.connect(plant, autocommit=True, row_factory=dict_row) as grafana:
        for name, query in list_queries(panel):
            expected = work_out(panel, query)
            if not are_equal(reader.read_panel(panel, query), expected):
                wrong.append(name)
            drawn = [
                draw_row(row)
                for row in expected
                if getattr(row, "value", 0) is not None or panel.bucket_width is None
            ]
            if not are_equal(query_panel(grafana, panel, query), drawn):
                wrong.append(f"Grafana: {name}")
    assert not wrong


def test_reorder_points_are_those_of_the_lead_time(plant: str, reader: PanelReader) -> None:
    panel: Panel[Any] = STOCK_OUTLOOK
    query = PanelQuery(*RANGES["cut"], AFTER)
    expected = expect_outlook(MONTH.levels, MONTH.doses, AFTER, BERLIN, lead_days=8, z=1.65)
    remarks = sorted(row.remark for row in expected)
    assert remarks == ["13 without a mass", "8 without a mass", "order now", "order now"]
    set_limits = "UPDATE plant_limits SET reorder_lead_days = %s, reorder_z = 1.65"
    with psycopg.connect(plant, autocommit=True, row_factory=dict_row) as session:
        session.execute(set_limits, [8])
        try:
            assert are_equal(reader.read_panel(panel, query), expected)
            assert are_equal(query_panel(session, panel, query), expected)
        finally:
            session.execute(set_limits, [0])


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_the_command_prints_what_was_planned(
    plant: str, panel: Panel[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "datetime", ClockAfter)
    since, until = RANGES["cut"]
    env = {"DOSING_DATABASE_DSN": plant, "DOSING_PLANT_TIMEZONE": "Europe/Berlin"}
    span = (
        "--from",
        f"{since.astimezone(BERLIN):%Y-%m-%d %H:%M}",
        "--to",
        f"{until.astimezone(BERLIN):%Y-%m-%d %H:%M}",
    )
    printed = CliRunner().invoke(main, ["panel", panel.id, *span, "--format", "json"], env=env)
    rows = json.loads(printed.stdout)["rows"]
    expected = work_out(panel, PanelQuery(since, until, AFTER))
    assert len(rows) == len(expected) > 0
    for row, wanted in zip(rows, expected, strict=True):
        assert isinstance(wanted, Struct)
        numbers = {
            name: value for name, value in structs.asdict(wanted).items() if isinstance(value, int | float)
        }
        assert {name: row[name] for name in numbers} == pytest.approx(numbers, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("days", [11, 14, 22])
def test_shift_report_and_batch_list_say_what_was_planned(plant: str, days: int) -> None:
    since = _local(3 + days, 22)
    shift = ShiftPeriod("Night", since, _local(4 + days, 6))
    settings = settings_for(plant)
    found = read_shift_report(settings, shift, now=AFTER)
    begun = [b for b in MONTH.batches if shift.since <= b.begins_at < shift.until]
    by_status = Counter(batch.status for batch in begun)
    doses = doses_within(MONTH.doses, shift.since, shift.until)
    assert (found.production.batches, found.production.aborted) == (
        by_status[BatchStatus.COMPLETE], by_status[BatchStatus.ABORTED],
    )  # fmt: skip
    assert {(b.recipe, b.status): b.batches for b in found.batches} == Counter(
        (batch.recipe, batch.status.value) for batch in begun
    )
    listed = count_batches(settings, BatchFilter(shift.since, shift.until))
    assert (listed.complete, listed.aborted, listed.incomplete) == tuple(
        by_status[status] for status in (BatchStatus.COMPLETE, BatchStatus.ABORTED, BatchStatus.INCOMPLETE)
    )
    assert are_equal(found.dosed, sample_month.by_chemical(doses))
    for tank in found.stock:
        own = [d for d in doses if (d.device_id, d.chemical) == (tank.device_id, tank.chemical)]
        assert tank.dosed_g == pytest.approx(sample_month.sum_mass(own))
        assert tank.unweighed == sum(dose.actual_g is None for dose in own)


def _sum_text(plant: PlantReadings, query: PanelQuery) -> list[str]:
    """The dosed masses of each chemical."""
    totals = sample_month.by_chemical(doses_within(plant.doses, query.since, query.until))
    return [f"{total.label} {_format_mass(total.value or 0)}" for total in totals]


def _format_mass(grams: float) -> str:
    """A chart chooses its unit by its largest column, a list by its largest sum."""
    # between the thousands no blank of the pattern
    whole = show(grams, ",.0f").replace(",", "\N{NO-BREAK SPACE}")
    return f"({whole}|{show(grams / 1000, '.2f')})"


def _list_production(plant: PlantReadings, query: PanelQuery) -> list[str]:
    today = next(row for row in work_out(PRODUCTION_TODAY, query) if isinstance(row, ProductionDay))
    return [
        f"Batches {today.batches}", f"Doses {today.doses}", f"Aborted {today.aborted}",
        f"Dosed {show((today.dosed_g or 0) / 1000, '.2f')} kg",
        f"Avg duration {show(today.avg_duration_s, '.1f')} s",
        f"Out of tol. {show(today.out_percent, '.1f')} %",
    ]  # fmt: skip


def _list_accuracy(plant: PlantReadings, query: PanelQuery) -> list[str]:
    found = sample_month.expect_summary(doses_within(plant.doses, query.since, query.until), TOLERANCE_G)
    return [show(found.mean_g, "+.2f"), show(found.sd_g, ".2f")]


def _list_days(plant: PlantReadings, query: PanelQuery) -> list[str]:
    days = sample_month.expect_daily(plant, query.since, query.until, BERLIN, batches_known=True)
    return [f"{d.recipe} {d.mode} {d.batches} {d.aborted} {d.doses}" for d in days]


def _list_rates(plant: PlantReadings, query: PanelQuery) -> list[str]:
    """The mean of the zoomed chart is that of the doses in its steps."""
    width = ERROR_RATE.get_bucket_width(query.since, query.until) or timedelta(hours=1)
    doses = sample_month.doses_in_buckets(plant.doses, width, query.since, query.until)
    return [show(sample_month.out_percent(doses, TOLERANCE_G), ".1f")]


def _list_durations(plant: PlantReadings, query: PanelQuery) -> list[str]:
    doses = sample_month.doses_in_buckets(plant.doses, timedelta(hours=1), query.since, query.until)
    return [
        f"{name} {show(sample_month.mean_duration(d for d in doses if d.chemical == name), '.1f')}"
        for name in planned_month.CHEMICALS.values()
    ]


def _list_recipes(plant: PlantReadings, query: PanelQuery) -> list[str]:
    totals = sample_month.expect_batches(plant.batches, query.since, query.until)
    return [f"{total.label} {show(total.value, '.0f')}" for total in totals]


def _list_doses_in_all(plant: PlantReadings, query: PanelQuery) -> list[str]:
    found = sample_month.sum_mass(doses_within(plant.doses, query.since, query.until))
    return [_format_mass(found or 0)]


def _list_doses(plant: PlantReadings, query: PanelQuery) -> list[str]:
    doses = tuple(doses_within(plant.doses, query.since, query.until))
    return list_dose_texts(replace(plant, doses=doses), AFTER)


def _format_number(value: float | None, form: str) -> str:
    return show(value, form).replace(",", "\N{NO-BREAK SPACE}")


def _list_pumps(plant: PlantReadings, query: PanelQuery) -> list[str]:
    rows = [row for row in work_out(PUMP_CAPABILITY, query) if isinstance(row, PumpCapability)]
    return [" ".join((
        row.device_id, str(row.pump), row.chemical, show(row.target_g, ".2f"), str(row.doses),
        _format_number(row.cpk, ".2f"),
        "0.00" if row.mean_error_g is not None and abs(row.mean_error_g) < 0.005
        else _format_number(row.mean_error_g, "+.2f"),
        f"±{show(row.allowance_g, '.3f')}", _format_number(row.sigma_g, ".3f"), show(row.sum_error_g, "+.1f"),
        _format_number(row.rate_g_per_s, ".3f"), "–", f"{show(row.tube_g / 1000, '.1f')} kg", "–",
        f"bias: {row.cause}" if row.cause else "scatter" if row.cpk is not None and row.cpk < 0.5 else "",
    )).strip() for row in rows]  # fmt: skip


def _list_pump_chemicals(plant: PlantReadings, query: PanelQuery) -> list[str]:
    rows = [row for row in work_out(PUMP_CHEMICALS, query) if isinstance(row, PumpChemical)]
    return [" ".join((
        row.device_id, str(row.pump), row.chemical, row.basis,
        "▲" if row.basis in {"set", "learnt"} and row.own_percent < 100 else "", show(row.own_percent, ".1f"),
        str(row.doses), row.other_chemical,
        f"{row.other_at.astimezone(BERLIN):%Y-%m-%d %H:%M:%S}" if row.other_at else "",
    )).replace("  ", " ").strip() for row in rows]  # fmt: skip


def _list_outlook(plant: PlantReadings, query: PanelQuery) -> list[str]:
    rows = [row for row in work_out(STOCK_OUTLOOK, query) if isinstance(row, StockOutlook)]
    return [" ".join((
        row.device_id, row.chemical, _format_number(row.remaining_g, ",.0f"),
        _format_number(row.use_28_days_g, ",.0f"),
        f"{_format_number(row.use_p10_g, ',.0f')}–{_format_number(row.use_p90_g, ',.0f')}",
        _format_number(row.use_7_days_g, ",.0f"), _format_number(row.cover_days, ".1f"),
        f"{row.run_out_at.astimezone(BERLIN):%a %d %b %H:%M}" if row.run_out_at else "–",
        _format_number(row.reorder_g, ",.0f"), row.remark,
    )).strip() for row in rows]  # fmt: skip


def _list_batches_left(plant: PlantReadings, query: PanelQuery) -> list[str]:
    rows = [row for row in work_out(BATCHES_LEFT, query) if isinstance(row, BatchesLeft)]
    return [" ".join((
        row.device_id, row.recipe, str(row.batches_left), row.scarcest,
        _format_number(row.remaining_g, ",.0f"), _format_number(row.median_use_g, ".1f"), str(row.batches),
        row.without_level,
    )).strip() for row in rows]  # fmt: skip


TILE_TEXTS: Mapping[str, Callable[[PlantReadings, PanelQuery], list[str]]] = {
    TileId.CHEMICAL_TOTALS: _sum_text,
    TileId.BATCH_TOTALS: _list_recipes,
    TileId.CONSUMPTION: _list_doses_in_all,
    TileId.CONSUMPTION_LINES: _sum_text,
    TileId.SPARKLINES: _sum_text,
    TileId.ACCURACY: _list_accuracy,
    TileId.ACCURACY_NUMBERS: _list_accuracy,
    TileId.ERROR_RATE: _list_rates,
    TileId.DURATION: _list_durations,
    TileId.PRODUCTION: _list_production,
    TileId.DAILY_PRODUCTION: _list_days,
    TileId.DOSES: _list_doses,
    TileId.PUMP_TABLE: _list_pumps,
    TileId.PUMP_CHEMICALS: _list_pump_chemicals,
    TileId.STOCK_OUTLOOK: _list_outlook,
    TileId.BATCHES_LEFT: _list_batches_left,
}
TILE_RANGES = [
    *product(TILE_TEXTS, ("the long day", "a night shift across midnight")),
    *product((TileId.PUMP_TABLE,), ("cut", "the month")),  # a day has fewer doses than a capability needs
]


def test_every_tile_is_walked() -> None:
    """The live tiles, and the live list of doses, are walked by ``test_every_live_number``."""
    assert {*TILE_TEXTS, *LIVE_TEXTS} == set(TILES)
    assert set(EXPECTED) == set(PANELS)


@pytest.mark.parametrize(("tile", "name"), TILE_RANGES)
def test_every_tile_shows_what_was_planned(plant: str, reader: PanelReader, tile: TileId, name: str) -> None:
    since, until = RANGES[name]
    query = PanelQuery(since, until, until)
    results = {
        panel.id: PanelResult(tuple(reader.read_panel(panel, query)), loaded_at=until, query=query)
        for panel in TILES[tile].panels
    }
    is_list = tile == TileId.DOSES  # without a range it is the live one
    spec = RangeSpec(f"{since:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}") if is_list else None
    context = RenderContext(until, BERLIN, settings_for(plant), LiveSnapshot(), results, scope=Scope(spec))
    content = TILES[tile].build(context)
    draw = draw_full_screen_chart if isinstance(content.data, ChartData) else content.paint
    rows = [*content.paint(content.data, 160, 40), *draw(content.data, 160, 40)]
    shown = [" ".join("".join(cell for cell, _ in row).split()) for row in rows]
    texts = TILE_TEXTS[tile](MONTH, query)
    assert texts
    for text in texts:
        pattern = re.escape(text).replace(r"\(", "(").replace(r"\)", ")").replace(r"\|", "|")
        pattern = pattern.replace(r"\ ", r"(?:\s|\s.*[^\d.,+-])").replace("\N{NO-BREAK SPACE}", " ")
        assert any(re.search(rf"(^|[^\d.]){pattern}($|[^\d.])", line) for line in shown), (text, shown)
