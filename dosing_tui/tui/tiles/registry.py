"""The tiles: one declaration each. An exception in one tile is contained to that tile."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.labels.database_label import drop_database_name
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels import panel_catalog as catalog
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, SeriesPoint
from dosing_tui.domain.panels.spool_progress import SPOOLS_PANEL
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.scope.chart_annotations import ANNOTATIONS_PANEL
from dosing_tui.tui.scope.render_context import RenderContext, get_range_label
from dosing_tui.tui.scope.scope import LIVE_SCOPE, Scope, format_filters, format_range, is_live
from dosing_tui.tui.tiles import (
    accuracy,
    consumption,
    dose_table,
    other_panels,
    production,
    station_overview,
    system_status,
    totals,
)
from dosing_tui.tui.tiles.pumps import pump_chemicals, pump_table
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent, DataOrigin, build_failed_content
from dosing_tui.tui.tiles.tanks import stock_outlook, tank_gauges, tank_table

log = logging.getLogger(__name__)

TileBuilder = Callable[[RenderContext], AnyTileContent]


class TileDeclaration(Struct, frozen=True):
    """What a tile shows, and where its data come from."""

    build: TileBuilder
    panels: tuple[Panel[Any], ...] = ()
    """The queries of the tile; the first gives its caption. None: live readings only."""
    is_time_chart: bool = False
    """A chart over time: at full screen it also shows batches and notes."""
    build_large: TileBuilder | None = None
    """For the full screen, if that is different."""
    live_dimensions: frozenset[Dimension] = frozenset()
    """Filters of a tile of live readings; its time range is always the present."""
    has_caption: bool = True
    """The caption names the range and the filters."""
    names_own_range: bool = False
    """The content itself names the panel's default range."""
    is_about_program: bool = False
    """It shows live readings, or the state of the program itself, beside its panels."""
    is_live_by_default: bool = False
    """Without range and filters it shows live readings, and its panels are not queried."""

    def is_live(self, scope: Scope) -> bool:
        """It shows live readings while this range and these filters are selected."""
        return not self.panels or (self.is_live_by_default and scope == LIVE_SCOPE)


_TANK_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.CHEMICAL})
TILES: Mapping[str, TileDeclaration] = {
    TileId.INVENTORY: TileDeclaration(tank_gauges.build_inventory, live_dimensions=_TANK_DIMENSIONS),
    TileId.TANK_TABLE: TileDeclaration(tank_table.build_tank_table, live_dimensions=_TANK_DIMENSIONS),
    TileId.DOSES: TileDeclaration(
        dose_table.build_dose_table,
        (catalog.DOSES,),
        live_dimensions=frozenset(Dimension),
        is_live_by_default=True,
    ),
    TileId.CHEMICAL_TOTALS: TileDeclaration(
        partial(totals.build_totals, catalog.CONSUMPTION_TODAY, "actual mass", "no dose"),
        (catalog.CONSUMPTION_TODAY,),
        build_large=partial(
            totals.build_totals_table, catalog.CONSUMPTION_TODAY, ("Chemical", "Dosed"), "no dose"
        ),
    ),
    TileId.BATCH_TOTALS: TileDeclaration(
        production.build_batch_totals,
        (catalog.BATCHES_TODAY,),
        build_large=production.build_batch_totals_table,
    ),
    TileId.CONSUMPTION: TileDeclaration(
        consumption.build_total_consumption, (catalog.CONSUMPTION_OVER_TIME,), is_time_chart=True
    ),
    TileId.CONSUMPTION_LINES: TileDeclaration(
        consumption.build_chemical_consumption, (catalog.CONSUMPTION_BY_CHEMICAL,), is_time_chart=True
    ),
    TileId.SPARKLINES: TileDeclaration(
        consumption.build_sparklines, (catalog.CONSUMPTION_BY_CHEMICAL,), is_time_chart=True
    ),
    TileId.ACCURACY: TileDeclaration(
        accuracy.build_accuracy, (catalog.ACCURACY_HISTOGRAM, catalog.ACCURACY_SUMMARY)
    ),
    TileId.ACCURACY_NUMBERS: TileDeclaration(accuracy.build_accuracy_numbers, (catalog.ACCURACY_SUMMARY,)),
    TileId.ERROR_RATE: TileDeclaration(accuracy.build_error_rate, (catalog.ERROR_RATE,), is_time_chart=True),
    TileId.DURATION: TileDeclaration(
        accuracy.build_dose_duration, (catalog.DOSING_DURATION,), is_time_chart=True
    ),
    TileId.PRODUCTION: TileDeclaration(
        production.build_production, (catalog.PRODUCTION_TODAY,), names_own_range=True
    ),
    TileId.DAILY_PRODUCTION: TileDeclaration(production.build_daily_production, (catalog.DAILY_SUMMARY,)),
    TileId.PUMP_TABLE: TileDeclaration(pump_table.build_pump_table, (catalog.PUMP_CAPABILITY,)),
    TileId.PUMP_CHEMICALS: TileDeclaration(pump_chemicals.build_pump_chemicals, (catalog.PUMP_CHEMICALS,)),
    TileId.STOCK_OUTLOOK: TileDeclaration(stock_outlook.build_stock_outlook, (catalog.STOCK_OUTLOOK,)),
    TileId.BATCHES_LEFT: TileDeclaration(stock_outlook.build_batches_left, (catalog.BATCHES_LEFT,)),
    TileId.STATION_TABLE: TileDeclaration(
        station_overview.build_station_table,
        (catalog.STATION_STATUS,),
        has_caption=False,
        is_about_program=True,
    ),
    TileId.STATION_LIGHTS: TileDeclaration(station_overview.build_station_lights, has_caption=False),
    TileId.SYSTEM_STATUS: TileDeclaration(
        system_status.build_system_status,
        (SPOOLS_PANEL, catalog.STATION_STATUS),
        has_caption=False,
        is_about_program=True,
    ),
}


def list_other_panels() -> tuple[str, ...]:
    """Ids of the declared panels that no tile above shows: each is a tile of the screen Other panels."""
    shown = {panel.id for declaration in TILES.values() for panel in declaration.panels} | set(TILES)
    return tuple(name for name in PANELS if name not in shown)


def get_declaration(tile: str) -> TileDeclaration:
    """Of a tile above, or of the generic tile of the panel with this id."""
    if tile in TILES:
        return TILES[tile]
    panel = PANELS[tile]
    return TileDeclaration(
        partial(other_panels.build_panel_tile, panel), (panel,), is_time_chart=panel.row_type is SeriesPoint
    )


def list_panels(tiles: Sequence[str], scope: Scope = LIVE_SCOPE) -> tuple[Panel[Any], ...]:
    """The queries of these tiles, each once; for a single chart over time also batches and notes."""
    declared = [get_declaration(name) for name in tiles]
    found = {panel.id: panel for tile in declared if not tile.is_live(scope) for panel in tile.panels}
    if len(tiles) == 1 and get_declaration(tiles[0]).is_time_chart:
        found[ANNOTATIONS_PANEL.id] = ANNOTATIONS_PANEL
    return tuple(found.values())


LIVE_LIST_NOTE = "live"
"""Caption of a list of live readings that follows range and filters, while none is selected."""
LIVE_TILE_NOTE = "now, not the range"
"""Caption of a tile of live readings while the selected range is in the past."""


def format_tile_scope(tile: TileDeclaration, context: RenderContext) -> str:
    """Time range and filters of a tile, for its caption."""
    if not tile.has_caption:
        return ""
    scope = context.scope
    if tile.is_live(scope) or tile.panels[0].is_present:
        time = "" if scope.spec is None or is_live(scope) else LIVE_TILE_NOTE
        time = LIVE_LIST_NOTE if tile.is_live_by_default else time
        dimensions = tile.panels[0].dimensions if tile.panels else tile.live_dimensions
    else:
        panel = tile.panels[0]
        dimensions, result = panel.dimensions, context.get_result(panel)
        if result.rows is not None and not context.is_rejected(panel):
            scope = result.scope
        if scope.spec is not None:
            time = format_range(scope, context.time_context)
        else:
            label = get_range_label(panel)
            time = "" if tile.names_own_range or panel.title.endswith(f" {label}") else label
    return " · ".join(part for part in (time, format_filters(scope.selection, dimensions)) if part)


def build_origin(name: str, tile: TileDeclaration, context: RenderContext) -> DataOrigin:
    """Panel, range and filters behind a tile, for exports."""
    if tile.is_live(context.scope) or not tile.has_caption:
        return DataOrigin(str(name), context.scope.selection.restrict_to(tile.live_dimensions))
    panel = tile.panels[0]
    query = context.get_result(panel).query
    if query is None:
        return DataOrigin(panel.id)
    return DataOrigin(panel.id, query.selection.restrict_to(panel.dimensions), query.since, query.until)


def find_error(tile: TileDeclaration, context: RenderContext) -> str:
    """Why the latest query failed while the tile shows an earlier result; '' if it did not."""
    results = [context.get_result(panel) for panel in tile.panels if not context.is_rejected(panel)]
    errors = [result.error for result in results if result.rows is not None and result.error]
    return clean_line(drop_database_name(errors[0], "Database ")) if errors else ""


class _ContentInputs(Struct, frozen=True):
    """What a content is made of beside the snapshot. The same ones give the same content."""

    results: tuple[object, ...]
    """Of the panels, and the settings: compared by identity."""
    view: tuple[object, ...]
    """Time as exactly as the content shows it, range and filters."""

    def are_same(self, other: "_ContentInputs") -> bool:
        return (
            self.view == other.view
            and len(self.results) == len(other.results)
            and all(one is another for one, another in zip(self.results, other.results, strict=True))
        )


class RecordedSnapshot:
    """Hands on a snapshot's fields, and notes which were read: no other one changes what was made of it."""

    def __init__(self, snapshot: LiveSnapshot) -> None:
        self._snapshot = snapshot
        self.fields_read: dict[str, object] = {}

    def __getattr__(self, name: str) -> object:
        value = self.fields_read[name] = getattr(self._snapshot, name)
        return value


class _LastContent(Struct, frozen=True):
    inputs: _ContentInputs
    fields_read: Mapping[str, object]
    """Of the snapshot: compared by identity."""
    content: AnyTileContent

    def is_of(self, inputs: _ContentInputs, snapshot: LiveSnapshot) -> bool:
        return inputs.are_same(self.inputs) and all(
            getattr(snapshot, name) is value for name, value in self.fields_read.items()
        )


def _list_inputs(tile: TileDeclaration, context: RenderContext, *, is_large: bool) -> _ContentInputs:
    results = (context.get_result(panel) for panel in (*tile.panels, ANNOTATIONS_PANEL))
    moments = _list_moments(tile, context)
    return _ContentInputs(
        (*results, context.settings),
        (moments, context.zone, context.scope, context.is_overdue, context.log_file, is_large),
    )


def _list_moments(tile: TileDeclaration, context: RenderContext) -> tuple[object, ...]:
    """The minute and the shown ages of loaded panels; elsewhere the second, as live ages change with it."""
    second = context.now.replace(microsecond=0)
    times = [context.get_result(panel).loaded_at for panel in tile.panels]
    loaded = [at for at in times if at is not None]
    is_exact = tile.is_live(context.scope) or tile.is_about_program or context.scope.spec is not None
    if is_exact or len(loaded) < len(times):
        return (second,)
    ages = (number_format.format_age((context.now - at).total_seconds()) for at in loaded)
    return (second.replace(second=0), *ages)


class TileRegistry:
    """Builds the contents; each again when something in it has changed.

    A failure is logged once, until the tile works again.
    """

    def __init__(self) -> None:
        self._failing_tiles: set[str] = set()
        self._last_contents: dict[str, _LastContent] = {}

    def build_content(self, name: str, context: RenderContext, *, is_large: bool = False) -> AnyTileContent:
        """The content of a tile. Raises nothing: the content of a failed tile is the error."""
        inputs = _list_inputs(get_declaration(name), context, is_large=is_large)
        last = self._last_contents.get(name)
        if last is not None and last.is_of(inputs, context.snapshot):
            return last.content
        recorded = RecordedSnapshot(context.snapshot)
        # it has every field of the snapshot
        recording = replace(context, snapshot=cast("LiveSnapshot", recorded))
        content = self._try_build(name, recording, is_large=is_large)
        if name in self._failing_tiles:
            self._last_contents.pop(name, None)
        else:
            self._last_contents[name] = _LastContent(inputs, recorded.fields_read, content)
        return content

    def _try_build(self, name: str, context: RenderContext, *, is_large: bool) -> AnyTileContent:
        try:
            tile = get_declaration(name)
            scope = format_tile_scope(tile, context)
            if is_large and tile.is_time_chart and context.omission_note:
                scope = f"{context.omission_note} {scope}"
            build = tile.build_large if is_large and tile.build_large else tile.build
            content = replace(
                build(context),
                scope_text=scope,
                error=find_error(tile, context),
                origin=build_origin(name, tile, context),
            )
        except Exception:
            # boundary of one tile: the others are built
            if name not in self._failing_tiles:
                log.exception("Tile %s failed", name)
            self._failing_tiles.add(name)
            return build_failed_content(name.capitalize())
        self._failing_tiles.discard(name)
        return content
