"""The console: reads the live picture twice a second, asks for panels that are due, and shows both."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from textual import on
from textual.theme import Theme as TextualTheme

from dosing_tui.config.settings import Glyphs, Settings, Theme
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.live_state import Picture, PictureSource
from dosing_tui.tui.app.shutdown import Departure
from dosing_tui.tui.app.terminal import backlog
from dosing_tui.tui.charts.primitives import braille
from dosing_tui.tui.controllers.review_controller import Reviewing
from dosing_tui.tui.data.panel_cache import Desk
from dosing_tui.tui.data.query_workers import Askers, PanelSource, Reply
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen, QuitScreen
from dosing_tui.tui.keys.bindings import APP_KEYS, SCOPE_KEYS, helped
from dosing_tui.tui.keys.footer_hints import hints
from dosing_tui.tui.layout.status_and_footer import Status, waiting
from dosing_tui.tui.layout.system_notices import conditions, lasting
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import plain
from dosing_tui.tui.rendering.palette import PALETTES, Palette, Tone, choose
from dosing_tui.tui.rendering.theme import Look, colours_of
from dosing_tui.tui.scope.render_context import UNANSWERED, Answer, Moment
from dosing_tui.tui.scope.spool_status import SPOOLS
from dosing_tui.tui.screens.dashboard_screen import PlantScreen
from dosing_tui.tui.tiles.registry import Builder, builds, panels_of
from dosing_tui.tui.widgets.messages import Answered, Moved

log = logging.getLogger(__name__)

TICK_S = 0.5
SLOW_TICK_S = 2
SOON_S = 0.05
SPOOLED_TICKS = 10
LIBRARY_AFTER_S = 3.0
"""The first data come first; the first chart of several lines is not to wait for its library then."""
PATIENCE = timedelta(milliseconds=300)
"""How long the answer to another range or filter may take before the old one is dimmed."""


def nothing() -> None:
    """Nothing starts after the first paint."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the console runs."""

    glyphs: Glyphs = Glyphs.UNICODE
    colourless: bool = False
    """The operator wants no colours: shapes, words and bold have to do."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys for bindings, by their ids."""
    log_file: Path | None = None


class ConsoleApp(Reviewing):
    """``after_first_paint`` is called once something is on the screen: heavy things start there."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [*SCOPE_KEYS, *APP_KEYS]

    def __init__(
        self, settings: Settings, live: PictureSource, source: PanelSource, clock: Callable[[], datetime], *,
        where: Surroundings = Surroundings(), after_first_paint: Callable[[], None] = nothing,
    ) -> None:  # fmt: skip
        super().__init__(
            settings, live, source, clock, Askers(source, self._deliver), keymap=where.keymap,
            colourless=where.colourless,
        )  # fmt: skip
        self._where = where
        self._dark = settings.console.theme is Theme.DARK
        self._look = self._choose_look()
        self._hints = hints(where.keymap)
        self._silence_key = helped(["silence"], where.keymap).split(" ")[0]
        self._batch_keys = (
            helped(["batch-unreviewed"], where.keymap), helped(["batch-exceptions"], where.keymap),
        )  # fmt: skip
        self._clerk = Askers(source, self._deliver, threads=1)
        self._registrar = Askers(source, self._deliver, threads=2)
        self._plant = PlantScreen(self._look, self._hints)
        self._after_first_paint = after_first_paint
        self._desk = Desk(self._askers.ask, source.cancel)
        self._builder = Builder(builds(str(where.log_file or "")))
        self.departure = Departure()
        self._held: Picture | None = None
        self._held_at = ""
        self._drawing_soon = False
        self._began: dict[str, datetime] = {}
        self._spooled: deque[int] = deque(maxlen=SPOOLED_TICKS)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """The panels' last answers, by panel id."""
        return self._desk.answers

    # life

    def on_load(self) -> None:
        self.departure.watch(asyncio.get_running_loop(), self._leave)

    async def on_mount(self) -> None:
        for palette in PALETTES:
            self.register_theme(_textual_theme(palette))
        self.theme = self._look.palette.name
        self.set_keymap(dict(self._where.keymap))
        await self.push_screen(self._plant)
        self._askers.start()
        self._clerk.start()
        self._registrar.start()
        self._tick()
        self.set_interval(SLOW_TICK_S if self._settings.console.low_bandwidth else TICK_S, self._tick)
        self.call_after_refresh(self._after_first_paint)
        self.set_timer(LIBRARY_AFTER_S, partial(self._askers.do, braille.load))

    def on_unmount(self) -> None:
        self._askers.stop()
        self._clerk.stop()
        self._registrar.stop()

    def _leave(self, code: int) -> None:
        self.exit(return_code=code)

    def _choose_look(self) -> Look:
        colours = colours_of(self.console.color_system)
        palette = choose(dark=self._dark, colours=colours, no_colour=self._where.colourless)
        return Look(palette, self._where.glyphs)

    # every tick

    def _tick(self) -> None:
        if self.departure.terminal_gone(asyncio.get_running_loop(), self._leave):
            return
        now = self._clock()
        picture = self._live.picture(now)
        self._desk.ask_due(self._due_panels(), self._scope, self.present(picture))
        self._show(picture, now)

    def _due_panels(self) -> tuple[Panel[Any], ...]:
        """Those of the tiles in sight. While the rest stands still: the books, and what was chosen since."""
        shown = panels_of(self._plant.shown)
        return tuple(panel for panel in shown if not self._held or panel is SPOOLS or self._missing(panel))

    def _missing(self, panel: Panel[Any]) -> bool:
        answer = self._desk.answers.get(panel.id, UNANSWERED)
        return answer.rows is None or answer.scope != self._scope

    def _show(self, picture: Picture, now: datetime) -> None:
        """Guarded piece by piece; a little later if the line is still busy with the last frame."""
        if backlog(self._driver):
            self._show_soon()
            return
        self._guarded("status", lambda: self.front.show_status(self._status(picture, now)))
        self._guarded("alarms", lambda: self._show_notices(picture, now))
        self._guarded("batches", lambda: self.show_batches(picture, now))
        self._guarded("scope", lambda: self._plant.show_scope(self.chosen(self.present(picture))))
        moment = self._moment(self._held or picture, now)
        self._plant.show_tanks(len(moment.levels))
        for name in self._plant.shown:
            content = self._builder.content(name, moment, large=self._plant.large)
            self._guarded(name, partial(self._plant.show_tile, name, content))

    def _moment(self, picture: Picture, now: datetime) -> Moment:
        return Moment(
            now, self._zone, self._settings, picture, self._desk.answers, scope=self._scope,
            waiting=now - self._scope_since >= PATIENCE,
        )  # fmt: skip

    def _guarded(self, name: str, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception:
            # the boundary of one piece of the screen: the others, and the next tick, go on
            log.exception("drawing %s", name)

    def _status(self, picture: Picture, now: datetime) -> Status:
        self._spooled.append(picture.books.spooled)
        slow = self._settings.console.low_bandwidth
        return Status(
            plant=plain(self._settings.plant.name, 40), screen=self.front.title_now, role=picture.role,
            broker=picture.broker, database=picture.database, rate=picture.rate,
            spooled=waiting(self._spooled, picture),
            clock=number_format.clock(now, self._zone, seconds=not slow), frozen=self._held_at,
            beat=now.second // (SLOW_TICK_S if slow else 1) % 2 == 0,
        )  # fmt: skip

    def _show_notices(self, picture: Picture, now: datetime) -> None:
        found = lasting(conditions(picture, now), self._began)
        self._began = {notice.key: notice.at for notice in found}
        self.show_alarms(picture, found, now)

    # answers

    def _deliver(self, reply: Reply) -> None:
        """Called in one of the askers' threads."""
        self.post_message(Answered(reply))

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
        if self._desk.take(message.reply, self._clock()):
            self._show_soon()

    def _show_soon(self) -> None:
        """Several answers that come together are drawn together."""
        if not self._drawing_soon:
            self._drawing_soon = True
            self.set_timer(SLOW_TICK_S if self._settings.console.low_bandwidth else SOON_S, self._redraw)

    @on(Moved)
    def _look_there(self) -> None:
        self._tick()

    def _redraw(self) -> None:
        self._drawing_soon = False
        now = self._clock()
        self._show(self._live.picture(now), now)

    # what is asked

    def scope_chosen(self) -> None:
        """What is shown until the first answers is dimmed when they take long."""
        self._tick()
        self.set_timer(PATIENCE.total_seconds() + SOON_S, self._redraw)

    def note_stored(self) -> None:
        self.action_refresh_now()

    # keys

    def action_freeze(self) -> None:
        now = self._clock()
        self._held = None if self._held else self._live.picture(now)
        self._held_at = number_format.clock(now, self._zone) if self._held else ""
        self._redraw()

    def action_refresh_now(self) -> None:
        super().action_refresh_now()
        self._desk.want_all()
        self._tick()

    def action_switch_theme(self) -> None:
        self._dark = not self._dark
        self._look = self._choose_look()
        self.theme = self._look.palette.name
        self._plant.wear(self._look)
        for page in (self._page, self._batches):
            if page is not None:
                page.wear(self._look)

    def action_help(self) -> None:
        about_batches = self._batches is not None and self._page is None
        self.push_screen(HelpScreen(self._look, self._where.keymap, page=1 if about_batches else 0))

    def action_ask_quit(self) -> None:
        role = self._live.picture(self._clock()).role
        self.push_screen(QuitScreen(self._look, role), self._quit_if)

    def action_help_quit(self) -> None:
        """Ctrl+C, which textual would answer with a hint."""
        self.action_ask_quit()

    def _quit_if(self, quit_now: bool | None) -> None:
        if quit_now:
            self.exit()


def _textual_theme(palette: Palette) -> TextualTheme:
    return TextualTheme(
        name=palette.name, dark=palette.dark, primary=palette.colour(Tone.CREST),
        background=palette.colour(Tone.GROUND), foreground=palette.colour(Tone.TEXT),
    )  # fmt: skip
