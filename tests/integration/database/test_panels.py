"""Every panel says what the readings say: a month, worked out again in Python, on every kind of database."""

import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle, islice, product
from operator import attrgetter
from types import UnionType
from typing import get_args, get_type_hints
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec import Struct, structs
from msgspec.structs import replace

from dosing_tui.database import sql_files
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.messages.models import Dose, Reading
from dosing_tui.domain.panels import panel_catalog
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, PanelQuery
from tests.conftest import _migrate_database
from tests.support.database import sample_month
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_materials import expect_balances, expect_books
from tests.support.database.expected_pumps import expect_pump_chemicals, expect_pumps
from tests.support.database.expected_stock import expect_batches_left, expect_outlook
from tests.support.database.reading_samples import number_rows, settings_for
from tests.support.database.sample_month import PlantReadings, doses_in_buckets, doses_within
from tests.support.database.station_news import expect_station_status, write_station_news
from tests.support.database_servers import Server
from tests.support.sizes import choose_size

MONTH = sample_month.a_month()
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Chatham", "Atlantic/Azores")


def _berlin_time(day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, fold=fold, tzinfo=BERLIN).astimezone(UTC)


WINDOWS: Mapping[str, tuple[datetime, datetime]] = {
    "a day": (_berlin_time(14), _berlin_time(15)),
    "the long day": (_berlin_time(25), _berlin_time(26)),
    "an empty day": (datetime(2026, 10, 26, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)),
    "24 h, cut": (
        datetime(2026, 10, 24, 13, 7, 1, 5, tzinfo=UTC),
        datetime(2026, 10, 25, 13, 7, 1, 5, tzinfo=UTC),
    ),
    "the repeated hour": (_berlin_time(25, 2, 10), _berlin_time(25, 2, 50, fold=1)),
    "within a quarter": (_berlin_time(14, 12, 1), _berlin_time(14, 12, 9)),
    "around an hour": (_berlin_time(14, 11, 50), _berlin_time(14, 13, 10)),
    "7 days": (datetime(2026, 10, 20, 7, 1, tzinfo=UTC), datetime(2026, 10, 27, 7, 1, tzinfo=UTC)),
    "the month, cut": (datetime(2026, 10, 3, 1, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, 1, tzinfo=UTC)),
    "a year": (datetime(2025, 11, 3, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
}
SELECTIONS: Mapping[str, Selection] = {
    "everything": Selection(),
    "a device": Selection(device=("station-1",)),
    "two chemicals": Selection(chemical=("BDO", "T-12")),
    "a recipe": Selection(recipe=("CU-65/75",)),
    "a mode": Selection(mode=("BDO",)),
    "two pumps": Selection(pump=("2", "3")),
    "all four": Selection(("station-0", "station-1"), ("BDO",), ("CU-80", ""), ("CATALYST",)),
    "nobody": Selection(device=("no such station",)),
}


def list_cases() -> Iterator[tuple[str, str]]:
    """Windows and selections: all windows of everything, and four of each selection; all in full size.

    Any selection has one window that is cut within a day and one of many days, and two others in its turn.
    """
    if choose_size("EVERY_CASE", small=0, full=1):
        yield from product(WINDOWS, SELECTIONS)
        return
    cut = ("24 h, cut", "the month, cut")
    others = cycle(name for name in WINDOWS if name not in cut)
    yield from ((window, "everything") for window in WINDOWS)
    for choice in (name for name in SELECTIONS if name != "everything"):
        yield from ((window, choice) for window in (*cut, *islice(others, 2)))


CASES = tuple(list_cases())
Expected = Callable[[PlantReadings, PanelQuery, timedelta, ZoneInfo, float], Iterable[object]]


def _expect_series(
    name: Callable[[Dose], str],
    value: Callable[[list[Dose]], float | None],
    measured: Callable[[Dose], object],
) -> Expected:
    def expected(
        plant: PlantReadings, query: PanelQuery, width: timedelta, zone: ZoneInfo, tolerance_g: float
    ) -> Iterable[object]:
        return sample_month.expect_series(
            doses_in_buckets(plant.doses, width, query.since, query.until), width, name, value, measured
        )

    return expected


def _error_rate(
    plant: PlantReadings, query: PanelQuery, width: timedelta, zone: ZoneInfo, tolerance_g: float
) -> Iterable[object]:
    def rate(doses: list[Dose]) -> float | None:
        return sample_month.out_percent(doses, tolerance_g)

    return _expect_series(lambda dose: "all", rate, attrgetter("error_g"))(
        plant, query, width, zone, tolerance_g
    )


def _expect_production(
    plant: PlantReadings, query: PanelQuery, width: timedelta, zone: ZoneInfo, tolerance_g: float
) -> Iterable[object]:
    until = min(query.until, max(query.now, query.since))
    wall = [moment.astimezone(zone).replace(tzinfo=None) for moment in (query.since, query.until, until)]
    before, before_now = (
        (moment - (wall[1] - wall[0])).replace(tzinfo=zone, fold=1).astimezone(UTC)
        for moment in (wall[0], wall[2])
    )
    spans = [(query.since, until), (before, min(max(before_now, before), query.since))]
    earlier = (wall[2] - (wall[1] - wall[0])).replace(tzinfo=zone, fold=1).astimezone(UTC)
    return [
        sample_month.expect_production_day(
            plant, day, *span, tolerance_g,
            ended_by=earlier if day == 1 and query.now < query.until else None,
            batches_known=not query.selection.chemical,
        )
        for day, span in enumerate(spans)
    ]  # fmt: skip


EXPECTED: Mapping[str, Expected] = {
    "today_by_chemical": lambda plant, q, *_: sample_month.by_chemical(
        doses_within(plant.doses, q.since, q.until)
    ),
    "consumption_by_chemical": _expect_series(
        lambda dose: dose.chemical, sample_month.sum_mass, attrgetter("actual_g")
    ),
    "consumption_over_time": _expect_series(
        lambda dose: "all", sample_month.sum_mass, attrgetter("actual_g")
    ),
    "accuracy_histogram": lambda plant, q, *_: sample_month.expect_histogram(
        doses_within(plant.doses, q.since, q.until)
    ),
    "accuracy_summary": lambda plant, q, width, zone, tolerance_g: [
        sample_month.expect_summary(doses_within(plant.doses, q.since, q.until), tolerance_g)
    ],
    "inventory": lambda plant, *_: sample_month.expect_tanks(plant.levels),
    "batches_today": lambda plant, q, *_: sample_month.expect_batches(plant.batches, q.since, q.until),
    "dosing_duration": _expect_series(
        lambda dose: dose.chemical, sample_month.mean_duration, attrgetter("duration_ms")
    ),
    "error_rate": _error_rate,
    "daily_summary": lambda plant, q, width, zone, tolerance_g: sample_month.expect_daily(
        plant,
        q.since,
        q.until,
        zone,
        batches_known=not q.selection.chemical,
    ),
    "production_today": _expect_production,
    "pump_capability": lambda plant, q, width, zone, tolerance_g: expect_pumps(
        # a cause is that of the whole station
        plant.whole.filter_by(Selection(device=q.selection.device)).doses,
        q.since,
        q.until,
        q.selection,
        tolerance_g,
    ),
    "pump_chemicals": lambda plant, q, *_: expect_pump_chemicals(
        plant.whole.filter_by(Selection(device=q.selection.device)).doses, q.now, q.selection
    ),
    "stock_outlook": lambda plant, q, width, zone, *_: expect_outlook(
        # a production day is one of the station
        plant.levels,
        plant.whole.doses,
        q.now,
        zone,
    ),
    "material_book": lambda plant, q, *_: expect_books(plant, q.now),
    "stock_balance": lambda plant, q, width, zone, *_: expect_balances(plant, q, zone),
    "batches_left": lambda plant, q, *_: expect_batches_left(
        # the tanks of a station are filtered by the station alone
        plant.whole.filter_by(Selection(device=q.selection.device)).levels,
        plant.whole.doses,
        plant.batches,
        q.now,
    ),
    "station_status": lambda plant, q, *_: expect_station_status(plant, q),
    "doses": lambda plant, q, *_: sample_month.expect_doses(doses_within(plant.doses, q.since, q.until)),
}


@pytest.fixture(scope="module")
def plant(flavour: Server) -> Iterator[str]:
    """A database with the month."""
    migrated = flavour.get_template("migrated", _migrate_database)
    with flavour.create_database(flavour.get_template("month", fill_month, begin_with=migrated)) as dsn:
        yield dsn


def fill_month(dsn: str) -> None:
    """Everything delivered twice and out of order, and an attempt to store NaN."""
    _keep_old_doses(dsn)
    readings: list[Reading] = [*MONTH.doses, *MONTH.events, *MONTH.levels]
    spoilt = replace(MONTH.doses[0], actual_g=math.nan, dedup=9999)
    writer = ReadingWriter(settings_for(dsn))
    for seed in range(2):
        random.Random(seed).shuffle(readings)
        for start in range(0, len(readings), 500):
            writer.write(uuid4(), number_rows(*readings[start : start + 500]))
    writer.write(uuid4(), number_rows(spoilt))
    writer.close()
    write_station_news(dsn, MONTH)
    rebuild_batches(
        settings_for(dsn),
        since=MONTH.doses[0].time - timedelta(days=2), until=sample_month.REBUILT_AT,
        now=sample_month.REBUILT_AT, report=print,
    )  # fmt: skip


def _keep_old_doses(dsn: str) -> None:
    """Stop the policy that drops what is older than 90 days, where there is one: the days are fixed dates."""
    with psycopg.connect(dsn) as connection:
        if connection.execute("SELECT to_regclass('timescaledb_information.jobs')").fetchone() != (None,):
            connection.execute(
                "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs"
                " WHERE hypertable_name IN ('dosing_consumption', 'batch_events', 'inventory_levels')"
            )


def read_one_panel(
    plant: str, panel: Panel[panel_catalog.RowT], query: PanelQuery, *, zone: str = "Europe/Berlin"
) -> list[panel_catalog.RowT]:
    reader = PanelReader(settings_for(plant, zone=zone))
    reader.open()
    try:
        return reader.read_panel(panel, query)
    finally:
        reader.close()


@cache
def filter_month(selection: Selection) -> PlantReadings:
    return MONTH.filter_by(selection)


def compute_expected(
    panel: Panel[panel_catalog.RowT],
    query: PanelQuery,
    *,
    zone: str = "Europe/Berlin",
    tolerance_g: float = 0.5,
) -> list[object]:
    width = panel.get_bucket_width(query.since, query.until) or timedelta(hours=1)
    narrowed = replace(query, selection=query.selection.restrict_to(panel.dimensions))
    seen = filter_month(narrowed.selection)
    return list(EXPECTED[panel.id](seen, narrowed, width, ZoneInfo(zone), tolerance_g))


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_every_panel_says_what_the_readings_say(plant: str, panel: Panel[object]) -> None:
    reader = PanelReader(settings_for(plant, zone="Europe/Berlin"))
    reader.open()
    wrong = []
    for window, choice in CASES:
        since, until = WINDOWS[window]
        for now in (since + (until - since) / 3, until + timedelta(days=3)):
            query = PanelQuery(since, until, now, SELECTIONS[choice])
            if not are_equal(reader.read_panel(panel, query), compute_expected(panel, query)):
                wrong.append((window, choice, now))
    reader.close()
    assert not wrong


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "panel", [panel_catalog.DAILY_SUMMARY, panel_catalog.PRODUCTION_TODAY], ids=lambda panel: panel.id
)
def test_days_are_those_of_the_plants_zone(plant: str, panel: Panel[object], zone: str) -> None:
    since = datetime(2026, 10, 22, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    query = PanelQuery(
        since, datetime(2026, 10, 27, tzinfo=ZoneInfo(zone)).astimezone(UTC), since + timedelta(days=2.3)
    )
    assert are_equal(
        read_one_panel(plant, panel, query, zone=zone), compute_expected(panel, query, zone=zone)
    )


@pytest.mark.parametrize(
    ("days", "width"),
    [(1, timedelta(minutes=15)), (7, timedelta(hours=1)), (90, timedelta(hours=6)), (365, timedelta(days=1))],
)
def test_buckets_widen_with_the_window(days: int, width: timedelta) -> None:
    until = datetime(2026, 11, 1, tzinfo=UTC)
    assert (
        panel_catalog.CONSUMPTION_BY_CHEMICAL.get_bucket_width(until - timedelta(days=days), until) == width
    )
    assert panel_catalog.CONSUMPTION_TODAY.get_bucket_width(until - timedelta(days=days), until) is None


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_every_column_has_the_type_its_row_says(plant: str, panel: Panel[object]) -> None:
    since, until = WINDOWS["the month, cut"]
    rows = read_one_panel(plant, panel, PanelQuery(since, until, until))
    hints = get_type_hints(panel.row_type)
    assert rows
    for row in rows:
        assert isinstance(row, Struct)
        for name, value in structs.asdict(row).items():
            allowed = get_args(hints[name]) if isinstance(hints[name], UnionType) else (hints[name],)
            assert type(value) in allowed, f"{panel.id}.{name} is {value!r}"
            if isinstance(value, datetime):
                assert value.tzinfo is not None
            if isinstance(value, float):
                assert math.isfinite(value)


def test_every_panel_answers_in_an_empty_database(migrated: str) -> None:
    since, until = WINDOWS["a day"]
    query = PanelQuery(since, until, until)
    found = {name: read_one_panel(migrated, panel, query) for name, panel in PANELS.items()}
    assert [row.doses for row in found.pop("accuracy_histogram")] == [0] * 22
    assert found.pop("accuracy_summary") == [panel_catalog.ErrorSummary(0, None, None, None)]
    nothing = [panel_catalog.ProductionDay(day, 0, 0, None, None, None, 0) for day in (0, 1)]
    assert found.pop("production_today") == nothing
    assert found == {name: [] for name in found}


def test_every_panel_has_a_file_and_every_file_a_panel() -> None:
    assert {f"panels/{name}" for name in PANELS} == set(sql_files.list_statements("panels"))


def test_every_panel_of_the_guide_is_there() -> None:
    assert sorted(panel.guide_panel_number for panel in PANELS.values() if panel.guide_panel_number) == list(
        range(1, 9)
    )


@pytest.mark.parametrize(
    "name",
    [
        name
        for folder in ("alerts", "panels", "reads", "writes", "maintenance")
        for name in sql_files.list_statements(folder)
        if name != "maintenance/create_watchdog"  # a block: roles belong to all databases of the server
    ],
)
def test_each_file_says_what_it_does_and_holds_one_statement(name: str) -> None:
    text = sql_files.read_statement(name)
    assert text.startswith("-- ")
    code = "".join(line for line in text.splitlines() if not line.startswith("--"))
    assert ";" not in re.sub(r"'(?:[^']|'')*'", "", code)
    assert "SELECT *" not in text


def test_the_month_holds_what_it_should() -> None:
    """The expectations are worth something only if there is something to get wrong."""
    doses = MONTH.doses
    assert (
        {dose.error_g is None for dose in doses} == {dose.actual_g is None for dose in doses} == {True, False}
    )
    assert len({(dose.device_id, dose.time, dose.pump, dose.dedup) for dose in doses}) == len(doses)
    assert not doses_within(doses, *WINDOWS["an empty day"])
    assert all(
        doses_within(doses, *WINDOWS[name])
        for name in WINDOWS
        if name not in ("an empty day", "within a quarter")
    )
    assert {batch.mode for batch in MONTH.batches if batch.status is BatchStatus.COMPLETE} >= {
        *sample_month.MODES
    }
    assert sum(batch.status is BatchStatus.ABORTED for batch in MONTH.batches) > 50
    for name, selection in SELECTIONS.items():
        assert bool(MONTH.filter_by(selection).doses) == (name != "nobody")
