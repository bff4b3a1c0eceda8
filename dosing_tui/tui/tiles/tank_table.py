"""The tank levels as a table: from messages, so that it stays current while the database is unavailable."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.config.alarm_limits import get_limit
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, classify_level
from dosing_tui.domain.panels.panel_catalog import PlantLimit
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.inventory import (
    BAND_COLOURS,
    BAND_MARKS,
    EMPTY_TEXT,
    choose_tank_unit,
    find_newest_level,
    format_percent_full,
)
from dosing_tui.tui.tiles.shared.number_list import draw_marked_cell
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_live_content

TITLE = "Tank levels"


@dataclass(frozen=True, slots=True)
class TankTableContext:
    now: datetime
    """To the minute: ages are shown in steps."""
    station_names: tuple[tuple[str, str], ...]
    mass_unit: number_format.MassUnit
    limits: tuple[float, float]


def build_tank_table(context: RenderContext) -> TileContent[TableData[InventoryLevel]]:
    levels, settings = context.levels, context.settings
    names = number_format.shorten_names(tuple(level.device_id for level in levels))
    table_context = TankTableContext(
        context.now.replace(second=0, microsecond=0), tuple(names.items()), choose_tank_unit(levels),
        (get_limit(settings, PlantLimit.STOCK_LOW), get_limit(settings, PlantLimit.STOCK_WARN)),
    )  # fmt: skip
    return build_live_content(
        context, TITLE, TableData(levels, COLUMNS, table_context), data_table.paint_table,
        table_context.mass_unit.symbol, newest=find_newest_level(levels), empty_text=EMPTY_TEXT,
    )  # fmt: skip


def _draw_percent(level: InventoryLevel, context: TankTableContext, width: int, ground: ColourRole) -> Rows:
    """With the shape of its band: the state is visible without colour, too."""
    band = classify_level(level.percent_full, *context.limits)
    is_abnormal = band in (LevelBand.LOW, LevelBand.WARN)
    style = CellStyle(BAND_COLOURS[band], bold=True) if is_abnormal else STRONG
    return draw_marked_cell(
        format_percent_full(level.percent_full), BAND_MARKS[band], width, style._replace(bg=ground)
    )


def _compute_used_g(level: InventoryLevel) -> float | None:
    if level.capacity_g is None or level.remaining_g is None:
        return None
    return level.capacity_g - level.remaining_g


def _format_age(level: InventoryLevel, context: TankTableContext) -> str:
    return number_format.format_age((context.now - level.received_at).total_seconds())


def _build_mass_column(
    title: str, width: int, priority: int, get_value: Callable[[InventoryLevel], float | None],
    style: CellStyle = TEXT,
) -> TableColumn[InventoryLevel]:  # fmt: skip
    return TableColumn(
        title, width, priority, lambda level, context: context.mass_unit.format_number(get_value(level)),
        lambda level, _: get_value(level), unit="g", style=style, align_right=True, max_growth=2,
    )  # fmt: skip


COLUMNS: tuple[TableColumn[InventoryLevel], ...] = (
    TableColumn("Station", 8, 80,
                lambda level, context: sanitize_text(dict(context.station_names)[level.device_id], 24),
                style=DIM, max_growth=12),
    TableColumn("Chemical", 8, 100, lambda level, _: sanitize_text(level.chemical, 24), max_growth=12),
    _build_mass_column("Remaining", 9, 90, lambda level: level.remaining_g, STRONG),
    _build_mass_column("Capacity", 8, 60, lambda level: level.capacity_g, DIM),
    _build_mass_column("Used", 6, 40, _compute_used_g),
    TableColumn("Full %  ", 8, 95, lambda level, _: format_percent_full(level.percent_full),
                lambda level, _: level.percent_full, unit="%", draw_cell=_draw_percent, align_right=True),
    TableColumn("Last update", 11, 50, _format_age, lambda level, _: level.received_at, style=DIM,
                align_right=True),
)  # fmt: skip
