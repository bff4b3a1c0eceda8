"""What stations tell of themselves, in the table of stations and on the data integrity screen."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.panel_catalog import STATION_STATUS, PanelQuery
from dosing_tui.domain.panels.station_health import StationHealth
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.live_state import LiveState
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.tiles.registry import TILES
from tests.support.tui.nine_stations import build_live_state

AT = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)
HEALTH = StationHealth(
    "dosing_system_01", "online", AT, AT, 3, 12, 1, -61, 181_240, 93_784.0, "1.4.2", AT
)  # fmt: skip


def draw_lines(
    tile: TileId, width: int, *health: StationHealth, live: LiveState | None = None, height: int = 36
) -> list[str]:
    snapshot: LiveSnapshot = (live or build_live_state(AT)).get_snapshot(AT)
    query = PanelQuery(AT - timedelta(days=1), AT, AT)
    results = {STATION_STATUS.id: PanelResult(health, loaded_at=AT, query=query)}
    context = RenderContext(AT, UTC, Settings(), snapshot, results)
    content = TILES[tile].build(context)
    return ["".join(cell for cell, _ in row).rstrip() for row in content.paint(content.data, width, height)]


def find_line(lines: list[str], text: str) -> str:
    return next(line for line in lines if text in line)


def test_a_wide_table_has_columns_for_what_stations_report() -> None:
    lines = draw_lines(TileId.STATION_TABLE, 158, HEALTH)
    assert lines[0].split()[-7:] == ["Alarms", "Lost", "dBm", "Heap", "free", "Firmware", "Uptime"]
    told = ["3", "-61", "181.2", "kB", "1.4.2", "1", "d", "2", "h"]
    assert find_line(lines, "dosing_system_01").split()[-len(told) :] == told
    assert find_line(lines, "dosing_system_02").split()[-5:] == ["–"] * 5
    unnumbered = replace(HEALTH, messages_lost=None, lost_in_all=None)
    row = find_line(draw_lines(TileId.STATION_TABLE, 158, unnumbered), "dosing_system_01")
    assert row.split()[-len(told) :] == ["–", *told[1:]]


def test_a_narrow_table_says_it_below_its_rows_for_the_selected_station() -> None:
    lines = draw_lines(TileId.STATION_TABLE, 78, HEALTH, height=20)
    assert "dBm" not in lines[0]
    assert " ".join(" ".join(lines[-2:]).split()) == (
        "dosing_system_01 · 3 messages lost · -61 dBm · 181.2 kB free · firmware 1.4.2 · 1 restart"
        " · up 1 d 2 h"
    )


def test_without_room_below_the_rows_there_is_no_more_of_a_station() -> None:
    assert "-61 dBm" not in "\n".join(draw_lines(TileId.STATION_TABLE, 78, HEALTH, height=11))


@pytest.mark.parametrize("width", [78, 118, 158])
def test_a_plant_without_status_topics_has_the_table_as_it_was(width: int) -> None:
    text = "\n".join(draw_lines(TileId.STATION_TABLE, width))
    assert "Lost" not in text
    assert "dBm" not in text


def test_text_of_a_station_cannot_draw_on_the_screen() -> None:
    evil = replace(HEALTH, firmware="\x1b[2J[bold]x\u202e" * 5)
    text = "\n".join(draw_lines(TileId.STATION_TABLE, 158, evil))
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_integrity_screen_has_losses_and_signal_with_the_last_message() -> None:
    live = build_live_state(AT)
    live.apply_news([
        StationReport("dosing_system_02", AT + timedelta(seconds=1), False, ConnectionReport.OFFLINE),
        StationReport("gone", AT, True, ConnectionReport.OFFLINE),
    ])  # fmt: skip
    text = " ".join(" ".join(draw_lines(TileId.SYSTEM_STATUS, 238, HEALTH, live=live, height=60)).split())
    assert "3 messages lost · -61 dBm · 181.2 kB free · firmware 1.4.2 · 1 restart" in text
    assert "gone offline" in text
    assert "factory/devices" not in text  # an optional topic that delivers nothing is no complaint
