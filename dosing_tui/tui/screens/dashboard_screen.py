"""The dashboard: places its tiles, and moves the focus between them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.reactive import Reactive
from textual.widget import Widget

from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.station_status import StationStatus
from dosing_tui.tui.keys.bindings import PUMP_KEYS, TANK_KEYS, TILE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.footer import KeyHint
from dosing_tui.tui.layout.geometry import TileId, list_tiles
from dosing_tui.tui.layout.layout import (
    MIN_HEIGHT,
    MIN_WIDTH,
    VIEW_LAYOUTS,
    DashboardView,
    Direction,
    LayoutOptions,
    TileLayout,
    arrange_tiles,
    find_neighbour,
)
from dosing_tui.tui.layout.scope_bar import ScopeSummary, render_scope_bar
from dosing_tui.tui.rendering.canvas import render_paragraph
from dosing_tui.tui.rendering.data_table import SELECTION_LOST
from dosing_tui.tui.rendering.line_widget import CellClicked, LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.console_screen import ConsoleScreen
from dosing_tui.tui.tiles.registry import list_other_panels
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent
from dosing_tui.tui.widgets.messages import BatchRequested, PumpChosen, StationChosen, ViewChanged
from dosing_tui.tui.widgets.tile_widget import Tile
from dosing_tui.tui.widgets.visible_rows import VisibleRows

_TOO_SMALL = f"The console needs {MIN_WIDTH}x{MIN_HEIGHT} characters; this window has {{}}x{{}}."


class DashboardScreen(ConsoleScreen[None]):
    BINDINGS = [*VIEW_KEYS, *TILE_KEYS, *TANK_KEYS, *PUMP_KEYS]
    AUTO_FOCUS = "#doses"
    # as in Screen, but without a repaint of everything: the two tiles draw their own frames
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, theme: TerminalTheme, hints: Mapping[FooterMode, Sequence[KeyHint]]) -> None:
        super().__init__(theme, hints)
        self._scope = LineWidget(theme, id="scope")
        self._has_scope_row = False
        self._too_small = LineWidget(theme, id="too-small")
        self._other_panels = list_other_panels()
        self.tiles: dict[str, Tile] = {name: Tile(name, theme) for name in (*TileId, *self._other_panels)}
        self._tank_count = 0
        self._station_count = 1
        self._current_layout = TileLayout()
        self.view = DashboardView.OVERVIEW
        self.zoomed_tile: str | None = None
        self._last_focus: dict[DashboardView, str] = {DashboardView.OVERVIEW: TileId.DOSES}
        """The tile that had the focus when a view was left."""

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._scope
        with Container(id="tiles"):
            yield from self.tiles.values()
        yield self._footer
        yield self._too_small

    @property
    def screen_title(self) -> str:
        """View and zoomed tile, for the status bar."""
        zoomed = f" › {self.tiles[self.zoomed_tile].title}" if self.zoomed_tile else ""
        return f"{self.view.display_name}{zoomed}"

    @property
    def cursor_time(self) -> datetime | None:
        """Time under the cursor of a large chart; None without a cursor."""
        focused = self._get_focused_tile()
        return None if focused is None else self.tiles[focused].cursor_time

    @property
    def selected_dose(self) -> Dose | None:
        """The row at the cursor of the dose table, where that has the whole screen."""
        is_table = self.is_single_tile and self.visible_tiles[0] == TileId.DOSES
        row = self.tiles[TileId.DOSES].selected_row if is_table else None
        return row if isinstance(row, Dose) else None

    @property
    def chosen_dose(self) -> Dose | None:
        """The same, once the cursor was moved to a row."""
        return self.selected_dose if self.tiles[TileId.DOSES].has_moved_cursor else None

    @property
    def selected_tank(self) -> InventoryLevel | None:
        """The selected row of the tank table; None without a selection."""
        chosen = self.tiles[TileId.TANK_TABLE].selected_row
        return chosen if isinstance(chosen, InventoryLevel) else None

    @property
    def pump_rows(self) -> Sequence[PumpCapability]:
        """The rows of the pumps, as they are drawn."""
        rows = self.tiles[TileId.PUMP_TABLE].table_rows
        return [row for row in rows if isinstance(row, PumpCapability)]

    @property
    def selected_pump(self) -> PumpCapability | None:
        """The selected row of the pumps; None without a selection."""
        chosen = self.tiles[TileId.PUMP_TABLE].selected_row
        return chosen if isinstance(chosen, PumpCapability) else None

    def get_visible_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The rows of the focused tile."""
        focused = self._get_focused_tile()
        return None if focused is None else self.tiles[focused].get_visible_rows(zone)

    @property
    def is_single_tile(self) -> bool:
        """Only one tile is visible."""
        return len(self._current_layout.places) == 1

    @property
    def visible_tiles(self) -> Sequence[str]:
        """Tiles of the present layout."""
        return tuple(self._current_layout.places)

    @property
    def banner_rows(self) -> int:
        """Height of the alarm banner in the present layout."""
        return self._current_layout.banner_rows

    @property
    def footer_mode(self) -> FooterMode:
        """The keys of the visible tiles."""
        if self.visible_tiles == (TileId.STATION_TABLE,):
            return FooterMode.STATIONS
        if TileId.PUMP_TABLE in self.visible_tiles:
            return FooterMode.PUMPS
        if self.is_single_tile:
            return self.tiles[self.visible_tiles[0]].mode
        return FooterMode.TANKS if self.view is DashboardView.INVENTORY else FooterMode.SCREEN

    # content

    def show_scope(self, summary: ScopeSummary) -> None:
        """In its own row, while a range or filter is chosen."""
        bar = bool(summary.range or summary.filters)
        if bar != self._has_scope_row:
            self._has_scope_row = bar
            self._arrange_tiles()
        if bar:
            self._scope.show_rows(render_scope_bar(summary, self.size.width))

    def show_tile(self, name: str, content: AnyTileContent) -> None:
        self.tiles[name].show_content(content)
        if self.is_single_tile:
            self.draw_footer()

    def set_plant_size(self, *, tanks: int, stations: int) -> None:
        """More tanks than rows need another layout, and so do several stations."""
        if (tanks, stations) != (self._tank_count, self._station_count):
            self._tank_count, self._station_count = tanks, stations
            self._arrange_tiles()

    # places

    def on_mount(self) -> None:
        self._arrange_tiles()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange_tiles()

    def _arrange_tiles(self) -> None:
        width, height = self.size
        wanted = LayoutOptions(self.view, self.zoomed_tile, self._has_scope_row, self._other_panels)
        layout = self._compute_layout(wanted)
        self._current_layout = layout
        self.set_class(layout.is_too_small, "-too-small")
        self._banner.styles.height = layout.banner_rows
        self._scope.display = self._has_scope_row and not layout.is_too_small
        for name, tile in self.tiles.items():
            place = layout.places.get(name)
            tile.display = place is not None
            if place is not None:
                tile.set_place(place, layout.frame, is_large=self.is_single_tile)
        if layout.is_too_small:
            self._too_small.show_rows(render_paragraph(_TOO_SMALL.format(width, height), width, height, TEXT))
        else:
            self._ensure_focus()
            self.draw_footer()

    def _compute_layout(self, options: LayoutOptions) -> TileLayout:
        return arrange_tiles(
            *self.size, options, tank_count=self._tank_count, station_count=self._station_count
        )

    # mouse

    def take_click(self, event: CellClicked) -> None:
        """The tile has the focus already; a table's row is selected. Twice is the key enter."""
        if isinstance(event.widget, Tile):
            event.widget.select_row_at(event.y)
            if event.is_double:
                self.press_enter(event)

    def take_wheel(self, event: WheelTurned) -> None:
        """A table scrolls without the focus, too."""
        if isinstance(event.widget, Tile) and event.widget.check_action("step", (event.step,)):
            event.widget.action_step(event.step)

    # keys

    def _ensure_focus(self) -> None:
        """Keep the focus on a visible tile."""
        places = self._current_layout.places
        if self._get_focused_tile() not in places:
            first = next(iter(places))
            wanted = self._last_focus.get(self.view, first)
            self.tiles[wanted if wanted in places else first].focus()

    def _get_focused_tile(self) -> str | None:
        return self.focused.tile_id if isinstance(self.focused, Tile) else None

    def _switch_view(self, view: DashboardView, zoomed_tile: str | None) -> None:
        focused = self._get_focused_tile()
        if self.zoomed_tile is None and focused is not None:
            self._last_focus[self.view] = focused
        if view is DashboardView.STATIONS:
            self.post_message(StationChosen(""))
        self.view, self.zoomed_tile = view, zoomed_tile
        self._arrange_tiles()
        self.post_message(ViewChanged())

    def action_view(self, view: str) -> None:
        if view == DashboardView.PANELS and not self._other_panels:
            self.show_message("No other panels are declared.")
            return
        self._switch_view(DashboardView(view), None)

    def open_tile(self, tile: str) -> None:
        """At full screen, in the view that it belongs to."""
        views = [view for view, layout in VIEW_LAYOUTS.items() if tile in list_tiles(layout.wide)]
        self._switch_view(views[0] if views else DashboardView.OVERVIEW, tile)

    def action_zoom(self) -> None:
        focused = self._get_focused_tile()
        if focused is not None and self.refuses_lost_selection(focused):
            return
        if focused == TileId.STATION_LIGHTS:
            self._switch_view(DashboardView.STATIONS, None)
        elif focused == TileId.STATION_TABLE:
            self._open_station()
        elif focused == TileId.PUMP_TABLE:
            self._open_pump()
        else:
            self._zoom_tile()

    def refuses_lost_selection(self, tile: str) -> bool:
        """Says that the tile's selected row has gone: no key acts on another one in its place."""
        is_lost = tile in self.visible_tiles and self.tiles[tile].has_lost_selection
        if is_lost:
            self.show_message(SELECTION_LOST)
        return is_lost

    def _open_station(self) -> None:
        """The overview, of the selected station."""
        chosen = self.tiles[TileId.STATION_TABLE].selected_row
        if isinstance(chosen, StationStatus):
            self.post_message(StationChosen(chosen.device))
            self._switch_view(DashboardView.OVERVIEW, None)

    def _open_pump(self) -> None:
        if (row := self.selected_pump) is not None:
            self.post_message(PumpChosen(row))

    def _zoom_tile(self) -> None:
        if (dose := self.selected_dose) is not None:
            self.post_message(BatchRequested(dose.device_id, dose.time))
        elif self.zoomed_tile is not None:
            self._switch_view(self.view, None)
        elif not self.is_single_tile:
            self._switch_view(self.view, self._get_focused_tile())

    def action_back(self) -> None:
        """From a zoomed tile to its view, from there to the overview."""
        self._switch_view(DashboardView.OVERVIEW if self.zoomed_tile is None else self.view, None)

    def action_next_tile(self, step: int) -> None:
        """Focus the next tile of the view; while one is zoomed, zoom the next."""
        options = LayoutOptions(self.view, other_panels=self._other_panels)
        names = list(self._compute_layout(options).places)
        if not names:  # too small, perhaps since a moment, and not drawn yet
            return
        focused = self._get_focused_tile()
        here = names.index(focused) if focused in names else 0
        self._focus_tile(names[(here + step) % len(names)])

    def action_move(self, direction: str) -> None:
        focused = self._get_focused_tile()
        if self.zoomed_tile is None and focused is not None:
            self._focus_tile(find_neighbour(self._current_layout.places, focused, Direction(direction)))

    def _focus_tile(self, name: str) -> None:
        if self.zoomed_tile is not None:
            self._switch_view(self.view, name)
        self.tiles[name].focus()

    @on(Tile.FocusExit)
    def _leave_table(self, event: Tile.FocusExit) -> None:
        if self.zoomed_tile is None:
            self.action_move(event.direction)
