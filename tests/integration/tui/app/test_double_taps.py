"""Keys that arrive faster than the screen is drawn: a closed dialog takes none, nor does the screen below."""

import asyncio
from collections.abc import Iterable

import pytest
from textual import events
from textual.message import Message

from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.app.ordered_input import FRAME_TIMEOUT_S
from dosing_tui.tui.batches.batch_screen import BatchScreen
from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmActionDialog
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from dosing_tui.tui.rendering.click_target import KeyTarget
from dosing_tui.tui.rendering.line_widget import KeyClicked, LineWidget
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from tests.support.thorough_tests import keep_plain
from tests.support.tui.alarm_console import open_alarm_console
from tests.support.tui.batch_console import make_clean_batches, open_review_console, store_readings
from tests.support.tui.console_driver import Console, open_console, wait_for

CHARACTERS = {"enter": "\r", "tab": "\t", "space": " ", "slash": "/", "question_mark": "?", "colon": ":"}
PACKETS = (
    "g 1 1", "g enter enter", "slash enter enter", "slash escape escape", "n escape escape",
    "question_mark space space", "question_mark q q", "S escape escape", "R escape escape",
    "g 1 1 1 1 1", "g escape 7", ": escape escape",
    "ctrl+p ctrl+p escape escape", "a escape escape", "a 2 2 2", "a a a", "b b b", "b escape escape",
)  # fmt: skip
"""What opens a dialog or screen, and what closes it twice or is typed behind it."""
MAX_DEPTH = 5
"""Screens and dialogs that clicks can stack upon the dashboard."""
CLICK_STEP = 26
"""Columns between two clicks."""


async def send_packet(console: Console, keys: Iterable[str]) -> None:
    """All keys before any of them is handled, as from one read of the terminal."""
    for key in keys:
        key = "colon" if key == ":" else key
        character = CHARACTERS.get(key, key if len(key) == 1 else None)
        console.app.post_message(events.Key(key, character))
    handled = asyncio.Event()
    console.app.call_later(handled.set)  # behind the keys
    await wait_for(handled.is_set)
    await console.pilot.pause()
    await wait_for(lambda: console.app.awaits_input(Message().time))


async def test_a_click_on_a_key_of_a_screen_that_has_gone_is_none() -> None:
    """The click of a footer and the key that closes its screen came in one read, and ended the console."""
    async with open_console() as driven:
        await driven.press_keys("S")
        (page,) = driven.app.screen.query(LineWidget)
        await driven.press_keys("escape")
        driven.app.post_message(KeyClicked(page, KeyTarget("2", "2")))
        await driven.pilot.pause()
        assert "Overview" in driven.screen
        assert driven.app.is_running
        assert "Inventory" in await driven.press_keys("2")


@pytest.mark.parametrize("is_drawn_first", keep_plain([True, False], False))
async def test_a_double_tap_closes_a_dialog_once_and_leaves_the_screen_below_alone(
    *, is_drawn_first: bool
) -> None:
    async with open_console() as console:
        for packet in PACKETS:
            assert "› Overview" in await console.press_keys("1"), packet
            opener, *behind = packet.split()
            if is_drawn_first:
                await console.press_keys(opener)
            await send_packet(console, behind if is_drawn_first else packet.split())
            await wait_for(lambda: isinstance(console.app.screen, DashboardScreen), lambda: packet)  # noqa: B023  # called at once
            assert "Plant 1" in console.screen, packet
            assert "Quit the console?" not in console.screen, packet
            assert "Readings of process" in await console.press_keys("7"), packet


async def test_a_key_typed_right_behind_the_one_that_opens_a_dialog_belongs_to_it() -> None:
    async with open_console() as console:
        await send_packet(console, ["g", "w"])
        assert "Range this week" in await console.wait_for_text("this week")
        await send_packet(console, ["g", "tab"])
        assert isinstance(console.app.screen, RangeDialog)


async def test_quitting_is_not_confirmed_before_the_question_is_drawn() -> None:
    async with open_console() as console:
        await send_packet(console, ["q", "q", "y", "enter"])
        assert "Quit the console?" in console.screen
        assert console.app.is_running


async def test_a_dialog_of_the_alarm_screen_leads_back_to_it_however_fast_it_is_closed() -> None:
    async with open_alarm_console() as plant:
        await plant.press_keys("a")
        for packet in ("enter escape escape", "enter enter enter", "A escape escape escape"):
            await send_packet(plant.console, packet.split())
            assert isinstance(plant.console.app.screen, AlarmScreen), packet
        await send_packet(plant.console, ["enter", "h"])
        await wait_for(lambda: isinstance(plant.console.app.screen, AlarmActionDialog))


async def test_a_dialog_of_the_batch_screen_leads_back_to_it_and_two_spaces_approve_one_batch(
    migrated: str,
) -> None:
    store_readings(migrated, *make_clean_batches(3))
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 3")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await send_packet(plant.console, ["d", "escape", "escape", "escape"])
        assert isinstance(plant.console.app.screen, BatchScreen)
        await plant.wait_for_text("Ingredients")
        plant.console.clock.move_forward(1)
        await send_packet(plant.console, ["space", *"Anna", "enter", "enter", "space", "space"])
        await plant.wait_for_text(": approved.")
        await plant.wait_for_text("Ingredients")
        plant.console.clock.move_forward(1)
        await send_packet(plant.console, ["question_mark", "space", "space"])
        for _ in range(2):  # the help, unless a late space has closed it, and the batch
            if "All 3" not in plant.console.screen:
                await send_packet(plant.console, ["escape"])
                await plant.console.wait_for_answers()
        shown = await plant.wait_for_text("to review 2")
        assert shown.count("□ to review") == 2


async def test_a_key_that_was_accepted_is_not_dropped_by_a_late_frame() -> None:
    """On a terminal that takes no output for a while."""
    async with open_console() as console:
        app, now = console.app, Message().time
        app._changed_at, app._drawn_at = now - 2 * FRAME_TIMEOUT_S, None
        typed_at = now - FRAME_TIMEOUT_S / 2
        assert app.awaits_input(typed_at)
        app._note_frame(app.screen)
        assert app.awaits_input(typed_at)


async def test_what_closes_late_takes_no_other_screen_with_it() -> None:
    """A screen that is told to close below another one, closes both; told again, it does nothing."""
    async with open_console() as console:
        await console.press_keys("a", "question_mark")
        alarms = console.app.controllers.alarms.screen
        assert alarms is not None
        alarms.dismiss(None)
        alarms.dismiss(None)
        await wait_for(lambda: console.app.controllers.alarms.screen is None)
        assert isinstance(console.app.screen, DashboardScreen)


async def test_the_mouse_does_not_reach_what_a_closed_dialog_uncovers() -> None:
    async with open_console() as console:
        await console.press_keys("1", "g")
        focused = console.app.dashboard_screen.focused
        for x, y in ((60, 20), (5, 39), (5, 0), (60, 3), (119, 39)):
            console.app.post_message(events.Key("escape", None))
            for kind in (events.MouseDown, events.MouseUp):
                console.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, x, y))
            await console.pilot.pause()
            await wait_for(lambda: console.app.awaits_input(Message().time))
            assert console.app.dashboard_screen.focused is focused
            await console.press_keys("g")


async def test_a_key_that_closes_one_screen_and_opens_another_leaves_none_dead() -> None:
    async with open_console() as console:
        await console.press_keys("a", "b")
        assert isinstance(console.app.screen, BatchScreen)
        await console.press_keys("question_mark")
        assert isinstance(console.app.screen, HelpScreen)


@pytest.mark.parametrize("size", keep_plain([(120, 40), (80, 24), (40, 10)], (40, 10)))
async def test_escape_leads_back_from_wherever_clicks_lead(size: tuple[int, int]) -> None:
    async with open_console(size=size) as console:
        width, height = size
        for key in ("1", "7", "g", "colon", "a", "b", "question_mark"):
            await console.press_keys(key)
            for row, y in enumerate((0, 1, height // 2, height - 1)):
                for x in range(row * 7, width, CLICK_STEP):
                    await console.pilot.click(offset=(x, y))
            for _ in range(MAX_DEPTH):
                if not isinstance(console.app.screen, DashboardScreen):
                    await console.press_keys("escape")
            assert isinstance(console.app.screen, DashboardScreen), key
