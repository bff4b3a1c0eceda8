"""Grafana's dashboards tell what the console tells, row for row, on every kind of database."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from msgspec.structs import replace
from psycopg.rows import DictRow, dict_row

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.database import sql_files
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import (
    PANELS,
    LabeledTotal,
    Panel,
    PanelQuery,
    RecipeDay,
    SeriesPoint,
    TankLevel,
)
from dosing_tui.grafana.alert_rules import ALERT_RULES
from dosing_tui.grafana.dashboards import build_dashboards
from dosing_tui.grafana.sql_macros import (
    GRAMS_PER_KILOGRAM,
    build_alert_sql,
    build_bucket_sql,
    build_selection_sql,
    build_series_sql,
    is_dosed_mass,
)
from dosing_tui.tui.rendering.number_format import round_down_to_tenths
from tests.integration.database.test_panels import CASES, SELECTIONS, WINDOWS
from tests.support.database.equal_rows import are_equal
from tests.support.database.reading_samples import settings_for
from tests.support.grafana.grafana_formatter import NODE_MODULES, UNIT_SUFFIXES, format_values
from tests.support.grafana.query_interpolation import interpolate_query

ZONE = "Europe/Berlin"
BOARDS: Any = build_dashboards(PANELS.values(), Settings(plant=PlantSettings(timezone=ZONE)))
"""As Grafana would load them: JSON, of whatever form."""
SHOWN: Mapping[str, list[str]] = {
    shown["description"].rsplit(" ", 1)[-1]: [
        target["rawSql"] for target in shown["targets"] if not target["refId"].startswith("limit")
    ]
    for board in BOARDS
    for shown in board["panels"]
}
"""Of tanks one query for each colour, of other panels one."""
ALL_VALUES = {each["name"]: each["allValue"] for each in BOARDS[0]["templating"]["list"]}
NAMES = {"time": "at", "metric": "series"}


@pytest.fixture(scope="module")
def grafana(plant: str) -> Iterator[psycopg.Connection[DictRow]]:
    """Grafana's session, in a zone that is not the plant's."""
    with psycopg.connect(plant, autocommit=True, row_factory=dict_row) as session:
        session.execute("SET timezone = 'Asia/Tokyo'; SET default_transaction_read_only = on")
        yield session


@pytest.fixture(scope="module")
def console(plant: str) -> Iterator[PanelReader]:
    reader = PanelReader(settings_for(plant, zone=ZONE))
    reader.open()
    yield reader
    reader.close()


def _to_utc(moment: datetime | None) -> datetime | None:
    """Comparable, even within the hour that comes twice."""
    return None if moment is None else moment.astimezone(UTC)


def select_panel_rows(
    session: psycopg.Connection[DictRow], panel: Panel[object], query: PanelQuery
) -> list[DictRow]:
    return [
        row
        for sql in SHOWN[panel.id]
        for row in session.execute(
            interpolate_query(
                sql, since=query.since, until=query.until, now=query.now, all_value=ALL_VALUES,
                chosen={name.value: query.selection.get_values(name) for name in Dimension},
            )
        ).fetchall()
    ]  # fmt: skip


def query_panel(
    session: psycopg.Connection[DictRow], panel: Panel[object], query: PanelQuery
) -> list[object]:
    """What Grafana's query answers, as the console's rows."""
    assert issubclass(panel.row_type, Struct)
    known = set(panel.row_type.__struct_fields__)
    renamed = NAMES if panel.row_type is SeriesPoint else {}
    rows = select_panel_rows(session, panel, query)
    told = [{renamed.get(name, name): value for name, value in row.items()} for row in rows]
    scaled = panel.row_type in (SeriesPoint, LabeledTotal) and is_dosed_mass(panel)
    for row in told:
        if panel.row_type is RecipeDay:
            row["day"] = date.fromisoformat(row["day"])
        if "dosed_kg" in row:
            row["dosed_g"] = _to_grams(row["dosed_kg"])
        if scaled:
            row["value"] = _to_grams(row["value"])
    if panel.row_type is SeriesPoint:  # a step without a value is a gap
        told = [row for row in told if row["value"] is not None]
    return [panel.row_type(**{name: value for name, value in row.items() if name in known}) for row in told]


def _to_grams(kilograms: float | None) -> float | None:
    return None if kilograms is None else kilograms * GRAMS_PER_KILOGRAM


def read_drawn(console: PanelReader, panel: Panel[object], query: PanelQuery) -> list[object]:
    """The console's rows as Grafana draws them: points with a value, without weight; percents as shown."""
    return [
        draw_row(row)
        for row in console.read_panel(panel, query)
        if not isinstance(row, SeriesPoint) or row.value is not None
    ]


def draw_row(row: object) -> object:
    match row:
        case SeriesPoint():
            return replace(row, doses=1)
        case TankLevel(percent_full=float(percent)):
            return replace(row, percent_full=round_down_to_tenths(percent))
        case _:
            return row


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_every_panel_tells_the_consoles_rows(
    grafana: psycopg.Connection[DictRow], console: PanelReader, panel: Panel[object]
) -> None:
    wrong = []
    for window, choice in CASES:
        since, until = WINDOWS[window]
        query = PanelQuery(since, until, since + (until - since) / 3, SELECTIONS[choice])
        if not are_equal(query_panel(grafana, panel, query), read_drawn(console, panel, query)):
            wrong.append((window, choice))
    assert not wrong


@pytest.mark.skipif(not NODE_MODULES, reason="DOSING_TEST_NODE_MODULES names no folder with @grafana/data")
@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_grafanas_formatter_shows_the_digits_of_each_row(
    grafana: psycopg.Connection[DictRow], panel: Panel[object]
) -> None:
    forms, others = list_column_formats(panel)
    asked = [
        (*forms.get(name, others), float(value))
        for since, until in WINDOWS.values()
        for row in select_panel_rows(grafana, panel, PanelQuery(since, until, until))
        for name, value in row.items()
        if isinstance(value, int | float | Decimal) and math.isfinite(value)
    ]
    assert asked
    for (unit, decimals, value), text in zip(asked, format_values(asked), strict=True):
        number = text.removesuffix(UNIT_SUFFIXES[unit])
        assert len(number.partition(".")[2]) == decimals, (unit, value, text)
        assert abs(float(number) - value) <= 0.5 * 10.0**-decimals + 1e-9, (unit, value, text)


def list_column_formats(panel: Panel[object]) -> tuple[dict[str, tuple[str, int]], tuple[str, int]]:
    """Unit and decimals of the columns that have their own, and of the others."""
    shown = next(
        each for board in BOARDS for each in board["panels"] if each["description"].endswith(f" {panel.id}")
    )
    config, forms = shown["fieldConfig"], {}
    for override in config["overrides"]:
        own = {each["id"]: each["value"] for each in override["properties"]}
        if "unit" in own:
            forms[override["matcher"]["options"]] = (own["unit"], own["decimals"])
    return forms, (config["defaults"]["unit"], config["defaults"]["decimals"])


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.id)
def test_a_day_that_grafana_ends_a_millisecond_early_is_the_whole_day(
    grafana: psycopg.Connection[DictRow], console: PanelReader, panel: Panel[object]
) -> None:
    since, until = WINDOWS["the long day"]
    query = PanelQuery(since, until, until + timedelta(days=1))
    early = PanelQuery(since, until - timedelta(milliseconds=1), until + timedelta(days=1))
    assert are_equal(query_panel(grafana, panel, early), read_drawn(console, panel, query))


def test_a_name_with_a_quote_is_a_name(grafana: psycopg.Connection[DictRow]) -> None:
    since, until = WINDOWS["a day"]
    injected = Selection(device=("'); DROP TABLE dosing_consumption; --", "O'Hara"))
    assert query_panel(grafana, PANELS["today_by_chemical"], PanelQuery(since, until, until, injected)) == []


@pytest.mark.parametrize("name", ['1" pump', "O'Hara", 'a\\"b\\', "it's 2\""])
def test_a_name_with_quotes_finds_its_rows(grafana: psycopg.Connection[DictRow], name: str) -> None:
    """As Grafana writes the selected names into a query, and as PostgreSQL reads them."""
    sql = interpolate_query(
        f"SELECT {build_selection_sql(Dimension.DEVICE)} AS names",
        since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2026, 1, 2, tzinfo=UTC),
        chosen={"device": [name, "plain"]},
    )  # fmt: skip
    assert grafana.execute(sql).fetchall() == [{"names": [name, "plain"]}]


@pytest.mark.parametrize("days", [1, 7, 90, 400])
def test_neighbouring_steps_of_any_width_are_joined_and_a_gap_is_none(
    grafana: psycopg.Connection[DictRow], days: int
) -> None:
    """Grafana joins points unless one between them is NULL: every step is a row."""
    until = datetime(2026, 11, 1, tzinfo=UTC)
    panel = PANELS["consumption_over_time"]
    step = panel.get_bucket_width(until - timedelta(days=days), until)
    sql = interpolate_query(
        SHOWN[panel.id][0], since=until - timedelta(days=days), until=until,
        chosen={name.value: () for name in Dimension}, all_value=ALL_VALUES,
    )  # fmt: skip
    rows = grafana.execute(sql).fetchall()
    times = [row["time"].astimezone(UTC) for row in rows]
    assert {later - earlier for earlier, later in pairwise(times)} == {step}
    assert days == 1 or any(row["value"] is None for row in rows)


def test_buckets_are_as_wide_as_the_consoles(grafana: psycopg.Connection[DictRow]) -> None:
    until = datetime(2026, 11, 1, tzinfo=UTC)
    for panel in (panel for panel in PANELS.values() if panel.bucket_width):
        assert panel.bucket_width is not None
        for hours in (1, 47, 48, 49, 335, 336, 337, 4319, 4320, 4321, 20000):
            since = until - timedelta(hours=hours)
            width = interpolate_query(build_bucket_sql(panel.bucket_width), since=since, until=until)
            sql = f"SELECT {width} AS step"
            [row] = grafana.execute(sql)
            assert row["step"] == panel.get_bucket_width(since, until), hours


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS.keys())
def test_annotations_are_the_consoles(
    grafana: psycopg.Connection[DictRow], console: PanelReader, selection: Selection
) -> None:
    since, until = WINDOWS["7 days"]
    sql = interpolate_query(
        BOARDS[0]["annotations"]["list"][0]["target"]["rawSql"],
        since=since,
        until=until,
        chosen={name.value: selection.get_values(name) for name in Dimension},
        all_value=ALL_VALUES,
    )
    told = console.read_annotations(
        since=since, until=until, device=selection.device, recipe=selection.recipe
    )
    rows = [(_to_utc(row["time"]), _to_utc(row["timeend"]), row["text"]) for row in grafana.execute(sql)]
    assert rows == [(_to_utc(each.at), _to_utc(each.until), each.text) for each in told.items]
    assert selection.device == ("no such station",) or rows


@pytest.mark.parametrize("dimension", Dimension)
def test_what_can_be_chosen_is_what_the_console_offers(
    grafana: psycopg.Connection[DictRow], console: PanelReader, dimension: Dimension
) -> None:
    since, until = WINDOWS["the month, cut"]
    [sql] = [each["query"] for each in BOARDS[0]["templating"]["list"] if each["name"] == dimension.value]
    answered = grafana.execute(interpolate_query(sql, since=since, until=until))
    rows = [next(iter(row.values())) for row in answered]
    assert rows
    assert rows == console.list_filter_values(dimension, since=since)


@pytest.mark.parametrize("rule", sql_files.list_statements("alerts"))
def test_an_alert_rule_has_one_number_and_otherwise_words(
    grafana: psycopg.Connection[DictRow], rule: str
) -> None:
    [alert] = [each for each in ALERT_RULES if each.statement == rule.removeprefix("alerts/")]
    sql = build_alert_sql(alert.statement, site="plant1")
    rows = [
        row
        for number in ("condition", "value", "limit_value")
        for row in grafana.execute(build_series_sql(sql, labels=alert.labels, number=number)).fetchall()
    ]
    assert any("condition" in row for row in rows)
    for row in rows:
        [number] = [value for value in row.values() if not isinstance(value, str)]
        assert isinstance(number, float)
        assert math.isfinite(number)
