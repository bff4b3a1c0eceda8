"""Windows too small for anything: every screen and dialog opens, takes keys and closes again in them."""

import pytest

from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from tests.support.thorough_tests import keep_plain
from tests.support.tui.alarm_console import open_alarm_console
from tests.support.tui.batch_console import every_kind, open_review_console, store_readings
from tests.support.tui.console_driver import Console

SIZES = [(1, 1), (20, 5)]
MOVES = ("down", "end", "tab", "left")
MAX_DEPTH = 4
"""Most screens and dialogs, and parts of them that ``esc`` leaves, upon the dashboard."""


def is_left_alone(console: Console) -> bool:
    """The dashboard is in sight, and no tile of it is alone."""
    dashboard = console.app.dashboard_screen
    return console.app.screen is dashboard and dashboard.zoomed_tile is None


async def open_and_move(console: Console, *keys: str, size: tuple[int, int]) -> None:
    """Opened in the small window, and once more in a large one that shrinks."""
    await console.press_keys(*keys, *MOVES)
    await console.pilot.resize_terminal(120, 40)
    await console.press_keys("down")
    await console.pilot.resize_terminal(*size)
    await console.press_keys(*MOVES)
    for _ in range(MAX_DEPTH):
        if not is_left_alone(console):
            await console.press_keys("escape")
    assert is_left_alone(console), keys
    assert console.app.services.entries.failures == ()  # of keys, too


async def test_the_next_tile_of_a_window_that_has_just_become_tiny_is_none() -> None:
    """A key in the moment before the screen is arranged anew."""
    async with open_alarm_console(size=(120, 40)) as plant:
        screen = plant.console.app.dashboard_screen
        roomy = screen._current_layout
        await plant.console.pilot.resize_terminal(20, 5)
        screen._current_layout = roomy
        await plant.console.press_keys("tab", "shift+tab")
        assert plant.console.app.services.entries.failures == ()


@pytest.mark.thorough
@pytest.mark.parametrize("size", SIZES)
async def test_every_view_and_dialog_survives_a_tiny_window(size: tuple[int, int]) -> None:
    async with open_alarm_console(size=size) as plant:
        for keys in (
            "1", "2", "3", "4", "5", "6", "7", "8", "1 enter", "6 enter ctrl+f x", "g", "g tab", "slash",
            "slash slash a", "n", "R", "question_mark", "question_mark tab", "q", "S", "a", "a enter", "a c",
            "a h", "a A", "a right", "a right right right right slash", "a left", "b", "t", "f", "s", "e",
        ):  # fmt: skip
            await open_and_move(plant.console, *keys.split(), size=size)


@pytest.mark.parametrize("size", keep_plain(SIZES, (1, 1)))
async def test_the_batch_screens_survive_a_tiny_window(migrated: str, size: tuple[int, int]) -> None:
    store_readings(migrated, *every_kind())
    async with open_review_console(migrated, size=(120, 40)) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("CU-65/75")
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        await plant.press_keys("m")
        for keys in ("c", "d", "R", "question_mark"):
            await plant.console.pilot.resize_terminal(*size)
            await plant.press_keys(keys, *MOVES)
            await plant.console.pilot.resize_terminal(120, 40)
            await plant.press_keys("escape")
        await plant.console.pilot.resize_terminal(*size)
        await plant.press_keys(*MOVES, "escape", *MOVES, "escape", *MOVES, "escape")
        assert isinstance(plant.console.app.screen, DashboardScreen)
