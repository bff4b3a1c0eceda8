"""Nine stations with twelve chemicals each: every row names its own station and tank, at every size."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import ConsoleSettings, PlantSettings, Settings, StationSettings
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.material_rows import TankBalance
from dosing_tui.domain.panels.panel_catalog import (
    CONSUMPTION_BY_CHEMICAL,
    MATERIAL_BOOK,
    STOCK_BALANCE,
    SeriesPoint,
)
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.live_state import LiveState
from dosing_tui.tui.kiosk.kiosk_pages import build_page
from dosing_tui.tui.kiosk.kiosk_rotation import KioskPage
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.scope.scope import Scope
from dosing_tui.tui.tiles.consumption import build_sparklines
from dosing_tui.tui.tiles.dose_table import build_dose_table
from dosing_tui.tui.tiles.other_panels import build_panel_tile
from dosing_tui.tui.tiles.registry import format_tile_scope, get_declaration
from dosing_tui.tui.tiles.station_overview import build_station_lights, build_station_table
from dosing_tui.tui.tiles.tanks.tank_gauges import build_inventory, count_visible_tanks, paint_inventory
from dosing_tui.tui.tiles.tanks.tank_table import build_tank_table
from tests.support.tui.crowded_plant import build_levels
from tests.support.tui.nine_stations import CHEMICALS, STATIONS, build_live_state

AT = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)
WIDTHS = (80, 100, 120, 160)
SHORT = tuple(StationSettings(device, f"L{number}") for number, device in enumerate(STATIONS, start=1))


@cache
def take_snapshot() -> LiveSnapshot:
    return build_live_state(AT).get_snapshot(AT)


def build_context(
    *, stations: tuple[StationSettings, ...] = (), device: tuple[str, ...] = ()
) -> RenderContext:
    settings = Settings(plant=PlantSettings(devices=STATIONS), stations=stations)
    return RenderContext(AT, UTC, settings, take_snapshot(), scope=Scope(selection=Selection(device=device)))


def read_rows(rows: Rows, end: int | None = None) -> list[str]:
    return ["".join(cell for cell, _ in row[:end]) for row in rows]


@pytest.mark.parametrize("stations", [(), SHORT])
@pytest.mark.parametrize("width", [27, 38, 76, *WIDTHS])
def test_each_of_108_gauges_names_its_own_tank(width: int, stations: tuple[StationSettings, ...]) -> None:
    data = build_inventory(build_context(stations=stations)).data
    rows = paint_inventory(data, width, 108)
    name_end = 2 + min(max(len(tank.name) for tank in data.tanks), max(10, width // 2 - 4))
    assert len(set(read_rows(rows, name_end))) == 108


@pytest.mark.parametrize("width", [48, 60, 74, *WIDTHS])
def test_each_of_108_table_rows_names_its_own_tank(width: int) -> None:
    content = build_tank_table(build_context())
    heading, *rows = read_rows(content.paint(content.data, width, 109), None)
    end = min(heading.index(title) for title in ("Remaining", "Full") if title in heading)
    names = [row[:end] for row in read_rows(content.paint(content.data, width, 109), end)[1:]]
    assert len(set(names)) == len(rows) == 108


def test_the_most_urgent_tanks_come_first() -> None:
    tanks = build_inventory(build_context()).data.tanks
    percents = [tank.percent for tank in tanks]
    assert percents == sorted(percents, key=lambda percent: percent or 0.0)
    assert percents[:5] == [3.1, 4.4, 12.5, 16.0, 18.2]


@pytest.mark.parametrize(
    ("first", "words"),
    [(0, "+ 99 more, 29 reorder"), (4, "+ 95 more · 4 above, 4 low"), (70, "+ 29 more · 70 above, 5 low"),
     (500, "+ 99 more above, 5 low")],
)  # fmt: skip
def test_the_last_row_says_how_many_more_there_are(first: int, words: str) -> None:
    data = build_inventory(build_context()).data
    rows = read_rows(paint_inventory(data, 40, 10, first))
    assert rows[-1].strip().partition(",")[0].startswith(words.partition(",")[0])
    assert rows[-1].strip().endswith(words.rpartition(" ")[2])


def test_tanks_that_are_all_normal_are_said_to_be() -> None:
    data = build_inventory(build_context(device=("dosing_system_03",))).data
    assert len(data.tanks) == len(CHEMICALS)
    assert read_rows(paint_inventory(data, 40, 8))[-1].strip() == "+ 5 more, all normal"


def test_all_tanks_are_reached_by_scrolling() -> None:
    data = build_inventory(build_context()).data
    visible = count_visible_tanks(len(data.tanks), 8)
    seen = set()
    for first in range(0, len(data.tanks) + 1, visible):
        seen |= set(read_rows(paint_inventory(data, 60, 8, first), 28)[:visible])
    assert len(seen) == 108


@pytest.mark.parametrize("width", [76, *WIDTHS])
def test_nine_stations_fit_below_a_banner_at_80x24(width: int) -> None:
    content = build_station_table(build_context())
    heading, *rows = read_rows(content.paint(content.data, width, 19))
    found = [row for row in rows if row.strip()]
    assert len(found) == 9
    assert [title for title in ("Station", "State", "Last", "Batch", "Doses", "Emptiest", "Tank", "Alarms")
            if title not in heading] == []  # fmt: skip
    third = found[2]
    assert "● running" in third
    assert "3/4" in third
    assert "■  3.1 %" in third
    assert "■1* ▲1*" in third
    assert "× offline" in found[7]


def test_a_station_filter_hides_no_station() -> None:
    assert len(build_station_table(build_context(device=STATIONS[:1])).data.rows) == 9


def test_titles_are_shown_where_there_are_some() -> None:
    context = build_context(stations=(StationSettings(STATIONS[0], "L1", "Hall 2, foam line"),))
    content = build_station_table(context)
    assert "Hall 2, foam line" in read_rows(content.paint(content.data, 160, 12))[1]
    assert read_rows(content.paint(content.data, 160, 12))[1].startswith("L1 ")


def test_a_light_is_the_shape_of_the_highest_alarm_or_the_state() -> None:
    content = build_station_lights(build_context())
    (row,) = read_rows(content.paint(content.data, 116, 1))
    assert row.split("  ")[0].strip() == "● 01 1/4"
    assert "■2 03 3/4" in row
    assert "▲1 08 1 h" in row
    assert "○ 04 idle" in row


def test_a_tile_names_the_key_that_this_console_has() -> None:
    assert build_station_lights(build_crowd(1, keys={"stations": "f9,s"})).unit == "F9 opens"
    rows = [read_rows(paint_inventory(build_inventory(build_crowd(2_000, keys=keys)).data, 16, 5))
            for keys in ({}, {"inventory": "i"})]  # fmt: skip
    assert [shown[3].strip() for shown in rows] == ["2 lists them", "i lists them"]


def build_crowd(count: int, *, keys: Mapping[str, str] | None = None) -> RenderContext:
    """So many stations with a tank each; every second tank is low."""
    return RenderContext(AT, UTC, Settings(console=ConsoleSettings(keys=dict(keys or {}))), take_crowd(count))


@cache
def take_crowd(count: int) -> LiveSnapshot:
    levels = build_levels(count, AT)
    live, evaluator = LiveState(), Evaluator(AlarmLimits(), expected_stations=(), started_at=AT)
    live.seed_readings(levels)
    for level in levels:
        evaluator.on_reading(level)
    live.set_alarms(evaluator.take_snapshot(AT, is_journal_live=True))
    return live.get_snapshot(AT)


@pytest.mark.parametrize("width", [16, 20, 27, 36, 38, 58, 76])
def test_of_2000_tanks_each_label_has_its_whole_number_or_there_are_counts(width: int) -> None:
    rows = read_rows(paint_inventory(build_inventory(build_crowd(2_000)).data, width, 5))
    if width == 16:
        assert [row.strip() for row in rows if row.strip()] == [
            "2 000 tanks", "● 1 000 low", "1 000 normal", "2 lists them",
        ]  # fmt: skip
        return
    assert [
        number in row for number, row in zip(("00001", "00003", "00005", "00007"), rows, strict=False)
    ] == ([True] * 4)
    assert "…" not in rows[-1]


def test_of_2000_stations_each_light_has_its_whole_number_and_the_rest_is_counted() -> None:
    content = build_station_lights(build_crowd(2_000))
    for width, text in (
        (116, "▲1 00001   ▲1 00003"), (116, "+ 1 991 more"), (76, "+ 1 994 more"),
        (24, "▲1 00001    + 1 999 more"), (8, "+2 000"),
    ):  # fmt: skip
        (row,) = read_rows(content.paint(content.data, width, 1))
        assert text in row
        assert "…" not in row


def test_without_room_the_most_urgent_lights_stay() -> None:
    content = build_station_lights(build_context())
    (row,) = read_rows(content.paint(content.data, 44, 1))
    assert "■2 03" in row
    assert "■2 06" in row
    assert "+ 6 more" in row


def test_a_station_has_the_short_name_of_the_settings_in_every_list() -> None:
    context = build_context(stations=SHORT)
    content = build_dose_table(context)
    doses = read_rows(content.paint(content.data, 120, 40))
    assert {row[9:11] for row in doses[1:] if row.strip()} <= {f"L{number}" for number in range(1, 10)}
    tanks = build_page(KioskPage.INVENTORY, context)
    assert [figure.name.partition(" ")[0] for figure in tanks[:6]] == ["L3", "L6", "L3", "L9", "L6", "L1"]


@pytest.mark.parametrize("width", [38, 56, 76, 116])
def test_each_row_of_a_declared_table_names_its_station_and_has_its_key_figure(width: int) -> None:
    rows = tuple(
        TankBalance("2026-03-11", device, chemical, 5_000.0, 0.0, 0.0, 40.0, 4_900.0, -60.0, 150.0, None, "")
        for device in STATIONS for chemical in ("T-12", "T-9")
    )  # fmt: skip
    context = replace(build_context(), results={STOCK_BALANCE.id: PanelResult(rows, AT)})
    content = build_panel_tile(STOCK_BALANCE, context)
    heading, *lines = read_rows(content.paint(content.data, width, 19))
    assert "Unexplained g" in heading
    assert all("-60.00" in line for line in lines)
    assert len({line[: heading.index("Unexplained g")] for line in lines}) == len(rows)


def test_a_gain_that_nothing_explains_cannot_be_read_as_a_loss() -> None:
    row = TankBalance(
        "2026-03-11", STATIONS[0], "T-12", 100.0, 0.0, 0.0, 40.0, 5_000.0, 4_940.0, 150.0, None, ""
    )
    context = replace(build_context(), results={STOCK_BALANCE.id: PanelResult((row,), AT)})
    content = build_panel_tile(STOCK_BALANCE, context)
    _, line, *_ = read_rows(content.paint(content.data, 76, 19))
    assert " +4 940.00" in line


def test_a_panel_of_the_present_names_no_range() -> None:
    tile = get_declaration(MATERIAL_BOOK.id)
    assert format_tile_scope(tile, build_context(device=STATIONS[:1])) == "station dosing_system_01"


@pytest.mark.parametrize("width", range(24, 64))
def test_the_number_of_chemicals_without_room_touches_no_time(width: int) -> None:
    now = AT.replace(hour=12, minute=14)
    rows = tuple(
        SeriesPoint(now - timedelta(hours=hour), chemical, 1.0)
        for chemical in CHEMICALS for hour in range(23, 0, -1)
    )  # fmt: skip
    answers = {CONSUMPTION_BY_CHEMICAL.id: PanelResult(rows, now)}
    content = build_sparklines(replace(build_context(), now=now, results=answers))
    (row,) = [line for line in read_rows(content.paint(content.data, width, 7)) if "more" in line]
    assert re.search(r"more\d", row) is None
