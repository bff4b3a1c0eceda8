"""The console: reads the live picture twice a second, asks for panels that are due, and shows both."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from textual import on
from textual.app import App
from textual.theme import Theme as TextualTheme

from dosing_tui.config.settings import Glyphs, Settings, Theme
from dosing_tui.console import words
from dosing_tui.console.asking import Askers, PanelSource, Reply
from dosing_tui.console.bars import Status
from dosing_tui.console.canvas import Rows, plain
from dosing_tui.console.content import AnyContent, Content
from dosing_tui.console.departure import Departure
from dosing_tui.console.desk import Desk
from dosing_tui.console.keys import APP_KEYS, hints
from dosing_tui.console.layout import TileId
from dosing_tui.console.look import Look, colours_of
from dosing_tui.console.moment import Moment
from dosing_tui.console.notices import all_clear, conditions, lasting
from dosing_tui.console.pens import PALETTES, Palette, Tone, choose
from dosing_tui.console.screens.dialogs import HelpScreen, QuitScreen
from dosing_tui.console.screens.messages import Answered, Moved
from dosing_tui.console.screens.plant import PlantScreen
from dosing_tui.console.spools import SPOOLS
from dosing_tui.console.terminal import backlog
from dosing_tui.console.tiles import books, consumption, doses, inventory, production, quality, sparks, totals
from dosing_tui.live import Live, Picture
from dosing_tui.plant.panels import OVERVIEW

log = logging.getLogger(__name__)

TICK_S = 0.5
SLOW_TICK_S = 2

Build = Callable[[Moment], AnyContent]
"""What a tile takes from a moment."""

TILES: Mapping[TileId, Build] = {
    TileId.INVENTORY: inventory.content,
    TileId.TODAY: consumption.today,
    TileId.BATCHES: totals.batches,
    TileId.CONSUMPTION: consumption.over_time,
    TileId.CHEMICALS: sparks.content,
    TileId.ACCURACY: quality.accuracy,
    TileId.ERRORS: quality.error_rate,
    TileId.DOSES: doses.content,
    TileId.PRODUCTION: production.content,
}


class ConsoleApp(App[None]):
    """``after_first_paint`` is called once something is on the screen: heavy things start there."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [*APP_KEYS]

    def __init__(
        self, settings: Settings, live: Live, source: PanelSource, clock: Callable[[], datetime], *,
        glyphs: Glyphs = Glyphs.UNICODE, keymap: Mapping[str, str] | None = None,
        log_file: Path | None = None, after_first_paint: Callable[[], None] = lambda: None,
        colourless: bool = False,
    ) -> None:  # fmt: skip
        # without colours the terminal's own are kept: shapes, words and bold have to do
        super().__init__(ansi_color=True if colourless else None)
        self._settings = settings
        self._live = live
        self._clock = clock
        self._zone = ZoneInfo(settings.plant.timezone)
        self._glyphs = glyphs
        self._keys = dict(keymap or {})
        self._after_first_paint = after_first_paint
        self._askers = Askers(source, self._deliver)
        self._desk = Desk(self._askers.ask, self._zone)
        self.departure = Departure()
        self._held: Picture | None = None
        self._held_at = ""
        self._began: dict[str, datetime] = {}
        self._broken: set[TileId] = set()
        self._spooled_before = 0
        self._every = SLOW_TICK_S if settings.console.low_bandwidth else 1
        log_name = str(log_file) if log_file else ""
        self._builds: Mapping[TileId, Build] = {
            **TILES,
            TileId.BOOKS: partial(books.content, log_file=log_name),
        }
        self._dark = settings.console.theme is Theme.DARK
        self._look = self._choose_look()
        self._plant = PlantScreen(self._look, hints(self._keys))

    # life

    def on_load(self) -> None:
        self.departure.watch(asyncio.get_running_loop(), self._leave)

    async def on_mount(self) -> None:
        for palette in PALETTES:
            self.register_theme(_textual_theme(palette))
        self.theme = self._look.palette.name
        self.set_keymap(self._keys)
        await self.push_screen(self._plant)
        self._askers.start()
        self._tick()
        self.set_interval(self._every if self._settings.console.low_bandwidth else TICK_S, self._tick)
        self.call_after_refresh(self._after_first_paint)

    def on_unmount(self) -> None:
        self._askers.stop()

    def _leave(self, code: int) -> None:
        self.exit(return_code=code)

    def _choose_look(self) -> Look:
        colours = colours_of(self.console.color_system)
        return Look(choose(dark=self._dark, colours=colours, no_colour=self.no_color), self._glyphs)

    # every tick

    def _tick(self) -> None:
        """Guarded piece by piece: a mistake in one tile is that tile's, and the next tick comes."""
        if self.departure.terminal_gone(asyncio.get_running_loop(), self._leave):
            return
        now = self._clock()
        picture = self._live.picture(now)
        books = (SPOOLS,) if self._plant.zoomed is TileId.BOOKS else ()
        self._desk.ask_due(picture, now, panels=books if self._held else (*OVERVIEW, *books))
        if not backlog(self._driver):
            self._show(picture, now)

    def _show(self, picture: Picture, now: datetime) -> None:
        self._guarded("status", lambda: self._plant.show_status(self._status(picture, now)))
        self._guarded("notices", lambda: self._show_notices(picture, now))
        moment = Moment(now, self._zone, self._settings, self._held or picture, self._desk.answers)
        self._plant.show_tanks(len(moment.picture.levels))
        for tile in self._plant.shown_tiles():
            self._plant.show_tile(tile.tile, self._content(tile.tile, moment))

    def _content(self, name: TileId, moment: Moment) -> AnyContent:
        try:
            content = self._builds[name](moment)
        except Exception:
            # the tile's boundary: the others go on
            if name not in self._broken:
                log.exception("tile %s", name)
            self._broken.add(name)
            return Content(name.value.capitalize(), None, _blank, empty="panel error, see the log file")
        self._broken.discard(name)
        return content

    def _guarded(self, name: str, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception:
            # the bars' boundary: the tiles go on
            log.exception("%s", name)

    def _status(self, picture: Picture, now: datetime) -> Status:
        # a reading is spooled for a moment on its way: only what stays for a tick is worth a word
        spooled, self._spooled_before = (
            min(picture.books.spooled, self._spooled_before),
            picture.books.spooled,
        )
        return Status(
            plant=plain(self._settings.plant.name, 40), screen=self._plant.title_now, role=picture.role,
            broker=picture.broker, database=picture.database, rate=picture.rate, spooled=spooled,
            clock=words.clock(now, self._zone, seconds=not self._settings.console.low_bandwidth),
            beat=now.second // self._every % 2 == 0, frozen=self._held_at,
        )  # fmt: skip

    def _show_notices(self, picture: Picture, now: datetime) -> None:
        found = lasting(conditions(picture, self._settings, now), self._began)
        self._began = {notice.key: notice.at for notice in found}
        stamped = [(notice, words.stamp(notice.at, self._zone, now=now)) for notice in found]
        self._plant.show_notices(stamped, all_clear(picture))

    # answers

    def _deliver(self, reply: Reply) -> None:
        """Called in one of the askers' threads."""
        self.post_message(Answered(reply))

    @on(Answered)
    def _take_answer(self, message: Answered) -> None:
        if self._desk.take(message.reply, self._clock()) and self._held is None:
            self._show_soon()

    def _show_soon(self) -> None:
        """Several answers that come together are drawn together."""
        self.call_after_refresh(self._redraw)

    @on(Moved)
    def _moved(self) -> None:
        self._tick()

    def _redraw(self) -> None:
        if not backlog(self._driver):
            now = self._clock()
            self._show(self._live.picture(now), now)

    # keys

    def action_freeze(self) -> None:
        now = self._clock()
        self._held = None if self._held else self._live.picture(now)
        self._held_at = words.clock(now, self._zone) if self._held else ""
        self._redraw()

    def action_refresh_now(self) -> None:
        self._desk.want_all()
        self._tick()

    def action_switch_theme(self) -> None:
        self._dark = not self._dark
        self._look = self._choose_look()
        self.theme = self._look.palette.name
        self._plant.wear(self._look)

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self._look, self._keys))

    def action_ask_quit(self) -> None:
        role = self._live.picture(self._clock()).role
        self.push_screen(QuitScreen(self._look, role), self._quit_if)

    def action_help_quit(self) -> None:
        self.action_ask_quit()

    def _quit_if(self, quit_now: bool | None) -> None:
        if quit_now:
            self.exit()


def _blank(data: None, width: int, height: int) -> Rows:
    return []


def _textual_theme(palette: Palette) -> TextualTheme:
    return TextualTheme(
        name=palette.name, dark=palette.dark, primary=palette.colour(Tone.CREST),
        background=palette.colour(Tone.GROUND), foreground=palette.colour(Tone.TEXT),
    )  # fmt: skip
