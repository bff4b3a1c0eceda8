"""What each tile is made by, guarded: a mistake in one tile is that tile's."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from dosing_tui.console.canvas import Rows
from dosing_tui.console.content import AnyContent, Content
from dosing_tui.console.moment import Moment
from dosing_tui.console.places import TileId
from dosing_tui.console.spools import SPOOLS
from dosing_tui.console.tiles import (
    books,
    consumption,
    days,
    doses,
    inventory,
    production,
    quality,
    sparks,
    stock,
    totals,
)
from dosing_tui.plant.panels import (
    ACCURACY,
    ACCURACY_SUMMARY,
    BATCHES,
    BY_CHEMICAL,
    CONSUMPTION,
    DAILY,
    DURATION,
    ERROR_RATE,
    PRODUCTION,
    TODAY,
    Panel,
)

log = logging.getLogger(__name__)

Build = Callable[[Moment], AnyContent]
"""What a tile takes from a moment."""

TILES: Mapping[TileId, Build] = {
    TileId.INVENTORY: inventory.content,
    TileId.STOCK: stock.content,
    TileId.TODAY: totals.chemicals,
    TileId.BATCHES: totals.batches,
    TileId.CONSUMPTION: consumption.over_time,
    TileId.LINES: consumption.by_chemical,
    TileId.CHEMICALS: sparks.content,
    TileId.ACCURACY: quality.accuracy,
    TileId.NUMBERS: quality.numbers,
    TileId.ERRORS: quality.error_rate,
    TileId.DURATION: quality.duration,
    TileId.DOSES: doses.content,
    TileId.PRODUCTION: production.content,
    TileId.DAYS: days.content,
}
LARGE: Mapping[TileId, Build] = {
    TileId.TODAY: totals.chemicals_large,
    TileId.BATCHES: totals.batches_large,
}
"""Tiles that are something else when they have the whole screen."""
PANELS: Mapping[TileId, tuple[Panel[Any], ...]] = {
    TileId.TODAY: (TODAY,),
    TileId.BATCHES: (BATCHES,),
    TileId.CONSUMPTION: (CONSUMPTION,),
    TileId.LINES: (BY_CHEMICAL,),
    TileId.CHEMICALS: (BY_CHEMICAL,),
    TileId.ACCURACY: (ACCURACY, ACCURACY_SUMMARY),
    TileId.NUMBERS: (ACCURACY_SUMMARY,),
    TileId.ERRORS: (ERROR_RATE,),
    TileId.DURATION: (DURATION,),
    TileId.PRODUCTION: (PRODUCTION,),
    TileId.DAYS: (DAILY,),
    TileId.BOOKS: (SPOOLS,),
}
"""What each tile asks the database; the others live from messages."""


def builds(log_file: str) -> dict[TileId, Build]:
    return {**TILES, TileId.BOOKS: partial(books.content, log_file=log_file)}


def panels_of(tiles: Iterable[TileId]) -> tuple[Panel[Any], ...]:
    """Each panel once, in the order of the tiles."""
    found = {panel.id: panel for name in tiles for panel in PANELS.get(name, ())}
    return tuple(found.values())


class Builder:
    """Logs a failure once, until the tile works again."""

    def __init__(self, builds: Mapping[TileId, Build]) -> None:
        self._builds = builds
        self._broken: set[TileId] = set()

    def content(self, name: TileId, moment: Moment, *, large: bool = False) -> AnyContent:
        build = LARGE.get(name, self._builds[name]) if large else self._builds[name]
        try:
            content = build(moment)
        except Exception:
            # the tile's boundary: the others go on
            if name not in self._broken:
                log.exception("tile %s", name)
            self._broken.add(name)
            return Content(name.value.capitalize(), None, _blank, empty="panel error\nsee the log file")
        self._broken.discard(name)
        return content


def _blank(data: None, width: int, height: int) -> Rows:
    return []
