"""What each tile is made by, guarded: a mistake in one tile is that tile's."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    BATCHES_TODAY,
    CONSUMPTION_BY_CHEMICAL,
    CONSUMPTION_OVER_TIME,
    CONSUMPTION_TODAY,
    DAILY_SUMMARY,
    DOSING_DURATION,
    ERROR_RATE,
    PRODUCTION_TODAY,
    Panel,
)
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL
from dosing_tui.tui.scope.render_context import PANEL_RANGE_LABELS, RenderContext
from dosing_tui.tui.scope.scope import format_filters, format_range, is_live
from dosing_tui.tui.scope.spool_status import SPOOLS_PANEL
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
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent, DataOrigin, TileContent

log = logging.getLogger(__name__)

TileBuilder = Callable[[RenderContext], AnyTileContent]
"""What a tile takes from a moment."""

TILE_BUILDERS: Mapping[TileId, TileBuilder] = {
    TileId.INVENTORY: inventory.build_inventory,
    TileId.TANK_TABLE: tank_table.build_tank_table,
    TileId.CHEMICAL_TOTALS: totals.build_chemical_totals,
    TileId.BATCH_TOTALS: totals.build_batch_totals,
    TileId.CONSUMPTION: consumption.build_total_consumption,
    TileId.CONSUMPTION_LINES: consumption.build_chemical_consumption,
    TileId.SPARKLINES: consumption_sparklines.build_sparklines,
    TileId.ACCURACY: accuracy.build_accuracy,
    TileId.ACCURACY_NUMBERS: accuracy.build_accuracy_numbers,
    TileId.ERROR_RATE: accuracy.build_error_rate,
    TileId.DURATION: accuracy.build_dose_duration,
    TileId.DOSES: dose_table.build_dose_table,
    TileId.PRODUCTION: production.build_production,
    TileId.DAILY_PRODUCTION: daily_production.build_daily_production,
}
LARGE_TILE_BUILDERS: Mapping[TileId, TileBuilder] = {
    TileId.CHEMICAL_TOTALS: totals.build_chemical_table,
    TileId.BATCH_TOTALS: totals.build_batch_table,
}
"""Tiles that are something else when they have the whole screen."""
TILE_PANELS: Mapping[TileId, tuple[Panel[Any], ...]] = {
    TileId.CHEMICAL_TOTALS: (CONSUMPTION_TODAY,),
    TileId.BATCH_TOTALS: (BATCHES_TODAY,),
    TileId.CONSUMPTION: (CONSUMPTION_OVER_TIME,),
    TileId.CONSUMPTION_LINES: (CONSUMPTION_BY_CHEMICAL,),
    TileId.SPARKLINES: (CONSUMPTION_BY_CHEMICAL,),
    TileId.ACCURACY: (ACCURACY_HISTOGRAM, ACCURACY_SUMMARY),
    TileId.ACCURACY_NUMBERS: (ACCURACY_SUMMARY,),
    TileId.ERROR_RATE: (ERROR_RATE,),
    TileId.DURATION: (DOSING_DURATION,),
    TileId.PRODUCTION: (PRODUCTION_TODAY,),
    TileId.DAILY_PRODUCTION: (DAILY_SUMMARY,),
    TileId.SYSTEM_STATUS: (SPOOLS_PANEL,),
}
"""What each tile asks the database; the others live from messages."""


def list_builders(log_file: str) -> dict[TileId, TileBuilder]:
    return {
        **TILE_BUILDERS,
        TileId.SYSTEM_STATUS: partial(system_status.build_system_status, log_file=log_file),
    }


TIME_CHARTS = frozenset(
    {TileId.CONSUMPTION, TileId.CONSUMPTION_LINES, TileId.SPARKLINES, TileId.ERROR_RATE, TileId.DURATION}
)
"""Charts over time: large, they show what happened, too."""


def list_panels(tiles: Sequence[TileId]) -> tuple[Panel[Any], ...]:
    """Each panel once, in the order of the tiles; for a single chart over time also what happened."""
    found = {panel.id: panel for name in tiles for panel in TILE_PANELS.get(name, ())}
    if len(tiles) == 1 and tiles[0] in TIME_CHARTS:
        found[ANNOTATIONS_PANEL.id] = ANNOTATIONS_PANEL
    return tuple(found.values())


LIVE_TILE_DIMENSIONS: Mapping[TileId, frozenset[Dimension]] = {
    TileId.INVENTORY: frozenset({Dimension.DEVICE, Dimension.CHEMICAL}),
    TileId.TANK_TABLE: frozenset({Dimension.DEVICE, Dimension.CHEMICAL}),
    TileId.DOSES: frozenset(Dimension),
}
"""What the tiles that show the present can be narrowed by; the range is nothing to them."""
LIVE_TILE_NOTE = "now, not the range"
"""Said of them while the range in force is one that has ended."""


def format_tile_scope(tile: TileId, context: RenderContext) -> str:
    """Of which time and which readings a tile is, for its caption."""
    scope = context.scope
    if tile in LIVE_TILE_DIMENSIONS:
        chosen = format_filters(scope.selection, LIVE_TILE_DIMENSIONS[tile])
        time = "" if scope.spec is None or is_live(scope) else LIVE_TILE_NOTE
        return " · ".join(part for part in (time, chosen) if part)
    if tile is TileId.SYSTEM_STATUS:
        return ""
    panel = TILE_PANELS[tile][0]
    answer = context.get_result(panel)
    if answer.rows is not None and not context.is_rejected(panel):
        scope = answer.scope
    chosen = format_filters(scope.selection, panel.dimensions)
    if tile is TileId.PRODUCTION and scope.spec is None:
        return chosen
    time = (
        PANEL_RANGE_LABELS.get(panel.default_range, "")
        if scope.spec is None
        else format_range(scope, context.time_context)
    )
    return " · ".join(part for part in (time, chosen) if part)


def build_origin(tile: TileId, context: RenderContext) -> DataOrigin:
    """The same for programs."""
    if tile not in TILE_PANELS or tile is TileId.SYSTEM_STATUS:
        chosen = context.scope.selection.restrict_to(LIVE_TILE_DIMENSIONS.get(tile, frozenset()))
        return DataOrigin(tile.value, chosen)
    panel = TILE_PANELS[tile][0]
    query = context.get_result(panel).query
    if query is None:
        return DataOrigin(panel.id)
    return DataOrigin(panel.id, query.selection.restrict_to(panel.dimensions), query.since, query.until)


def find_error(tile: TileId, context: RenderContext) -> str:
    """Why a tile's newest question had no answer, while it shows an older one."""
    for panel in TILE_PANELS.get(tile, ()):
        answer = context.get_result(panel)
        if answer.error and answer.rows is not None and not context.is_rejected(panel):
            return clean_line(answer.error)
    return ""


class TileRegistry:
    """Logs a failure once, until the tile works again."""

    def __init__(self, builders: Mapping[TileId, TileBuilder]) -> None:
        self._builders = builders
        self._failing_tiles: set[TileId] = set()

    def build_content(
        self, tile: TileId, context: RenderContext, *, is_large: bool = False
    ) -> AnyTileContent:
        build = LARGE_TILE_BUILDERS.get(tile, self._builders[tile]) if is_large else self._builders[tile]
        try:
            said = format_tile_scope(tile, context)
            if is_large and tile in TIME_CHARTS and context.omission_note:
                said = f"{context.omission_note} {said}"
            content = replace(
                build(context),
                scope_text=said,
                error=find_error(tile, context),
                origin=build_origin(tile, context),
            )
        except Exception:
            # the tile's boundary: the others go on
            if tile not in self._failing_tiles:
                log.exception("tile %s", tile)
            self._failing_tiles.add(tile)
            return TileContent(
                tile.value.capitalize(), None, _paint_nothing, empty_text="panel error\nsee the log file"
            )
        self._failing_tiles.discard(tile)
        return content


def _paint_nothing(data: None, width: int, height: int) -> Rows:
    return []
