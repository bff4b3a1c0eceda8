"""Each day's production by recipe and mode, as a table: batches and doses told apart."""

from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import DAILY_SUMMARY, RecipeDay
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age


@dataclass(frozen=True, slots=True)
class DailyProductionContext:
    mass_unit: number_format.MassUnit
    tolerance_g: float


def build_daily_production(context: RenderContext) -> TileContent[TableData[RecipeDay]]:
    rows = context.get_rows(DAILY_SUMMARY)
    facts = DailyProductionContext(
        number_format.choose_mass_unit(max((row.dosed_g or 0.0 for row in rows), default=0.0)),
        context.settings.limits.tolerance_g,
    )
    age, stale = format_panel_age(context, DAILY_SUMMARY)
    empty = "" if rows else context.explain_empty(DAILY_SUMMARY, "no dose")
    return TileContent(
        DAILY_SUMMARY.title, TableData(rows, COLUMNS, facts), data_table.paint_table, "", age, stale, empty
    )


def _draw_mean_error(row: RecipeDay, context: DailyProductionContext, width: int, ground: ColourRole) -> Rows:
    """A mean beyond the tolerance is marked."""
    outside = row.mean_error_g is not None and abs(row.mean_error_g) > context.tolerance_g
    pen = CellStyle(ColourRole.WARN, ground, bold=True) if outside else CellStyle(ColourRole.TEXT, ground)
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    canvas.write_right(width - 2, 0, number_format.format_signed(row.mean_error_g), pen)
    canvas.set_cell(width - 1, 0, "▲" if outside else " ", pen)
    return canvas.rows


def _format_seconds(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else f"{value:.1f}"


COLUMNS: tuple[TableColumn[RecipeDay], ...] = (
    TableColumn(
        "Day", 10, 100, lambda row, facts: f"{row.day:%a %d %b}", lambda row, facts: row.day, style=DIM
    ),
    TableColumn("Recipe", 10, 95, lambda row, facts: sanitize_text(row.recipe, 40), max_growth=14),
    TableColumn("Mode", 8, 40, lambda row, facts: sanitize_text(row.mode, 16), style=DIM, max_growth=4),
    TableColumn(
        "Batches",
        8,
        90,
        lambda row, facts: number_format.format_whole(row.batches),
        lambda row, facts: row.batches,
        style=STRONG,
        align_right=True,
    ),
    TableColumn(
        "Doses",
        8,
        80,
        lambda row, facts: number_format.format_whole(row.doses),
        lambda row, facts: row.doses,
        align_right=True,
    ),
    TableColumn(
        "Dosed",
        11,
        85,
        lambda row, facts: facts.mass_unit.format_mass(row.dosed_g),
        lambda row, facts: row.dosed_g,
        unit="g",
        style=STRONG,
        align_right=True,
    ),
    TableColumn(
        "Mean error g  ",
        14,
        60,
        lambda row, facts: number_format.format_signed(row.mean_error_g),
        lambda row, facts: row.mean_error_g,
        unit="g",
        draw_cell=_draw_mean_error,
        align_right=True,
    ),
    TableColumn(
        "Mean s",
        7,
        50,
        lambda row, facts: _format_seconds(row.mean_duration_s),
        lambda row, facts: row.mean_duration_s,
        unit="s",
        style=DIM,
        align_right=True,
    ),
)
