"""The screens: what each is about, and how its tiles share the room. Data, read by the layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dosing_tui.tui.layout.geometry import Part, TileId, columns, rows


class View(StrEnum):
    OVERVIEW = "overview"
    INVENTORY = "inventory"
    CONSUMPTION = "consumption"
    QUALITY = "quality"
    PRODUCTION = "production"
    DOSES = "doses"
    BOOKS = "books"


@dataclass(frozen=True, slots=True)
class Theme:
    """One arrangement for a wide window, one for a narrow one."""

    wide: Part
    narrow: Part


THEMES: Mapping[View, Theme] = {
    View.INVENTORY: Theme(
        wide=columns((4, TileId.INVENTORY), (7, rows((4, TileId.STOCK), (5, TileId.CHEMICALS)))),
        narrow=rows((9, TileId.INVENTORY), (12, TileId.STOCK)),
    ),
    View.CONSUMPTION: Theme(
        wide=rows(
            (3, TileId.LINES),
            (2, columns((1, TileId.TODAY), (1, TileId.CHEMICALS), (1, TileId.CONSUMPTION))),
        ),
        narrow=rows((13, TileId.LINES), (8, columns((3, TileId.TODAY), (4, TileId.CHEMICALS)))),
    ),
    View.QUALITY: Theme(
        wide=columns(
            (4, rows((5, TileId.ACCURACY), (3, TileId.NUMBERS))),
            (6, rows((1, TileId.ERRORS), (1, TileId.DURATION))),
        ),
        narrow=rows(
            (11, columns((1, TileId.ACCURACY), (1, TileId.ERRORS))),
            (10, columns((3, TileId.NUMBERS), (5, TileId.DURATION))),
        ),
    ),
    View.PRODUCTION: Theme(
        wide=rows((3, columns((1, TileId.BATCHES), (1, TileId.PRODUCTION))), (5, TileId.DAYS)),
        narrow=rows((8, columns((1, TileId.BATCHES), (1, TileId.PRODUCTION))), (13, TileId.DAYS)),
    ),
    View.DOSES: Theme(TileId.DOSES, TileId.DOSES),
    View.BOOKS: Theme(TileId.BOOKS, TileId.BOOKS),
}
"""Every view but the overview, whose tiles are placed to measure."""
