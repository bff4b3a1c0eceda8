"""What each tile is made by, guarded: a mistake in one tile is that tile's."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from dosing_tui.console.canvas import Rows
from dosing_tui.console.content import AnyContent, Content
from dosing_tui.console.layout import TileId
from dosing_tui.console.moment import Moment
from dosing_tui.console.tiles import books, consumption, doses, inventory, production, quality, sparks, totals

log = logging.getLogger(__name__)

Build = Callable[[Moment], AnyContent]
"""What a tile takes from a moment."""

TILES: Mapping[TileId, Build] = {
    TileId.INVENTORY: inventory.content,
    TileId.TODAY: consumption.today,
    TileId.BATCHES: totals.batches,
    TileId.CONSUMPTION: consumption.over_time,
    TileId.CHEMICALS: sparks.content,
    TileId.ACCURACY: quality.accuracy,
    TileId.ERRORS: quality.error_rate,
    TileId.DOSES: doses.content,
    TileId.PRODUCTION: production.content,
}


def builds(log_file: str) -> dict[TileId, Build]:
    return {**TILES, TileId.BOOKS: partial(books.content, log_file=log_file)}


class Builder:
    """Logs a failure once, until the tile works again."""

    def __init__(self, builds: Mapping[TileId, Build]) -> None:
        self._builds = builds
        self._broken: set[TileId] = set()

    def content(self, name: TileId, moment: Moment) -> AnyContent:
        try:
            content = self._builds[name](moment)
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
