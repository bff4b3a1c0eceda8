"""Tiles and the rectangles they lie in: a room is cut into tiles by shares. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import NamedTuple, TypeAlias


class Frame(Enum):
    FULL = auto()
    TOP = auto()
    """Only a line with the title: saves a row and two columns on small screens."""


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
    LINES = "lines"
    DURATION = "duration"
    NUMBERS = "numbers"
    STOCK = "stock"
    DAYS = "days"


class Place(NamedTuple):
    """A rectangle within the room between notices and footer."""

    x: int
    y: int
    width: int
    height: int


Part: TypeAlias = "TileId | Split"


@dataclass(frozen=True, slots=True)
class Split:
    """Parts beside each other, or one below the other, each with its share of the room."""

    beside: bool
    parts: tuple[tuple[int, Part], ...]


def columns(*parts: tuple[int, Part]) -> Split:
    return Split(True, parts)


def rows(*parts: tuple[int, Part]) -> Split:
    return Split(False, parts)


def carved(room: Place, part: Part) -> dict[TileId, Place]:
    """The whole room, without gaps: what does not divide evenly goes to the later parts."""
    if isinstance(part, TileId):
        return {part: room}
    whole = sum(share for share, _ in part.parts)
    places: dict[TileId, Place] = {}
    done = 0
    for share, inner in part.parts:
        places |= carved(_slice(room, done, done + share, whole, beside=part.beside), inner)
        done += share
    return places


def _slice(room: Place, first: int, last: int, whole: int, *, beside: bool) -> Place:
    length = room.width if beside else room.height
    start, end = length * first // whole, length * last // whole
    if beside:
        return Place(room.x + start, room.y, end - start, room.height)
    return Place(room.x, room.y + start, room.width, end - start)


def stacked(x: int, y: int, width: int, heights: Mapping[TileId, int]) -> dict[TileId, Place]:
    """Tiles one below the other."""
    places = {}
    for name, height in heights.items():
        places[name] = Place(x, y, width, height)
        y += height
    return places
