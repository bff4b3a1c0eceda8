"""Where each tile is, for any size of the terminal. Pure, so that every size can be tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dosing_tui.console.content import Frame


class TileId(StrEnum):
    INVENTORY = "inventory"
    TODAY = "today"
    BATCHES = "batches"
    CONSUMPTION = "consumption"
    CHEMICALS = "chemicals"
    ACCURACY = "accuracy"
    ERRORS = "errors"
    DOSES = "doses"
    PRODUCTION = "production"
    BOOKS = "books"


LEAST_WIDTH, LEAST_HEIGHT = 80, 24


class Place(NamedTuple):
    """A rectangle within the room between notices and footer."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Tiles that have no place are not shown."""

    places: Mapping[TileId, Place] = field(default_factory=dict)
    frame: Frame = Frame.FULL
    notices: int = 1
    too_small: bool = False


def arrange(width: int, height: int, *, tanks: int = 4, zoomed: TileId | None = None) -> Layout:
    """The places for a terminal of this size; ``zoomed`` has all the room to itself."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Layout(too_small=True, notices=0)
    large = width >= 120 and height >= 40
    notices = 2 if large else 1
    room = height - 2 - notices
    if zoomed is not None:
        return Layout({zoomed: Place(0, 0, width, room)}, Frame.FULL, notices)
    if large:
        return Layout(_large(width, room, tanks), Frame.FULL, notices)
    if width >= 100 and height >= 30:
        return Layout(_medium(width, room, tanks), Frame.FULL, notices)
    return Layout(_small(width, room, tanks), Frame.TOP, notices)


def _large(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    spare = width - 120
    left, right = 33 + spare // 5, 32 + spare // 5
    middle = width - left - right
    bottom = 11 + (height - 36) * 2 // 5
    top = height - bottom
    split = top * 14 // 25
    today = 6 if top - split - 5 >= 6 else top - split - 5
    inventory = top - today - 5
    places = {
        **_stack(0, 0, left, {TileId.INVENTORY: inventory, TileId.TODAY: today, TileId.BATCHES: 5}),
        **_stack(left, 0, middle, {TileId.CONSUMPTION: split, TileId.CHEMICALS: top - split}),
        **_stack(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERRORS: top - split}),
        TileId.DOSES: Place(0, top, left + middle, bottom),
        TileId.PRODUCTION: Place(left + middle, top, right, bottom),
    }
    return _crowded(places, left, top) if tanks > inventory - 2 else places


def _medium(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    spare = width - 100
    left, right = 29 + spare // 5, 32 + spare // 10
    middle = width - left - right
    bottom = 9 + (height - 27) // 3
    top = height - bottom
    split = top * 10 // 18
    places = {
        **_stack(0, 0, left, {TileId.INVENTORY: top - 11, TileId.TODAY: 6, TileId.BATCHES: 5}),
        **_stack(left, 0, middle, {TileId.CONSUMPTION: split, TileId.CHEMICALS: top - split}),
        **_stack(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERRORS: top - split}),
        TileId.DOSES: Place(0, top, left + middle, bottom),
        TileId.PRODUCTION: Place(left + middle, top, right, bottom),
    }
    return _crowded(places, left, top) if tanks > top - 13 else places


def _crowded(places: dict[TileId, Place], width: int, height: int) -> dict[TileId, Place]:
    """More tanks than rows: stock is worth more than the two tiles below it."""
    return {
        **{name: place for name, place in places.items() if name not in (TileId.TODAY, TileId.BATCHES)},
        TileId.INVENTORY: Place(0, 0, width, height),
    }


def _small(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    left = width // 2
    right = width - left
    if tanks > 5:
        top = min(13, max(6, tanks + 1), height - 6)
        beside = {TileId.CHEMICALS: 6, TileId.PRODUCTION: 7} if top == 13 else {TileId.CHEMICALS: top}
        return {
            TileId.INVENTORY: Place(0, 0, left, top),
            **_stack(left, 0, right, beside),
            TileId.DOSES: Place(0, top, width, height - top),
        }
    top = 6
    charts = 7 + (height - 21) // 3
    return {
        TileId.INVENTORY: Place(0, 0, left, top),
        TileId.CHEMICALS: Place(left, 0, right, top),
        TileId.CONSUMPTION: Place(0, top, left, charts),
        TileId.PRODUCTION: Place(left, top, right, charts),
        TileId.DOSES: Place(0, top + charts, width, height - top - charts),
    }


def _stack(x: int, y: int, width: int, heights: Mapping[TileId, int]) -> dict[TileId, Place]:
    places = {}
    for name, height in heights.items():
        places[name] = Place(x, y, width, height)
        y += height
    return places


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
