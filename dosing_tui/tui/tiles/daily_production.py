"""Production of each day by recipe and mode, as a table."""

from dataclasses import dataclass

from dosing_tui.config.alarm_limits import get_limit
from dosing_tui.domain.panels.panel_catalog import DAILY_SUMMARY, PlantLimit, RecipeDay
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.number_list import draw_error_cell
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content


@dataclass(frozen=True, slots=True)
class DailyProductionContext:
    mass_unit: number_format.MassUnit
    tolerance_g: float


def build_daily_production(context: RenderContext) -> TileContent[TableData[RecipeDay]]:
    rows = context.get_rows(DAILY_SUMMARY)
    table_context = DailyProductionContext(
        number_format.choose_mass_unit(max((row.dosed_g or 0.0 for row in rows), default=0.0)),
        get_limit(context.settings, PlantLimit.TOLERANCE),
    )
    table = TableData(rows, COLUMNS, table_context)
    return build_panel_content(context, DAILY_SUMMARY, table, data_table.paint_table, is_empty=not rows)


def _draw_mean_error(row: RecipeDay, context: DailyProductionContext, width: int, ground: ColourRole) -> Rows:
    return draw_error_cell(row.mean_error_g, context.tolerance_g, width, CellStyle(bg=ground))


COLUMNS: tuple[TableColumn[RecipeDay], ...] = (
    TableColumn("Day", 10, 100, lambda row, _: f"{row.day:%a %d %b}", lambda row, _: row.day, style=DIM),
    TableColumn("Recipe", 10, 95, lambda row, _: sanitize_text(row.recipe, 40), max_growth=14),
    TableColumn("Mode", 8, 40, lambda row, _: sanitize_text(row.mode, 16), style=DIM, max_growth=4),
    TableColumn("Batches", 8, 90, lambda row, _: number_format.format_whole(row.batches),
                lambda row, _: row.batches, style=STRONG, align_right=True),
    TableColumn("Doses", 8, 80, lambda row, _: number_format.format_whole(row.doses),
                lambda row, _: row.doses, align_right=True),
    TableColumn("Dosed", 11, 85, lambda row, context: context.mass_unit.format_mass(row.dosed_g),
                lambda row, _: row.dosed_g, unit="g", style=STRONG, align_right=True),
    TableColumn("Mean error g  ", 14, 60, lambda row, _: number_format.format_signed(row.mean_error_g),
                lambda row, _: row.mean_error_g, unit="g", draw_cell=_draw_mean_error, align_right=True),
    TableColumn("Mean s", 7, 50, lambda row, _: number_format.format_decimal(row.mean_duration_s, 1),
                lambda row, _: row.mean_duration_s, unit="s", style=DIM, align_right=True),
)  # fmt: skip
