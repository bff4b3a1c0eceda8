"""A handler, timer, callback or screen that fails: the console goes on, says so, and the log has it once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer

from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.app.contained_app import ContainedApp
from dosing_tui.tui.batches.batch_screen import BatchScreen
from dosing_tui.tui.command_palette.palette_dialog import CommandPalette
from dosing_tui.tui.containment.contained_pump import ContainedPump, name_in_words
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from dosing_tui.tui.lots.lot_screen import LotScreen
from dosing_tui.tui.rendering import line_widget
from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.screens.shift_report_screen import ShiftReportScreen
from dosing_tui.tui.widgets.messages import StationChosen, ViewChanged
from dosing_tui.tui.widgets.tile_widget import Tile
from tests.support.thorough_tests import keep_plain
from tests.support.tui.console_driver import Console, list_subclasses, open_console, wait_for

REPEATS = 5
SCHEDULERS: dict[str, Callable[[MessagePump, Callable[..., Any]], object]] = {
    "set_interval": lambda pump, work: pump.set_interval(0.01, work),
    "set_timer": lambda pump, work: pump.set_timer(0.01, work),
    "call_later": lambda pump, work: pump.call_later(work),
    "call_next": lambda pump, work: pump.call_next(work),
    "call_after_refresh": lambda pump, work: pump.call_after_refresh(work),
}
PARTS = {"console": None, "dashboard screen": "", "tile doses": "#doses", "line widget keys": "#keys"}
"""By the names that the status bar has for them: what they are found by on the dashboard."""
OTHER_SCREENS: list[tuple[str, type[Screen[Any]]]] = [
    ("b", BatchScreen), ("S", ShiftReportScreen), ("g", RangeDialog), ("T", LotScreen),
    ("slash", FilterDialog), ("n", NoteDialog), (":", CommandPalette),
]  # fmt: skip
"""Every other one that a key opens."""


class BrokenPartError(Exception):
    """Of a handler that fails on purpose."""


def fail(*arguments: object) -> None:
    raise BrokenPartError("not today")


async def fail_later(*arguments: object) -> None:
    raise BrokenPartError("not today")


def break_method(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    def broken(*arguments: object) -> None:
        fail()

    broken.__name__ = name
    monkeypatch.setattr(owner, name, broken, raising=False)


def find_part(console: Console, part: str) -> MessagePump:
    place = PARTS[part]
    screen = console.app.dashboard_screen
    return console.app if place is None else screen.query_one(place) if place else screen


def count_logged(caplog: pytest.LogCaptureFixture) -> int:
    return sum(bool(record.exc_info) for record in caplog.records)


async def expect_survival(console: Console, part: str, caplog: pytest.LogCaptureFixture) -> None:
    """The failure is a state on the screen and once in the log; keys work, and nothing is blank."""
    await wait_for(lambda: part in console.app.guard.failures, lambda: str(console.app.guard.failures))
    await console.wait_for_text(f"▲ {part.partition(' (')[0]} failed")
    assert "not today" in console.app.guard.failures[part]
    assert isinstance(console.take_failure(), BrokenPartError)
    assert "Recent doses" in console.screen
    assert "Tab Other page" in await console.press_keys("question_mark")
    await console.press_keys("escape")
    assert count_logged(caplog) == 1


async def expect_recovery(console: Console) -> None:
    await wait_for(lambda: "failed" not in console.screen, lambda: console.screen)
    assert console.app.guard.failures == {}


async def test_a_handler_of_the_app_that_fails_is_out_of_order_until_it_works_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            broken.setattr(console.app.controllers.scopes, "show_station", fail)
            for _ in range(REPEATS):
                console.app.post_message(StationChosen(""))
            await expect_survival(console, "console (_show_station)", caplog)
        console.app.post_message(StationChosen(""))
        await expect_recovery(console)


async def test_a_screen_whose_resize_fails_has_the_new_size_nevertheless(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, DashboardScreen, "on_resize")
            await console.pilot.resize_terminal(140, 45)
            await expect_survival(console, "dashboard screen (on_resize)", caplog)
            assert len(console.screen.splitlines()) == 45
        await console.pilot.resize_terminal(120, 40)
        await expect_recovery(console)


async def test_a_widget_whose_click_fails_takes_the_next_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, LineWidget, "on_click")
            await console.pilot.click("#scope")
            await console.pilot.click("#status")
            await expect_survival(console, "line widget status (on_click)", caplog)
        await console.pilot.click("#status")
        await expect_recovery(console)


async def test_a_watcher_that_fails_leaves_its_widget_alive(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, Tile, "watch_has_focus")
            await console.press_keys("tab")
            await wait_for(lambda: console.app.guard.failures)
            assert isinstance(console.take_failure(), BrokenPartError)
            assert "Recent doses" in console.screen
        for _ in console.app.dashboard_screen.visible_tiles:
            await console.press_keys("tab")
        await expect_recovery(console)


@pytest.mark.parametrize("work", [fail, fail_later])
@pytest.mark.parametrize("scheduler", keep_plain(SCHEDULERS, "set_timer", "call_later"))
async def test_what_was_put_off_and_fails_keeps_nothing_else_from_being_done(
    caplog: pytest.LogCaptureFixture, scheduler: str, work: Callable[..., Any]
) -> None:
    async with open_console() as console:
        for part in PARTS:
            pump, done = find_part(console, part), list[str]()
            begun = SCHEDULERS[scheduler](pump, work)
            ended = SCHEDULERS[scheduler](pump, partial(done.append, part))
            await expect_survival(console, f"{part} ({work.__name__})", caplog)
            await wait_for(partial(bool, done))
            for timer in (begun, ended):
                if isinstance(timer, Timer):
                    timer.stop()
            console.take_failure()
            console.app.guard.failures.clear()
            caplog.clear()


async def test_the_worker_of_a_screen_that_fails_is_contained(caplog: pytest.LogCaptureFixture) -> None:
    async with open_console() as console:
        console.app.run_worker(fail_later())
        await wait_for(lambda: "console (other work)" in console.app.guard.failures)
        console.take_failure()
        assert "Tab Other page" in await console.press_keys("question_mark")


async def test_what_a_screen_does_when_it_is_idle_may_fail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, DashboardScreen, "on_idle")
            console.app.screen.post_message(ViewChanged())
            await expect_survival(console, "dashboard screen (on_idle)", caplog)
        console.take_failure()


@pytest.mark.parametrize("step", ["compose", "on_mount", "render_rows"])
async def test_a_screen_that_cannot_be_built_returns_to_the_one_below_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, HelpScreen, step)
            await console.press_keys("question_mark")
            await console.wait_for_text("The help screen failed: BrokenPartError")
            await wait_for(lambda: isinstance(console.app.screen, DashboardScreen))
            assert isinstance(console.take_failure(), BrokenPartError)
            assert count_logged(caplog) == 1
            await console.wait_for_text("1 not done")
        await console.press_keys("question_mark")
        await console.wait_for_text("Tab Other page")


@pytest.mark.parametrize("step", ["compose", "on_mount"])
@pytest.mark.parametrize(
    ("key", "kind"),
    [("a", AlarmScreen), *[pytest.param(*other, marks=pytest.mark.thorough) for other in OTHER_SCREENS]],
)
async def test_every_screen_that_cannot_be_built_leaves_the_dashboard_as_it_was(
    monkeypatch: pytest.MonkeyPatch, key: str, kind: type[Screen[Any]], step: str
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            break_method(broken, kind, step)
            await console.press_keys(key)
            await console.wait_for_text(f"The {name_in_words(kind)} failed: BrokenPartError")
            await wait_for(lambda: isinstance(console.app.screen, DashboardScreen))
            await wait_for(lambda: console.app.controllers.active_screen is console.app.dashboard_screen)
        await console.wait_for_text("1 not done !")
        await wait_for(lambda: not console.app.guard.failures)
        console.take_failure()
        await console.press_keys(key)
        await wait_for(lambda: isinstance(console.app.screen, kind))


async def test_a_widget_that_cannot_be_built_takes_its_dialog_with_it_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_console() as console:
        await console.press_keys("a")
        below = console.app.screen
        with monkeypatch.context() as broken:
            break_method(broken, LineWidget, "on_mount")
            await console.press_keys("question_mark")
            await console.wait_for_text("The help screen failed: BrokenPartError")
        assert console.app.screen is below
        assert isinstance(console.take_failure(), BrokenPartError)
        assert "Tab Other page" in await console.press_keys("question_mark")


async def test_a_line_that_cannot_be_drawn_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_console() as console:
        with monkeypatch.context() as broken:
            build = line_widget._build_strip

            def build_most(row: list[Cell], theme: TerminalTheme) -> Strip:
                if "─ Inventory" in "".join(cell for cell, _ in row):
                    fail()
                return build(row, theme)

            broken.setattr(line_widget, "_build_strip", build_most)
            console.app.action_switch_theme()  # draws every line
            await wait_for(lambda: console.app.guard.failures)
            await console.wait_for_text("Recent doses")
            assert "─ Inventory" not in console.screen
            assert isinstance(console.take_failure(), BrokenPartError)
        console.app.action_switch_theme()
        await console.wait_for_text("─ Inventory")
        await expect_recovery(console)


async def test_a_contained_failure_fails_the_test_that_does_not_expect_it() -> None:
    async def run_unexpecting() -> None:
        async with open_console() as console:
            console.app.call_later(fail)
            await wait_for(lambda: console.app.guard.failures)

    with pytest.raises(BrokenPartError):
        await run_unexpecting()


async def test_an_exception_that_cannot_be_rendered_is_contained_too() -> None:
    class UnreadableError(Exception):
        def __repr__(self) -> str:
            raise BrokenPartError

    def raise_unreadable() -> None:
        raise UnreadableError

    async with open_console() as console:
        console.app.call_later(raise_unreadable)
        await wait_for(
            lambda: console.app.guard.failures == {"console (raise_unreadable)": "UnreadableError"}
        )
        assert isinstance(console.take_failure(), UnreadableError)


async def test_the_first_screen_that_cannot_be_built_ends_the_console(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is none below."""
    monkeypatch.setattr(DashboardScreen, "compose", fail)
    with pytest.raises(BrokenPartError):
        async with open_console():
            pass


def test_every_screen_widget_and_app_of_this_program_contains_its_handlers() -> None:
    assert issubclass(ContainedApp, ContainedPump)
    kinds = list_subclasses(MessagePump)
    assert {Tile, DashboardScreen, HelpScreen} <= set(kinds)
    assert [kind for kind in kinds if not issubclass(kind, ContainedPump)] == []


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (MessagePump, "_dispatch_message"), (MessagePump, "_get_dispatch_methods"),
        (ContainedApp, "_handle_exception"), (Screen, "_on_timer_update"),
    ],
)  # fmt: skip
def test_what_is_private_to_textual_is_still_there(owner: type, name: str) -> None:
    assert callable(getattr(owner, name))
