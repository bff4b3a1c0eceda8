"""What is where, for any view and any size of the terminal. Pure, so that every size can be tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dosing_tui.tui.layout import overview_layout
from dosing_tui.tui.layout.geometry import TileFrame, TileId, TileRect, divide_room
from dosing_tui.tui.layout.view_layouts import VIEW_LAYOUTS, DashboardView

MIN_WIDTH, MIN_HEIGHT = 80, 24
BAR_ROWS = 2
"""Rows of the status above and the keys below."""


@dataclass(frozen=True, slots=True)
class TileLayout:
    """Tiles that have no place are not shown."""

    places: Mapping[TileId, TileRect] = field(default_factory=dict)
    frame: TileFrame = TileFrame.FULL
    banner_rows: int = 1
    is_too_small: bool = False


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """What the operator looks at. ``zoomed_tile`` has all the room; ``has_scope_row``: the row of range and filter."""

    view: DashboardView = DashboardView.OVERVIEW
    zoomed_tile: TileId | None = None
    has_scope_row: bool = False


def arrange_tiles(
    width: int, height: int, options: LayoutOptions = LayoutOptions(), *, tank_count: int = 4
) -> TileLayout:
    """The places for a terminal of this size."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return TileLayout(is_too_small=True, banner_rows=0)
    large, medium = width >= 120 and height >= 40, width >= 100 and height >= 30
    notices = 2 if large else 1
    room = TileRect(0, 0, width, height - BAR_ROWS - notices - options.has_scope_row)
    if options.zoomed_tile is not None:
        return TileLayout({options.zoomed_tile: room}, TileFrame.FULL, notices)
    frame = TileFrame.FULL if medium else TileFrame.TITLE_ONLY
    if options.view is not DashboardView.OVERVIEW:
        theme = VIEW_LAYOUTS[options.view]
        single = isinstance(theme.wide, TileId)
        return TileLayout(
            divide_room(room, theme.wide if medium else theme.narrow),
            TileFrame.FULL if single else frame,
            notices,
        )
    placed = (
        overview_layout.arrange_large
        if large
        else overview_layout.arrange_medium
        if medium
        else overview_layout.arrange_small
    )
    return TileLayout(placed(width, room.height, tank_count), frame, notices)


class Direction(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


def find_neighbour(places: Mapping[TileId, TileRect], current: TileId, direction: Direction) -> TileId:
    """The tile next to this one, the nearest by its middle; itself at the edge."""
    here = places.get(current)
    if here is None:
        return next(iter(places), current)
    candidates = [
        (_measure_distance(here, place, direction), name)
        for name, place in places.items()
        if name is not current and _is_in_direction(here, place, direction)
    ]
    return min(candidates)[1] if candidates else current


def _is_in_direction(here: TileRect, there: TileRect, direction: Direction) -> bool:
    match direction:
        case Direction.LEFT:
            return there.x + there.width <= here.x
        case Direction.RIGHT:
            return there.x >= here.x + here.width
        case Direction.UP:
            return there.y + there.height <= here.y
        case Direction.DOWN:
            return there.y >= here.y + here.height


def _measure_distance(here: TileRect, there: TileRect, direction: Direction) -> tuple[int, int]:
    """How far along the way, then how far beside it. Twice the middles, to stay with whole numbers."""
    along_x = abs(2 * there.x + there.width - 2 * here.x - here.width)
    along_y = abs(2 * there.y + there.height - 2 * here.y - here.height)
    if direction in (Direction.LEFT, Direction.RIGHT):
        gap = min(abs(there.x - here.x - here.width), abs(here.x - there.x - there.width))
        return gap, along_y
    gap = min(abs(there.y - here.y - here.height), abs(here.y - there.y - there.height))
    return gap, along_x
