"""The screen of the plant: status, notices, tiles, keys. It places the tiles and moves between them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import Reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.keys.bindings import STOCK_KEYS, TILE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.alarm_banner import Banner, banner_rows
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.layout.layout import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    Direction,
    Layout,
    Wanted,
    arrange,
    neighbour,
)
from dosing_tui.tui.layout.status_and_footer import (
    Chosen,
    KeyHint,
    Status,
    footer_rows,
    said_row,
    scope_row,
    status_rows,
)
from dosing_tui.tui.layout.view_layouts import View
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.canvas import sentence
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.tiles.shared.tile_content import AnyContent
from dosing_tui.tui.widgets.messages import Moved
from dosing_tui.tui.widgets.tile_widget import Tile
from dosing_tui.tui.widgets.visible_rows import Shown

SAID_S = 6.0
_TOO_SMALL = f"The console needs {LEAST_WIDTH}x{LEAST_HEIGHT} characters; this window has {{}}x{{}}."


class PlantScreen(Screen[None]):
    BINDINGS = [*VIEW_KEYS, *TILE_KEYS, *STOCK_KEYS]
    AUTO_FOCUS = "#doses"
    # as in Screen, but without painting everything anew: the two tiles draw their own frames
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, look: Look, hints: Mapping[Mode, Sequence[KeyHint]]) -> None:
        super().__init__()
        minimal_repaint.install(self)
        self._hints = hints
        self._status = LineWidget(look, id="status")
        self._banner = LineWidget(look, id="notices")
        self._scope = LineWidget(look, id="scope")
        self._bar = False
        self._said: Timer | None = None
        self._footer = LineWidget(look, id="keys")
        self._too_small = LineWidget(look, id="too-small")
        self.tiles = {name: Tile(name, look) for name in TileId}
        self._tanks = 0
        self._layout_now = Layout()
        self.view = View.OVERVIEW
        self.zoomed: TileId | None = None
        self._last_focus = {View.OVERVIEW: TileId.DOSES}
        """Which tile had the focus when a view was left."""

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._scope
        with Container(id="tiles"):
            yield from self.tiles.values()
        yield self._footer
        yield self._too_small

    @property
    def title_now(self) -> str:
        """What is on the screen, for the status bar."""
        view = self.view.value.capitalize()
        return view if self.zoomed is None else f"{view} › {self.zoomed.value.capitalize()}"

    @property
    def cursor_time(self) -> datetime | None:
        """What the cursor of a large chart reads, None where there is none."""
        focused = self._focused_tile()
        return None if focused is None else self.tiles[focused].cursor_time

    @property
    def chosen_tank(self) -> InventoryLevel | None:
        """The row that was chosen in the table of levels; None where none was."""
        chosen = self.tiles[TileId.STOCK].chosen
        return chosen if isinstance(chosen, InventoryLevel) else None

    def focused_rows(self, zone: tzinfo) -> Shown | None:
        """What the focused tile shows."""
        focused = self._focused_tile()
        return None if focused is None else self.tiles[focused].shown(zone)

    @property
    def large(self) -> bool:
        """One tile has all the room."""
        return len(self._layout_now.places) == 1

    @property
    def shown(self) -> Sequence[TileId]:
        """The tiles in sight."""
        return tuple(self._layout_now.places)

    def wear(self, look: Look) -> None:
        for widget in self.query(LineWidget):
            widget.wear(look)

    # what the app gives

    def show_status(self, status: Status) -> None:
        self._status.put(status_rows(status, self.size.width))

    def show_banner(self, told: Banner, stamp: Callable[[datetime], str]) -> None:
        self._banner.put(banner_rows(told, stamp, self.size.width, self._layout_now.notices))

    def show_scope(self, chosen: Chosen) -> None:
        """A row of its own, as long as anything is chosen."""
        bar = bool(chosen.range or chosen.filters)
        if bar != self._bar:
            self._bar = bar
            self._arrange()
        if bar:
            self._scope.put(scope_row(chosen, self.size.width))

    def show_tile(self, name: TileId, content: AnyContent) -> None:
        self.tiles[name].show(content)
        if self.large and self._said is None:
            self._foot()

    def show_tanks(self, count: int) -> None:
        """More tanks than rows ask for another arrangement."""
        if count != self._tanks:
            self._tanks = count
            self._arrange()

    def say(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        self._footer.put(said_row(clean_line(sentence), self.size.width))
        if self._said is not None:
            self._said.stop()
        self._said = self.set_timer(SAID_S, self._unsay)

    def _unsay(self) -> None:
        self._said = None
        self._foot()

    def _foot(self) -> None:
        """The keys of what is shown."""
        places = self._layout_now.places
        many = Mode.STOCK if self.view is View.INVENTORY else Mode.SCREEN
        mode = self.tiles[next(iter(places))].mode if len(places) == 1 else many
        self._footer.put(footer_rows(self._hints[mode], self.size.width))

    # places

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size
        wanted = Wanted(self.view, self.zoomed, self._bar)
        layout = arrange(width, height, wanted, tanks=self._tanks)
        self._layout_now = layout
        self.set_class(layout.too_small, "-too-small")
        self._banner.styles.height = layout.notices
        self._scope.display = self._bar and not layout.too_small
        for name, tile in self.tiles.items():
            self._place(tile, layout, name)
        if layout.too_small:
            self._too_small.put(sentence(_TOO_SMALL.format(width, height), width, height, TEXT))
        else:
            self._keep_focus()
            self._foot()

    def _place(self, tile: Tile, layout: Layout, name: TileId) -> None:
        place = layout.places.get(name)
        tile.display = place is not None
        if place is not None:
            tile.place(place, layout.frame, large=len(layout.places) == 1)

    # keys

    def _keep_focus(self) -> None:
        """The focus is always on a tile that can be seen."""
        places = self._layout_now.places
        if self._focused_tile() not in places:
            first = next(iter(places))
            wanted = self._last_focus.get(self.view, first)
            self.tiles[wanted if wanted in places else first].focus()

    def _focused_tile(self) -> TileId | None:
        return self.focused.tile if isinstance(self.focused, Tile) else None

    def _look_at(self, view: View, zoomed: TileId | None) -> None:
        focused = self._focused_tile()
        if self.zoomed is None and focused is not None:
            self._last_focus[self.view] = focused
        self.view, self.zoomed = view, zoomed
        self._arrange()
        self.post_message(Moved())

    def action_view(self, view: str) -> None:
        self._look_at(View(view), None)

    def action_zoom(self) -> None:
        if self.zoomed is not None:
            self._look_at(self.view, None)
        elif not self.large:
            self._look_at(self.view, self._focused_tile())

    def action_back(self) -> None:
        """From a tile to its screen, from there to the overview."""
        self._look_at(View.OVERVIEW if self.zoomed is None else self.view, None)

    def action_next_tile(self, step: int) -> None:
        """The tiles of the view, one after the other; also while one of them has all the room."""
        if self._layout_now.too_small:
            return
        names = list(arrange(*self.size, Wanted(self.view), tanks=self._tanks).places)
        focused = self._focused_tile()
        here = names.index(focused) if focused in names else 0
        self._go(names[(here + step) % len(names)])

    def action_move(self, direction: str) -> None:
        focused = self._focused_tile()
        if self.zoomed is None and focused is not None:
            self._go(neighbour(self._layout_now.places, focused, Direction(direction)))

    def _go(self, name: TileId) -> None:
        if self.zoomed is not None:
            self._look_at(self.view, name)
        self.tiles[name].focus()

    @on(Tile.Left)
    def _leave_table(self, event: Tile.Left) -> None:
        if self.zoomed is None:
            self.action_move(event.towards)
