"""Drives the console without a terminal: presses keys, reads the screen."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from dosing_tui.config.settings import ColourTheme, ConsoleSettings, PlantSettings, Settings
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.tiles.registry import list_panels
from tests.support.polling import PATIENCE_S, choose_pause
from tests.support.tui import sample_plant
from tests.support.tui.sample_plant import FakeSource, History

Kind = TypeVar("Kind")
LARGE, MEDIUM, SMALL = (120, 40), (100, 30), (80, 24)
EMPTY = History((), ())


def make_settings(
    *, theme: ColourTheme = ColourTheme.DARK, devices: tuple[str, ...] = ("dosing_system_01",)
) -> Settings:
    return Settings(
        plant=PlantSettings(name="Plant 1", devices=devices), console=ConsoleSettings(theme=theme)
    )


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = sample_plant.NOW

    def __call__(self) -> datetime:
        return self.now

    def move_forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Console:
    app: DosingApp
    pilot: Pilot[None]
    live: LiveState
    source: FakeSource
    clock: Clock

    @property
    def screen(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def press_keys(self, *keys: str) -> str:
        """The screen; another one than before once it is drawn."""
        before = self.app.screen
        await self.pilot.press(*keys)
        await self.pilot.pause()
        while self.app.is_running and self.app.screen is not before:
            before = self.app.screen
            await self._wait_for_frame(before)
        return self.screen

    async def _wait_for_frame(self, screen: Screen[Any]) -> None:
        """Until the screen is drawn, or another one is on top."""
        drawn = asyncio.Event()
        screen.call_after_refresh(drawn.set)
        await wait_for(
            lambda: drawn.is_set() or self.app.screen is not screen or not self.app.is_running,
            lambda: f"{screen} is not drawn",
        )

    async def press_on_next_screen(self, opener: str, *keys: str) -> str:
        """``keys`` once the screen that ``opener`` leads to is drawn: none is taken for typed ahead."""
        before = self.app.screen
        await self.press_keys(opener)
        await wait_for(lambda: self.app.screen is not before and self.app._drawn_at is not None)
        return await self.press_keys(*keys)

    async def wait_for_text(self, text: str) -> str:
        """The screen, once it shows the text."""
        await wait_for(lambda: text in self.screen, lambda: f"{text!r} is not on\n{self.screen}")
        return self.screen

    def take_failure(self) -> Exception | None:
        """The first exception that the console survived; not taken, it fails the test at the end."""
        failure, self.app._exception = self.app._exception, None
        self.app._exception_event.clear()
        return failure

    async def wait_for_answers(self) -> None:
        """Every panel has its first answer, good or bad, and it has been drawn."""
        await wait_until_drawn(self.app)
        await self.pilot.pause()


async def wait_until_drawn(app: DosingApp) -> None:
    """Every panel has answered, nothing is left to be drawn, and the focus has come to what is in sight."""
    plant = app.dashboard_screen
    await wait_for(
        lambda: (
            not app.is_running  # as one that ended with an error
            or (
                {panel.id for panel in list_panels(plant.visible_tiles)}
                <= set(app.controllers.dashboard.panel_cache.results)
                and not app.updater.is_redraw_due
                and (app.screen is not plant or not plant.visible_tiles or _focus_is_drawn(plant))
            )
        )
    )


def _focus_is_drawn(plant: DashboardScreen) -> bool:
    focused = plant._get_focused_tile()
    if focused is None or focused not in plant.visible_tiles:
        return False
    rows = plant.tiles[focused]._cell_rows
    return not rows or any(pen.fg is ColourRole.FOCUS for _, pen in rows[0])


async def wait_for(
    condition: Callable[[], object], why: Callable[[], str] = lambda: "", seconds: float = PATIENCE_S
) -> None:
    """Let the console run until the condition holds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not condition():
        waited = loop.time() - began
        if waited > seconds:
            raise AssertionError(why() or "did not happen in time")
        await asyncio.sleep(choose_pause(waited))  # a look may draw the whole screen


def list_subclasses(kind: type[Kind]) -> list[type[Kind]]:
    """Of this program, at any depth."""
    found = [one for child in kind.__subclasses__() for one in (child, *list_subclasses(child))]
    return [one for one in found if one.__module__.startswith("dosing_tui.")]


@asynccontextmanager
async def open_console(
    *, size: tuple[int, int] = LARGE, source: FakeSource | None = None, live: LiveState | None = None,
    chosen: Settings | None = None, where: TerminalOptions | None = None,
) -> AsyncIterator[Console]:  # fmt: skip
    source = source or FakeSource(sample_plant.make_history())
    live = live or sample_plant.live_plant(source.story, sample_plant.make_levels())
    clock = Clock()
    app = DosingApp(chosen or make_settings(), live, source, clock, terminal=where or TerminalOptions())
    async with app.run_test(size=size) as pilot:
        driven = Console(app, pilot, live, source, clock)
        await driven.wait_for_answers()
        yield driven
