"""The views, and the places of their tiles for any size of the terminal. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from dosing_tui.tui.layout.geometry import (
    LayoutPart,
    TileFrame,
    TileId,
    TileRect,
    arrange_grid,
    divide_room,
    split_columns,
    split_rows,
)
from dosing_tui.tui.layout.overview_layout import (
    arrange_large,
    arrange_medium,
    arrange_small,
    arrange_with_lights,
)


class DashboardView(StrEnum):
    OVERVIEW = "overview"
    INVENTORY = "inventory"
    CONSUMPTION = "consumption"
    QUALITY = "quality"
    PRODUCTION = "production"
    DOSES = "doses"
    SYSTEM_STATUS = "books"
    PANELS = "panels"
    """Declared panels without a tile of their own; see ``panel_catalog``."""
    STATIONS = "stations"
    PUMPS = "pumps"

    @property
    def display_name(self) -> str:
        return "Data integrity" if self is DashboardView.SYSTEM_STATUS else self.value.capitalize()


class ViewLayout(Struct, frozen=True):
    """One arrangement for a wide window, one for a narrow one."""

    wide: LayoutPart
    narrow: LayoutPart


VIEW_LAYOUTS: Mapping[DashboardView, ViewLayout] = {
    DashboardView.INVENTORY: ViewLayout(
        wide=split_columns(
            (4, TileId.INVENTORY),
            (
                7,
                split_rows((6, TileId.TANK_TABLE), (4, TileId.STOCK_OUTLOOK), (3, TileId.BATCHES_LEFT)),
            ),
        ),
        narrow=split_rows(
            (5, TileId.INVENTORY),
            (11, TileId.TANK_TABLE),
            (5, split_columns((1, TileId.STOCK_OUTLOOK), (1, TileId.BATCHES_LEFT))),
        ),
    ),
    DashboardView.CONSUMPTION: ViewLayout(
        wide=split_rows(
            (3, TileId.CONSUMPTION_LINES),
            (2, split_columns((1, TileId.CHEMICAL_TOTALS), (1, TileId.SPARKLINES), (1, TileId.CONSUMPTION))),
        ),
        narrow=split_rows(
            (13, TileId.CONSUMPTION_LINES),
            (8, split_columns((3, TileId.CHEMICAL_TOTALS), (4, TileId.SPARKLINES))),
        ),
    ),
    DashboardView.QUALITY: ViewLayout(
        wide=split_columns(
            (4, split_rows((5, TileId.ACCURACY), (3, TileId.ACCURACY_NUMBERS))),
            (6, split_rows((1, TileId.ERROR_RATE), (1, TileId.DURATION))),
        ),
        narrow=split_rows(
            (11, split_columns((1, TileId.ACCURACY), (1, TileId.ERROR_RATE))),
            (10, split_columns((3, TileId.ACCURACY_NUMBERS), (5, TileId.DURATION))),
        ),
    ),
    DashboardView.PRODUCTION: ViewLayout(
        wide=split_rows(
            (3, split_columns((1, TileId.BATCH_TOTALS), (1, TileId.PRODUCTION))), (5, TileId.DAILY_PRODUCTION)
        ),
        narrow=split_rows(
            (8, split_columns((1, TileId.BATCH_TOTALS), (1, TileId.PRODUCTION))),
            (13, TileId.DAILY_PRODUCTION),
        ),
    ),
    DashboardView.DOSES: ViewLayout(TileId.DOSES, TileId.DOSES),
    DashboardView.SYSTEM_STATUS: ViewLayout(TileId.SYSTEM_STATUS, TileId.SYSTEM_STATUS),
    DashboardView.STATIONS: ViewLayout(TileId.STATION_TABLE, TileId.STATION_TABLE),
    DashboardView.PUMPS: ViewLayout(
        wide=split_rows((3, TileId.PUMP_TABLE), (2, TileId.PUMP_CHEMICALS)),
        narrow=split_rows((13, TileId.PUMP_TABLE), (8, TileId.PUMP_CHEMICALS)),
    ),
}
"""Every view but the overview and the other panels, which are computed."""


MIN_WIDTH, MIN_HEIGHT = 80, 24
BAR_ROWS = 2
"""Status bar and footer."""
MIN_PANEL_WIDTH = 40
"""Columns of a tile in the view of other panels, at least."""


class TileLayout(Struct, frozen=True):
    """Tiles without a place are not shown."""

    places: Mapping[str, TileRect] = field(default_factory=dict)
    frame: TileFrame = TileFrame.FULL
    banner_rows: int = 1
    is_too_small: bool = False


class LayoutOptions(Struct, frozen=True):
    """The current view. ``zoomed_tile`` has all the room; ``has_scope_row``: range and filters have a row."""

    view: DashboardView = DashboardView.OVERVIEW
    zoomed_tile: str | None = None
    has_scope_row: bool = False
    other_panels: tuple[str, ...] = ()
    """The tiles of the view of other panels."""


def arrange_tiles(
    width: int, height: int, options: LayoutOptions = LayoutOptions(), *,
    tank_count: int = 4, station_count: int = 1,
) -> TileLayout:  # fmt: skip
    """The places for a terminal of ``width`` x ``height`` cells; none if it is too small."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return TileLayout(is_too_small=True, banner_rows=0)
    large, medium = width >= 120 and height >= 40, width >= 100 and height >= 30
    notices = 2 if large else 1
    room = TileRect(0, 0, width, height - BAR_ROWS - notices - options.has_scope_row)
    if options.zoomed_tile is not None:
        return TileLayout({options.zoomed_tile: room}, TileFrame.FULL, notices)
    frame = TileFrame.FULL if medium else TileFrame.TITLE_ONLY
    if options.view is not DashboardView.OVERVIEW:
        part = _select_view_layout(options, width, is_wide=medium)
        single = isinstance(part, str)
        return TileLayout(divide_room(room, part), TileFrame.FULL if single else frame, notices)
    if large and station_count > 1:
        return TileLayout(arrange_with_lights(width, room.height, tank_count, station_count), frame, notices)
    arrange = arrange_large if large else arrange_medium if medium else arrange_small
    return TileLayout(arrange(width, room.height, tank_count), frame, notices)


def _select_view_layout(options: LayoutOptions, width: int, *, is_wide: bool) -> LayoutPart:
    if options.view is DashboardView.PANELS:
        return arrange_grid(options.other_panels, max(1, width // MIN_PANEL_WIDTH))
    layout = VIEW_LAYOUTS[options.view]
    return layout.wide if is_wide else layout.narrow


class Direction(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


def find_neighbour(places: Mapping[str, TileRect], current: str, direction: Direction) -> str:
    """The nearest tile in this direction, by its centre; the tile itself at the edge."""
    here = places.get(current)
    if here is None:
        return next(iter(places), current)
    distances = {
        name: _measure_distance(here, place, direction) for name, place in places.items() if name != current
    }
    ahead = [name for name, (gap, _) in distances.items() if gap >= 0]
    return min(ahead, key=lambda name: (distances[name], name), default=current)


def _measure_distance(here: TileRect, there: TileRect, direction: Direction) -> tuple[int, int]:
    """The gap in this direction, negative for a tile that is not there; then across it between the centres.

    Centres are doubled to stay integers.
    """
    if direction in (Direction.LEFT, Direction.RIGHT):
        across = abs(2 * there.y + there.height - 2 * here.y - here.height)
    else:
        across = abs(2 * there.x + there.width - 2 * here.x - here.width)
    gaps = {
        Direction.LEFT: here.x - there.x - there.width,
        Direction.RIGHT: there.x - here.x - here.width,
        Direction.UP: here.y - there.y - there.height,
        Direction.DOWN: there.y - here.y - here.height,
    }
    return gaps[direction], across
