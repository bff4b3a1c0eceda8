"""The tank levels as a table: from messages, so that they stay current without the database."""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.quantities.value_age import ValueKind, is_old
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text, split_cells
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.number_list import draw_marked_cell
from dosing_tui.tui.tiles.shared.tank_levels import (
    NO_LEVEL_TEXT,
    choose_tank_unit,
    find_newest_level,
    format_percent_full,
    sort_by_urgency,
)
from dosing_tui.tui.tiles.shared.tank_mark import TankMark, choose_tank_mark, index_alarms
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_live_content


class TankTableContext(Struct, frozen=True):
    now: datetime
    """To the second: equal tables are painted once."""
    station_names: Mapping[str, str]
    mass_unit: number_format.MassUnit
    limits: StockLimits
    alarms: Mapping[AlarmKey, AlarmState] = field(default_factory=dict)


def build_tank_table(context: RenderContext) -> TileContent[TableData[InventoryLevel]]:
    levels, settings = sort_by_urgency(context), context.settings
    names = name_stations([level.device_id for level in levels], settings.short_names)
    table_context = TankTableContext(
        context.now.replace(microsecond=0), names, choose_tank_unit(levels),
        context.limits.stock, index_alarms(context.snapshot.alarms),
    )  # fmt: skip
    longest = max((len(split_cells(name)) for name in names.values()), default=0)
    station = replace(
        _STATION_COLUMN,
        max_growth=max(0, min(14, longest - _STATION_COLUMN.width)),
        all_or_nothing=True,
        # of several stations only it tells two tanks of one chemical apart
        priority=99 if len(names) > 1 else _STATION_COLUMN.priority,
    )
    table = TableData(levels, (station, *COLUMNS), table_context, is_cut=context.snapshot.has_more_tanks)
    return build_live_content(
        context, "Tank levels", table, data_table.paint_table,
        table_context.mass_unit.symbol, newest=find_newest_level(levels), kind=ValueKind.LEVEL,
        empty_text=NO_LEVEL_TEXT,
    )  # fmt: skip


def _draw_percent(level: InventoryLevel, context: TankTableContext, width: int, ground: ColourRole) -> Rows:
    """With a shape: the state is visible without colour, too. Dim if it is old."""
    mark = _choose_mark(level, context)
    if is_old(ValueKind.LEVEL, level.received_at, context.now):
        mark = replace(mark, style=DIM)
    return draw_marked_cell(
        format_percent_full(level.percent_full), mark.shape, width, mark.style._replace(bg=ground)
    )


def _choose_mark(level: InventoryLevel, context: TankTableContext) -> TankMark:
    return choose_tank_mark(level, context.limits.find_band(level), context.alarms)


def _build_mass_column(
    title: str, width: int, priority: int, get_value: Callable[[InventoryLevel], float | None],
    style: CellStyle = TEXT,
) -> TableColumn[InventoryLevel]:  # fmt: skip
    return TableColumn(
        title, width, priority, lambda level, context: context.mass_unit.format_number(get_value(level)),
        lambda level, _: get_value(level), unit="g", style=style, align_right=True, max_growth=2,
    )  # fmt: skip


_STATION_COLUMN: TableColumn[InventoryLevel] = TableColumn(
    "Station", 7, 80, lambda level, context: sanitize_text(context.station_names[level.device_id]),
    style=DIM, is_name=True, is_station=True,
)  # fmt: skip
COLUMNS: tuple[TableColumn[InventoryLevel], ...] = (
    TableColumn("Chemical", 12, 100, lambda level, _: sanitize_text(level.chemical), max_growth=22,
                is_name=True),
    _build_mass_column("Remaining", 9, 90, lambda level: level.remaining_g, STRONG),
    _build_mass_column("Capacity", 8, 60, lambda level: level.capacity_g, DIM),
    _build_mass_column(
        "Used", 6, 40,
        lambda level: None if level.capacity_g is None or level.remaining_g is None
        else level.capacity_g - level.remaining_g,
    ),
    TableColumn("Full %  ", 8, 95, lambda level, _: format_percent_full(level.percent_full),
                lambda level, _: level.percent_full, unit="%", draw_cell=_draw_percent, align_right=True),
    TableColumn("Stock", 8, 85, lambda level, context: _choose_mark(level, context).word, style=STRONG),
    TableColumn("Last update", 11, 97, lambda level, context: number_format.format_age(
        (context.now - level.received_at).total_seconds()), lambda level, _: level.received_at, style=DIM,
                align_right=True),
)  # fmt: skip
