"""What each tile is made by, guarded: a mistake in one tile is that tile's."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import (
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
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS
from dosing_tui.tui.scope.render_context import OWN_RANGES, Moment
from dosing_tui.tui.scope.scope import filter_words, follows, range_words
from dosing_tui.tui.scope.spool_status import SPOOLS
from dosing_tui.tui.tiles import (
    accuracy,
    consumption,
    consumption_sparklines,
    daily_production,
    dose_table,
    inventory,
    production,
    system_status,
    tank_table,
    totals,
)
from dosing_tui.tui.tiles.shared.tile_content import AnyContent, Content, Origin

log = logging.getLogger(__name__)

Build = Callable[[Moment], AnyContent]
"""What a tile takes from a moment."""

TILES: Mapping[TileId, Build] = {
    TileId.INVENTORY: inventory.content,
    TileId.STOCK: tank_table.content,
    TileId.TODAY: totals.chemicals,
    TileId.BATCHES: totals.batches,
    TileId.CONSUMPTION: consumption.over_time,
    TileId.LINES: consumption.by_chemical,
    TileId.CHEMICALS: consumption_sparklines.content,
    TileId.ACCURACY: accuracy.accuracy,
    TileId.NUMBERS: accuracy.numbers,
    TileId.ERRORS: accuracy.error_rate,
    TileId.DURATION: accuracy.duration,
    TileId.DOSES: dose_table.content,
    TileId.PRODUCTION: production.content,
    TileId.DAYS: daily_production.content,
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
    return {**TILES, TileId.BOOKS: partial(system_status.content, log_file=log_file)}


TIMED = frozenset({TileId.CONSUMPTION, TileId.LINES, TileId.CHEMICALS, TileId.ERRORS, TileId.DURATION})
"""Charts over time: large, they show what happened, too."""


def panels_of(tiles: Sequence[TileId]) -> tuple[Panel[Any], ...]:
    """Each panel once, in the order of the tiles; for a single chart over time also what happened."""
    found = {panel.id: panel for name in tiles for panel in PANELS.get(name, ())}
    if len(tiles) == 1 and tiles[0] in TIMED:
        found[ANNOTATIONS.id] = ANNOTATIONS
    return tuple(found.values())


LIVE: Mapping[TileId, frozenset[Dimension]] = {
    TileId.INVENTORY: frozenset({Dimension.DEVICE, Dimension.CHEMICAL}),
    TileId.STOCK: frozenset({Dimension.DEVICE, Dimension.CHEMICAL}),
    TileId.DOSES: frozenset(Dimension),
}
"""What the tiles that show the present can be narrowed by; the range is nothing to them."""
PRESENT = "now, not the range"
"""Said of them while the range in force is one that has ended."""


def scoped(name: TileId, moment: Moment) -> str:
    """Of which time and which readings a tile is, for its caption."""
    scope = moment.scope
    if name in LIVE:
        chosen = filter_words(scope.selection, LIVE[name])
        time = "" if scope.spec is None or follows(scope) else PRESENT
        return " · ".join(part for part in (time, chosen) if part)
    if name is TileId.BOOKS:
        return ""
    panel = PANELS[name][0]
    answer = moment.answer(panel)
    if answer.rows is not None and not moment.refused(panel):
        scope = answer.scope
    chosen = filter_words(scope.selection, panel.dimensions)
    if name is TileId.PRODUCTION and scope.spec is None:
        return chosen
    time = OWN_RANGES.get(panel.range, "") if scope.spec is None else range_words(scope, moment.present)
    return " · ".join(part for part in (time, chosen) if part)


def origin(name: TileId, moment: Moment) -> Origin:
    """The same for programs."""
    if name not in PANELS or name is TileId.BOOKS:
        chosen = moment.scope.selection.narrowed_to(LIVE.get(name, frozenset()))
        return Origin(name.value, chosen)
    panel = PANELS[name][0]
    query = moment.answer(panel).query
    if query is None:
        return Origin(panel.id)
    return Origin(panel.id, query.selection.narrowed_to(panel.dimensions), query.since, query.until)


def trouble(name: TileId, moment: Moment) -> str:
    """Why a tile's newest question had no answer, while it shows an older one."""
    for panel in PANELS.get(name, ()):
        answer = moment.answer(panel)
        if answer.trouble and answer.rows is not None and not moment.refused(panel):
            return clean_line(answer.trouble)
    return ""


class Builder:
    """Logs a failure once, until the tile works again."""

    def __init__(self, builds: Mapping[TileId, Build]) -> None:
        self._builds = builds
        self._broken: set[TileId] = set()

    def content(self, name: TileId, moment: Moment, *, large: bool = False) -> AnyContent:
        build = LARGE.get(name, self._builds[name]) if large else self._builds[name]
        try:
            said = scoped(name, moment)
            if large and name in TIMED and moment.left_out:
                said = f"{moment.left_out} {said}"
            content = replace(
                build(moment), scope=said, trouble=trouble(name, moment), origin=origin(name, moment)
            )
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
