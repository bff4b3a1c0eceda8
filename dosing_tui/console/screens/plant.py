"""The screen of the plant: status, notices, tiles, keys. It places the tiles and moves between them."""

from collections.abc import Sequence
from enum import StrEnum

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from dosing_tui.console import frugal
from dosing_tui.console.bars import KeyHint, Status, footer_rows, notice_rows, status_rows
from dosing_tui.console.canvas import sentence
from dosing_tui.console.content import AnyContent
from dosing_tui.console.keys import TILE_KEYS, VIEW_KEYS
from dosing_tui.console.layout import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    Direction,
    Layout,
    TileId,
    arrange,
    neighbour,
)
from dosing_tui.console.look import Look
from dosing_tui.console.notices import Notice
from dosing_tui.console.pens import TEXT
from dosing_tui.console.screens.messages import Moved
from dosing_tui.console.widgets.doses_tile import DosesTile
from dosing_tui.console.widgets.lines import LineWidget
from dosing_tui.console.widgets.tile import Tile


class View(StrEnum):
    OVERVIEW = "overview"
    DOSES = "doses"
    BOOKS = "books"


_TOO_SMALL = f"The console needs {LEAST_WIDTH}x{LEAST_HEIGHT} characters; this window has {{}}x{{}}."
_VIEWS = {View.OVERVIEW: None, View.DOSES: TileId.DOSES, View.BOOKS: TileId.BOOKS}


class PlantScreen(Screen[None]):
    BINDINGS = [*VIEW_KEYS, *TILE_KEYS]
    AUTO_FOCUS = "#doses"
    # as in Screen, but without painting everything anew: the two tiles draw their own frames
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, look: Look, hints: Sequence[KeyHint]) -> None:
        super().__init__()
        frugal.install(self)
        self._hints = hints
        self._status = LineWidget(look, id="status")
        self._notices = LineWidget(look, id="notices")
        self._footer = LineWidget(look, id="keys")
        self._too_small = LineWidget(look, id="too-small")
        self.tiles = {name: DosesTile(look) if name is TileId.DOSES else Tile(name, look) for name in TileId}
        self._tanks = 0
        self._layout_now = Layout()
        self.zoomed: TileId | None = None
        self._return_to = TileId.DOSES

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._notices
        with Container(id="tiles"):
            yield from self.tiles.values()
        yield self._footer
        yield self._too_small

    @property
    def title_now(self) -> str:
        """What is on the screen, for the status bar."""
        match self.zoomed:
            case None:
                return "Overview"
            case TileId.DOSES | TileId.BOOKS:
                return self.zoomed.value.capitalize()
            case _:
                return f"Overview › {self.zoomed.value.capitalize()}"

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

    def show_notices(self, notices: Sequence[tuple[Notice, str]], quiet: str) -> None:
        self._notices.put(notice_rows(notices, quiet, self.size.width, self._layout_now.notices))

    def show_tile(self, name: TileId, content: AnyContent) -> None:
        self.tiles[name].show(content)

    def show_tanks(self, count: int) -> None:
        """More tanks than rows ask for another arrangement."""
        if count != self._tanks:
            self._tanks = count
            self._arrange()

    # places

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size
        layout = arrange(width, height, tanks=self._tanks, zoomed=self.zoomed)
        self._layout_now = layout
        self.set_class(layout.too_small, "-too-small")
        self._notices.styles.height = layout.notices
        for name, tile in self.tiles.items():
            self._place(tile, layout, name)
        if layout.too_small:
            self._too_small.put(sentence(_TOO_SMALL.format(width, height), width, height, TEXT))
        else:
            self._footer.put(footer_rows(self._hints, width))
            self._keep_focus()

    def _place(self, tile: Tile, layout: Layout, name: TileId) -> None:
        place = layout.places.get(name)
        tile.display = place is not None
        if place is not None:
            tile.place(place, layout.frame)

    # keys

    def _keep_focus(self) -> None:
        """The focus is always on a tile that can be seen."""
        focused = self._focused_tile()
        if focused not in self._layout_now.places:
            wanted = self._return_to if self._return_to in self._layout_now.places else None
            self.tiles[wanted or next(iter(self._layout_now.places))].focus()

    def _focused_tile(self) -> TileId | None:
        return self.focused.tile if isinstance(self.focused, Tile) else None

    def _zoom(self, name: TileId | None) -> None:
        focused = self._focused_tile()
        if self.zoomed is None and focused is not None:
            self._return_to = focused
        self.zoomed = name
        self._arrange()
        self.post_message(Moved())

    def action_view(self, view: str) -> None:
        self._zoom(_VIEWS[View(view)])

    def action_zoom(self) -> None:
        if self.zoomed is None:
            self._zoom(self._focused_tile())
        else:
            self._zoom(None)

    def action_back(self) -> None:
        self._zoom(None)

    def action_next_tile(self, step: int) -> None:
        names = list(self._layout_now.places) if self.zoomed is None else _ZOOM_ORDER
        focused = self._focused_tile()
        if not names or self._layout_now.too_small:
            return
        here = names.index(focused) if focused is not None and focused in names else 0
        self._go(names[(here + step) % len(names)])

    def action_move(self, direction: str) -> None:
        focused = self._focused_tile()
        if self.zoomed is not None:
            self.action_next_tile(-1 if direction in (Direction.LEFT, Direction.UP) else 1)
        elif focused is not None:
            self._go(neighbour(self._layout_now.places, focused, Direction(direction)))

    def _go(self, name: TileId) -> None:
        if self.zoomed is not None:
            self._zoom(name)
        self.tiles[name].focus()

    @on(DosesTile.Left)
    def _leave_doses(self, event: DosesTile.Left) -> None:
        if self.zoomed is None:
            self.action_move(event.towards)


_ZOOM_ORDER: list[TileId] = [name for name in TileId if name is not TileId.BOOKS]
