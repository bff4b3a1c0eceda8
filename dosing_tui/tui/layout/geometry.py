"""Tile rectangles: a room is divided into tiles by shares. The rows of a page. Pure."""

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TypeAlias

from msgspec import Struct

ROWS_ABOVE_PAGE = 2
"""Rows of the screen below a page that stay visible: status bar and alarm banner."""


class TileFrame(Enum):
    FULL = auto()
    TITLE_ONLY = auto()
    """A single line with the title: saves a row and two columns on small screens."""


class TileId(StrEnum):
    """The tiles of their own design. Any other panel's tile is named by the panel's id, a plain string."""

    INVENTORY = "inventory"
    CHEMICAL_TOTALS = "today"
    BATCH_TOTALS = "batches"
    CONSUMPTION = "consumption"
    SPARKLINES = "chemicals"
    ACCURACY = "accuracy"
    ERROR_RATE = "errors"
    DOSES = "doses"
    PRODUCTION = "production"
    SYSTEM_STATUS = "books"
    CONSUMPTION_LINES = "lines"
    DURATION = "duration"
    ACCURACY_NUMBERS = "numbers"
    TANK_TABLE = "stock"
    DAILY_PRODUCTION = "days"
    STATION_TABLE = "stations"
    STATION_LIGHTS = "lights"
    PUMP_TABLE = "pumps"
    PUMP_CHEMICALS = "pump_chemicals"
    STOCK_OUTLOOK = "outlook"
    BATCHES_LEFT = "left"


class TileRect(NamedTuple):
    """A rectangle within the room between notices and footer."""

    x: int
    y: int
    width: int
    height: int


LayoutPart: TypeAlias = "str | LayoutSplit"
"""A tile by its name, or parts of a room."""


class LayoutSplit(Struct, frozen=True):
    """Parts beside each other or one below the other, each with its share of the room."""

    is_horizontal: bool
    parts: tuple[tuple[int, LayoutPart], ...]


def list_tiles(part: LayoutPart) -> list[str]:
    """The tiles of a room, from top left to bottom right."""
    if isinstance(part, str):
        return [part]
    return [tile for _, inner in part.parts for tile in list_tiles(inner)]


def split_columns(*parts: tuple[int, LayoutPart]) -> LayoutSplit:
    return LayoutSplit(True, parts)


def split_rows(*parts: tuple[int, LayoutPart]) -> LayoutSplit:
    return LayoutSplit(False, parts)


def divide_room(room: TileRect, part: LayoutPart) -> dict[str, TileRect]:
    """The whole room, without gaps: the remainder of a division goes to the later parts."""
    if isinstance(part, str):
        return {part: room}
    whole = sum(share for share, _ in part.parts)
    places: dict[str, TileRect] = {}
    done = 0
    for share, inner in part.parts:
        places |= divide_room(
            _cut_slice(room, done, done + share, whole, is_horizontal=part.is_horizontal), inner
        )
        done += share
    return places


def _cut_slice(room: TileRect, first: int, last: int, total: int, *, is_horizontal: bool) -> TileRect:
    length = room.width if is_horizontal else room.height
    start, end = length * first // total, length * last // total
    if is_horizontal:
        return TileRect(room.x + start, room.y, end - start, room.height)
    return TileRect(room.x, room.y + start, room.width, end - start)


def arrange_grid(tiles: Sequence[str], columns: int) -> LayoutPart:
    """Rows of at most ``columns`` tiles; the tiles of the last row share its width."""
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    return split_rows(*((1, split_columns(*((1, name) for name in row))) for row in rows))


def stack_tiles(x: int, y: int, width: int, heights: Mapping[TileId, int]) -> dict[str, TileRect]:
    """Tiles one below the other."""
    places: dict[str, TileRect] = {}
    for name, height in heights.items():
        places[name] = TileRect(x, y, width, height)
        y += height
    return places


def count_page_rows(screen_height: int) -> int:
    """Rows between the alarm banner and the keys, for a page over the dashboard; at least 1."""
    return max(1, screen_height - ROWS_ABOVE_PAGE - 1)
