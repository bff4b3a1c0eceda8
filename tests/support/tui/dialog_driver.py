"""Opens one dialog over an empty app, presses keys, reads what is drawn."""

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.pilot import Pilot

from dosing_tui.config.settings import GlyphMode
from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.app.ordered_input import OrderedInputApp
from dosing_tui.tui.rendering.palette import DARK, LIGHT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog

Result = TypeVar("Result")
LOOKS = {
    "dark": TerminalTheme(DARK),
    "light": TerminalTheme(LIGHT),
    "ascii": TerminalTheme(DARK, GlyphMode.ASCII),
}
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}


class Desk(OrderedInputApp[None]):
    """Nothing but the console's style sheet; a key that gets past a dialog ends up here."""

    CSS_PATH = Path(inspect.getfile(DosingApp)).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = False


@dataclass
class Dialog(Generic[Result]):
    pilot: Pilot[None]
    screen: CanvasDialog[Result]
    results: list[Result | None] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in strip) for strip in self._render_strips()]

    @property
    def screen_text(self) -> str:
        return "\n".join(self.lines)

    @property
    def colours(self) -> set[str]:
        """Every colour that a character is written in."""
        return {
            segment.style.color.name
            for strip in self._render_strips()
            for segment in strip
            if segment.style and segment.style.color and segment.text.strip()
        }

    async def open_again(self, screen: CanvasDialog[Result]) -> None:
        """Open another one, after the first has gone."""
        self.screen = screen
        self.pilot.app.push_screen(screen, self.results.append)
        await self.pilot.pause()

    async def press_keys(self, *keys: str) -> str:
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.screen_text

    async def paste_text(self, text: str) -> str:
        self.pilot.app.post_message(events.Paste(text))
        await self.pilot.pause()
        return self.screen_text

    def _render_strips(self) -> list[list[Segment]]:
        return [list(strip) for strip in self.pilot.app.screen._compositor.render_strips()]


@asynccontextmanager
async def open_dialog(
    screen: CanvasDialog[Result], *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Dialog[Result]]:
    app = Desk()
    async with app.run_test(size=size) as pilot:
        dialog = Dialog(pilot, screen)
        await dialog.open_again(screen)
        yield dialog


def assert_whole(dialog: Dialog[Result], size: tuple[int, int]) -> None:
    """The frame is closed on every side, inside the window, and nothing on it is a control character."""
    width, height = size
    corners = [(y, line) for y, line in enumerate(dialog.lines) if line.strip()]
    top, bottom = corners[0], corners[-1]
    assert 0 <= top[0] < bottom[0] < height, dialog.screen_text
    for _, line in corners:
        assert len(line.rstrip()) <= width
        assert line.isprintable(), repr(line)
        assert line.strip()[0] in "╭│╰+|", dialog.screen_text
        assert line.strip()[-1] in "╮│╯+|", dialog.screen_text
