"""The command palette over the console: found by letters, run once, from any screen."""

import pytest

from dosing_tui.config.settings import GlyphMode
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.panels.filters import NO_FILTER
from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.batches.batch_screen import BatchScreen
from dosing_tui.tui.command_palette.palette_dialog import CommandPalette
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen, QuitScreen
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.screens.shift_report_screen import ShiftReportScreen
from tests.support.tui.alarm_console import open_alarm_console
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, open_console, wait_for
from tests.support.tui.sample_plant import FakeSource, make_history, make_hostile


async def run_command(console: Console, query: str) -> str:
    await console.press_keys("colon", *["space" if letter == " " else letter for letter in query], "enter")
    await wait_for(lambda: not isinstance(console.app.screen, CommandPalette))
    await console.pilot.pause()
    return console.screen


async def test_screens_charts_ranges_and_filters_are_reached_by_name() -> None:
    async with open_console() as console:
        scopes = console.app.controllers.scopes
        assert "› Inventory" in await run_command(console, "inven")
        assert "Quality › Error rate" in await run_command(console, "error rate")
        await run_command(console, "last nig")
        assert "last night (Night Tue 10 Mar 22:00–06:00)" in console.screen
        await run_command(console, "t12")
        assert scopes.scope.selection.chemical == ("T-12",)
        await run_command(console, "no filt")
        assert scopes.scope.selection == NO_FILTER
        await run_command(console, "back to live")
        assert scopes.scope.spec is None


async def test_what_works_on_another_screen_leads_there_and_does_nothing_yet() -> None:
    async with open_console() as console:
        await run_command(console, "shelve for")
        assert isinstance(console.app.screen, AlarmScreen)
        await console.wait_for_text("Shelve for a limited time: key h on the alarm screen.")
        await run_command(console, "reject")
        assert isinstance(console.app.screen, BatchScreen)
        await run_command(console, "shift report early")
        assert isinstance(console.app.screen, ShiftReportScreen)
        await console.wait_for_text("Early Wed 2026-03-11")


async def test_actions_are_those_of_the_screen_below() -> None:
    async with open_console() as console:
        assert "FROZEN" in await run_command(console, "freeze")
        await run_command(console, "quit after")
        assert isinstance(console.app.screen, QuitScreen)
        await console.press_keys("escape")
        await console.press_keys("f1")
        assert isinstance(console.app.screen, HelpScreen)


async def test_it_opens_once_and_enter_without_a_match_stays() -> None:
    async with open_console() as console:
        await console.press_keys("ctrl+p", "ctrl+p", "colon")
        assert sum(isinstance(screen, CommandPalette) for screen in console.app.screen_stack) == 1
        assert "No command matches ':zqx'" in await console.press_keys("z", "q", "x", "enter")
        await console.press_keys("escape", "escape")
        assert isinstance(console.app.screen, DashboardScreen)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_names_from_the_plant_are_text_and_the_frame_is_whole(size: tuple[int, int]) -> None:
    async with open_console(
        size=size,
        source=FakeSource(make_hostile(make_history())),
        where=TerminalOptions(glyphs=GlyphMode.ASCII),
    ) as console:
        screen = await console.press_keys("colon", "e", "v", "i", "l")
        assert "[/] [bold" in screen
        assert "\x1b" not in screen
        assert all(len(line) == size[0] for line in screen.splitlines())
        await console.press_keys("enter")
        assert console.app.controllers.scopes.scope.selection != NO_FILTER


async def test_a_tank_is_retired_with_a_reason_and_returned() -> None:
    async with open_alarm_console() as plant:
        await run_command(plant.console, "retire tank t9")
        assert "until it is returned" in plant.console.screen
        await plant.press_keys(*"drum", "space", *"removed", "enter")
        await plant.wait_for_entries(1)
        await run_command(plant.console, "return tank t9")
        await plant.press_keys("enter")
        await plant.wait_for_entries(2)
        found = [(entry.event, entry.key.rule, entry.key.item) for entry in plant.journal.requested]
        assert found == [
            (AlarmEvent.REMOVE_FROM_SERVICE, "RETIRED", "T-9"),
            (AlarmEvent.RETURN_TO_SERVICE, "RETIRED", "T-9"),
        ]
        assert plant.journal.requested[0].comment == "drum removed"
