"""The mouse is a second way to what the keys do: footer, banner, tabs, rows, dialogs, double click, wheel."""

from textual import events

from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from tests.support.tui.alarm_samples import make_flood
from tests.support.tui.console_driver import SMALL, Console, open_console, wait_for


async def click_text(console: Console, text: str, *, times: int = 1, last: bool = False) -> str:
    """Click on the first place, or the last, where the screen shows the text."""
    lines = console.screen.split("\n")
    places = [(line.index(text), y) for y, line in enumerate(lines) if text in line]
    assert places, f"{text!r} is not on\n{console.screen}"
    await console.pilot.click(offset=places[-1 if last else 0], times=times)
    await console.pilot.pause()
    return console.screen


async def turn_wheel(console: Console, text: str, *, up: bool = False) -> None:
    lines = console.screen.split("\n")
    y = next(y for y, line in enumerate(lines) if text in line)
    where = (lines[y].index(text), y)
    scroll = console.pilot._post_mouse_events
    await scroll([events.MouseScrollUp if up else events.MouseScrollDown], offset=where, button=0)
    await console.pilot.pause()


def get_selected(console: Console, tile: TileId) -> object:
    return console.app.dashboard_screen.tiles[tile].selected_row


async def test_the_footer_and_dialogs_can_be_clicked() -> None:
    async with open_console() as console:
        assert "Tank levels" in await click_text(console, "Tanks", last=True)
        # a hint of several keys opens what lists them
        assert "Overview: All at a glance" in await click_text(console, "Screens", last=True)
        assert "› Overview" in await click_text(console, "All at a glance")
        await click_text(console, "Range", last=True)
        assert isinstance(console.app.screen, RangeDialog)
        await click_text(console, "Last 6 hours")
        assert isinstance(console.app.screen, DashboardScreen)
        await console.wait_for_text("Range last 6 h")
        await click_text(console, "Filter", last=True)
        assert isinstance(console.app.screen, FilterDialog)
        await wait_for(lambda: "CU-85" in console.screen)
        assert "[x] CU-85" in await click_text(console, "[ ] CU-85")
        await click_text(console, "Apply")
        assert "Only" in console.screen
        await click_text(console, "Help", last=True)
        assert isinstance(console.app.screen, HelpScreen)
        await click_text(console, "Esc")
        assert isinstance(console.app.screen, DashboardScreen)


async def test_a_tile_and_its_rows_can_be_clicked() -> None:
    async with open_console() as console:
        screen = console.app.dashboard_screen
        await click_text(console, "Error rate", times=2)
        assert screen.zoomed_tile == TileId.ERROR_RATE
        await click_text(console, "Error rate", times=2, last=True)  # the status bar names the tile, too
        assert screen.zoomed_tile is None
        rows = screen.tiles[TileId.DOSES]._list_rows()
        tile = screen.tiles[TileId.DOSES].region
        await console.pilot.click(offset=(tile.x + 5, tile.y + 4))
        await console.pilot.pause()
        assert get_selected(console, TileId.DOSES) == rows[2]
        await console.pilot.click(offset=(tile.x + 5, tile.y + 1))
        assert get_selected(console, TileId.DOSES) == rows[2]
        await turn_wheel(console, "Recent doses")
        await turn_wheel(console, "Recent doses")
        assert get_selected(console, TileId.DOSES) == rows[8]
        await turn_wheel(console, "Recent doses", up=True)
        assert get_selected(console, TileId.DOSES) == rows[5]


async def test_the_banner_tabs_and_rows_of_the_alarms_can_be_clicked() -> None:
    async with open_console(size=SMALL) as console:
        console.live.set_alarms(make_flood(12))
        await wait_for(lambda: "FLOOD" in console.screen)
        await console.pilot.click(offset=(20, 1))
        await wait_for(lambda: console.app.controllers.alarms.screen is not None)
        screen = console.app.controllers.alarms.screen
        assert isinstance(screen, AlarmScreen)
        await console.pilot.click(offset=(20, 1))
        await console.pilot.pause()
        assert console.app.controllers.alarms.screen is screen
        await click_text(console, "Shelved")
        assert "Shelved" in screen._list_state.tab.value
        await click_text(console, "KPI")
        assert screen.is_kpi_tab
        await click_text(console, "Alarms 12")
        list_row = screen._list.region.y + 5  # below caption and headings
        await console.pilot.click(offset=(30, list_row))
        await console.pilot.pause()
        assert screen._list_state.cursor_row == 3
        await turn_wheel(console, "active")
        assert screen._list_state.cursor_row == 6
        await console.pilot.click(offset=(30, list_row), times=2)
        await wait_for(lambda: "Cause" in console.screen)
