"""Every panel says what the doses say: worked out again in Python, on days with clock changes and gaps."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import get_args, get_type_hints
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dosing_tui.database import sqlfiles
from dosing_tui.database.migrations import migrate
from dosing_tui.database.reads import Reader
from dosing_tui.database.writes import Writer
from dosing_tui.plant import panels
from dosing_tui.plant.panels import Panel
from tests.database import plant_days
from tests.database.plant_days import in_hour, in_quarter, in_six_hours, inside, touched
from tests.database.samples import settings_for, spooled
from tests.servers import Server

DOSES = plant_days.plant_doses()
EVENTS = plant_days.plant_events()
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Chatham")
MOMENTS = (
    datetime(2026, 3, 29, 2, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 30, 9, 7, 30, tzinfo=UTC),
    datetime(2026, 3, 31, 22, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 40, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 40, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 22, 59, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
)
"""Before and after the clocks change, on the empty day, at a midnight, and when all is long past."""
WINDOWS = (
    (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)),
    (datetime(2026, 3, 28, 13, 7, 1, 5, tzinfo=UTC), datetime(2026, 3, 29, 13, 7, 1, 5, tzinfo=UTC)),
    (datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 50, fold=1, tzinfo=BERLIN)),
    (datetime(2026, 3, 28, 13, 7, tzinfo=UTC), datetime(2026, 3, 28, 13, 31, tzinfo=UTC)),
    (datetime(2026, 3, 28, 13, 50, tzinfo=UTC), datetime(2026, 3, 28, 14, 10, tzinfo=UTC)),
    (datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)),
    (datetime(2026, 3, 28, 1, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, 1, tzinfo=UTC)),
    (datetime(2026, 3, 28, 7, 1, tzinfo=UTC), datetime(2026, 10, 25, 13, 1, tzinfo=UTC)),
)
"""Whole, cut, across the repeated hour, inside one hour, around one full hour, empty, long, and very long."""


@pytest.fixture(scope="module")
def plant(flavour: Server) -> Iterator[str]:
    """A database with all the days, everything delivered twice."""
    with flavour.database() as dsn:
        migrate(settings_for(dsn), report=print)
        _keep_old_doses(dsn)
        writer = Writer(settings_for(dsn))
        for _ in range(2):
            writer.write(uuid4(), spooled(*DOSES, *EVENTS))
        writer.close()
        yield dsn


def _keep_old_doses(dsn: str) -> None:
    """Stop the policy that drops what is older than 90 days, where there is one: the days are fixed dates."""
    with psycopg.connect(dsn) as connection:
        if connection.execute("SELECT to_regclass('timescaledb_information.jobs')").fetchone() != (None,):
            connection.execute(
                "SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs"
                " WHERE hypertable_name = 'dosing_consumption'"
            )


def asked(
    plant: str,
    panel: Panel[panels.Row],
    *,
    window: tuple[datetime, datetime] = WINDOWS[0],
    now: datetime = MOMENTS[0],
    zone: str = "Europe/Berlin",
    tolerance_g: float = 0.5,
) -> list[panels.Row]:
    reader = Reader(settings_for(plant, zone=zone, tolerance_g=tolerance_g))
    reader.open()
    try:
        return reader.panel(panel, since=window[0], until=window[1], now=now)
    finally:
        reader.close()


def same(found: Sequence[panels.Row], expected: Iterable[panels.Row]) -> bool:
    """Equal but for the last digits of a sum."""
    return [_values(row) for row in found] == [pytest.approx(_values(row), rel=1e-9) for row in expected]


def _values(row: object) -> dict[str, object]:
    return {field.name: _comparable(getattr(row, field.name)) for field in fields(row)}  # type: ignore[arg-type]  # every row is a dataclass


def _comparable(value: object) -> object:
    return value.timestamp() if isinstance(value, datetime) else value


@pytest.mark.parametrize("now", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_consumption_today(plant: str, now: datetime, zone: str) -> None:
    expected = plant_days.today(DOSES, now, ZoneInfo(zone))
    assert same(asked(plant, panels.TODAY, now=now, zone=zone), expected)


@pytest.mark.parametrize("now", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_batches_today(plant: str, now: datetime, zone: str) -> None:
    expected = plant_days.batches(EVENTS, now, ZoneInfo(zone))
    assert asked(plant, panels.BATCHES, now=now, zone=zone) == expected


@pytest.mark.parametrize("window", WINDOWS)
def test_consumption_per_hour(plant: str, window: tuple[datetime, datetime]) -> None:
    expected = plant_days.sums(touched(DOSES, in_hour, *window), in_hour, lambda dose: "all")
    assert same(asked(plant, panels.CONSUMPTION, window=window), expected)


@pytest.mark.parametrize("window", WINDOWS)
def test_consumption_by_chemical(plant: str, window: tuple[datetime, datetime]) -> None:
    buckets = {
        timedelta(minutes=15): in_quarter,
        timedelta(hours=1): in_hour,
        timedelta(hours=6): in_six_hours,
    }
    bucket = buckets[panels.BY_CHEMICAL.bucket_in(*window) or timedelta()]
    expected = plant_days.sums(touched(DOSES, bucket, *window), bucket, lambda dose: dose.chemical)
    assert same(asked(plant, panels.BY_CHEMICAL, window=window), expected)


@pytest.mark.parametrize(
    ("days", "width"), [(1, timedelta(minutes=15)), (7, timedelta(hours=1)), (90, timedelta(hours=6))]
)
def test_buckets_widen_with_the_window(days: int, width: timedelta) -> None:
    window = (MOMENTS[-1] - timedelta(days=days), MOMENTS[-1])
    assert panels.BY_CHEMICAL.bucket_in(*window) == width
    assert panels.CONSUMPTION.bucket_in(*window) == timedelta(hours=1)
    assert panels.TODAY.bucket_in(*window) is None


@pytest.mark.parametrize("tolerance_g", [0.5, 0.25])
@pytest.mark.parametrize("window", WINDOWS)
def test_error_rate(plant: str, window: tuple[datetime, datetime], tolerance_g: float) -> None:
    expected = plant_days.error_rates(touched(DOSES, in_hour, *window), tolerance_g)
    assert same(asked(plant, panels.ERROR_RATE, window=window, tolerance_g=tolerance_g), expected)


@pytest.mark.parametrize("window", WINDOWS)
def test_accuracy_histogram(plant: str, window: tuple[datetime, datetime]) -> None:
    assert asked(plant, panels.ACCURACY, window=window) == plant_days.histogram(inside(DOSES, *window))


@pytest.mark.parametrize("tolerance_g", [0.5, 1.0])
@pytest.mark.parametrize("window", WINDOWS)
def test_accuracy_summary(plant: str, window: tuple[datetime, datetime], tolerance_g: float) -> None:
    expected = plant_days.summary(inside(DOSES, *window), tolerance_g)
    assert same(asked(plant, panels.ACCURACY_SUMMARY, window=window, tolerance_g=tolerance_g), [expected])


@pytest.mark.parametrize("tolerance_g", [0.5, 1.0])
@pytest.mark.parametrize("now", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_production(plant: str, now: datetime, zone: str, tolerance_g: float) -> None:
    place = ZoneInfo(zone)
    begin = now.astimezone(place).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = now.astimezone(place) - timedelta(days=1)
    spans = [(begin, now), (begin - timedelta(days=1), yesterday)]
    expected = [
        plant_days.production(
            inside(DOSES, since.astimezone(UTC), until.astimezone(UTC)),
            [event for event in EVENTS if since.astimezone(UTC) <= event.time < until.astimezone(UTC)],
            day,
            tolerance_g,
        )
        for day, (since, until) in enumerate(spans)
    ]
    assert same(asked(plant, panels.PRODUCTION, now=now, zone=zone, tolerance_g=tolerance_g), expected)


@pytest.mark.parametrize("panel", panels.OVERVIEW, ids=lambda panel: panel.id)
def test_every_column_has_the_type_its_row_says(plant: str, panel: Panel[object]) -> None:
    rows = asked(plant, panel, window=WINDOWS[-1], now=MOMENTS[5])
    hints = get_type_hints(panel.row)
    assert rows
    for row in rows:
        for name, value in ((field.name, getattr(row, field.name)) for field in fields(panel.row)):  # type: ignore[arg-type]  # every row is a dataclass
            allowed = get_args(hints[name]) if isinstance(hints[name], UnionType) else (hints[name],)
            assert type(value) in allowed, f"{panel.id}.{name} is {value!r}"
            if isinstance(value, datetime):
                assert value.tzinfo is not None
            if isinstance(value, float):
                assert math.isfinite(value)


@pytest.mark.parametrize("panel", panels.OVERVIEW, ids=lambda panel: panel.id)
def test_every_panel_answers_in_an_empty_database(migrated: str, panel: Panel[object]) -> None:
    rows = asked(migrated, panel)
    match panel.id:
        case "accuracy_histogram":
            assert [row.doses for row in rows] == [0] * 22  # type: ignore[attr-defined]  # rows of that panel
        case "accuracy_summary":
            assert rows == [panels.ErrorSummary(0, None, None, None)]
        case "production_today":
            nothing = [panels.ProductionDay(day, 0, 0, None, None, None, 0) for day in (0, 1)]
            assert rows == nothing
        case _:
            assert rows == []


def test_every_panel_has_a_file_and_every_file_a_panel() -> None:
    declared = {f"panels/{panel.id}" for panel in panels.OVERVIEW}
    assert declared == set(sqlfiles.listed("panels"))


@pytest.mark.parametrize(
    "name", sqlfiles.listed("panels") + sqlfiles.listed("reads") + sqlfiles.listed("writes")
)
def test_each_file_says_what_it_does_and_holds_one_statement(name: str) -> None:
    text = sqlfiles.statement(name)
    assert text.startswith("-- ")
    assert ";" not in "".join(line for line in text.splitlines() if not line.startswith("--"))
    assert "SELECT *" not in text


def test_the_days_hold_what_they_should() -> None:
    """The expectations are worth something only if there is something to get wrong."""
    assert (
        {dose.error_g is None for dose in DOSES} == {dose.actual_g is None for dose in DOSES} == {True, False}
    )
    assert len({(dose.device_id, dose.time, dose.pump, dose.dedup) for dose in DOSES}) == len(DOSES)
    assert all(inside(DOSES, *window) for window in WINDOWS if window != WINDOWS[5])
    assert not inside(DOSES, *WINDOWS[5])
