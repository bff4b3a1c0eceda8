"""What is where, for any view and any size of the terminal. Pure, so that every size can be tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dosing_tui.tui.layout import overview_layout
from dosing_tui.tui.layout.geometry import Frame, Place, TileId, carved
from dosing_tui.tui.layout.view_layouts import THEMES, View

LEAST_WIDTH, LEAST_HEIGHT = 80, 24
BARS = 2
"""Rows of the status above and the keys below."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Tiles that have no place are not shown."""

    places: Mapping[TileId, Place] = field(default_factory=dict)
    frame: Frame = Frame.FULL
    notices: int = 1
    too_small: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator looks at. ``zoomed`` has all the room; ``bar``: the row of range and filter."""

    view: View = View.OVERVIEW
    zoomed: TileId | None = None
    bar: bool = False


def arrange(width: int, height: int, wanted: Wanted = Wanted(), *, tanks: int = 4) -> Layout:
    """The places for a terminal of this size."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Layout(too_small=True, notices=0)
    large, medium = width >= 120 and height >= 40, width >= 100 and height >= 30
    notices = 2 if large else 1
    room = Place(0, 0, width, height - BARS - notices - wanted.bar)
    if wanted.zoomed is not None:
        return Layout({wanted.zoomed: room}, Frame.FULL, notices)
    frame = Frame.FULL if medium else Frame.TOP
    if wanted.view is not View.OVERVIEW:
        theme = THEMES[wanted.view]
        single = isinstance(theme.wide, TileId)
        return Layout(
            carved(room, theme.wide if medium else theme.narrow), Frame.FULL if single else frame, notices
        )
    placed = overview_layout.large if large else overview_layout.medium if medium else overview_layout.small
    return Layout(placed(width, room.height, tanks), frame, notices)


class Direction(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"


def neighbour(places: Mapping[TileId, Place], current: TileId, towards: Direction) -> TileId:
    """The tile next to this one, the nearest by its middle; itself at the edge."""
    here = places.get(current)
    if here is None:
        return next(iter(places), current)
    candidates = [
        (_distance(here, place, towards), name)
        for name, place in places.items()
        if name is not current and _lies(here, place, towards)
    ]
    return min(candidates)[1] if candidates else current


def _lies(here: Place, there: Place, towards: Direction) -> bool:
    match towards:
        case Direction.LEFT:
            return there.x + there.width <= here.x
        case Direction.RIGHT:
            return there.x >= here.x + here.width
        case Direction.UP:
            return there.y + there.height <= here.y
        case Direction.DOWN:
            return there.y >= here.y + here.height


def _distance(here: Place, there: Place, towards: Direction) -> tuple[int, int]:
    """How far along the way, then how far beside it. Twice the middles, to stay with whole numbers."""
    along_x = abs(2 * there.x + there.width - 2 * here.x - here.width)
    along_y = abs(2 * there.y + there.height - 2 * here.y - here.height)
    if towards in (Direction.LEFT, Direction.RIGHT):
        gap = min(abs(there.x - here.x - here.width), abs(here.x - there.x - there.width))
        return gap, along_y
    gap = min(abs(there.y - here.y - here.height), abs(here.y - there.y - there.height))
    return gap, along_x
