"""The production of today in six numbers, compared with yesterday's; that of each day as a table."""

from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_TODAY,
    DAILY_SUMMARY,
    PRODUCTION_TODAY,
    ProductionDay,
    RecipeDay,
)
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.scope.scope import LIVE_SCOPE
from dosing_tui.tui.tiles.shared.number_list import OUTSIDE_MARK, draw_error_cell
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content
from dosing_tui.tui.tiles.totals import TotalRow, Totals, build_totals, build_totals_table

MIN_CHANGE_WIDTH = 8
MIN_WIDTH_WITH_CHANGES = 26
"""Narrower tiles show no differences."""

ProductionRow = tuple[str, str, str]
"""Name, today, difference."""


class ProductionSummary(Struct, frozen=True):
    rows: tuple[ProductionRow, ...]
    comparison_label: str = "vs yesterday"


def has_unstored_batches(context: RenderContext) -> bool:
    """Messages of today end batches: where none of today is stored, they are not built yet.

    Before any message is known, the stored doses of today say the same.
    """
    if not context.snapshot.events:
        return any(row.day == 0 and row.doses for row in context.get_rows(PRODUCTION_TODAY))
    midnight = context.now.astimezone(context.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return context.scope == LIVE_SCOPE and any(
        event.event == "complete" and event.time >= midnight for event in context.snapshot.events
    )


def _explain_no_batches(context: RenderContext) -> str:
    return "no batch stored yet" if has_unstored_batches(context) else "no batch completed"


def build_batch_totals(context: RenderContext) -> TileContent[Totals]:
    return build_totals(BATCHES_TODAY, "completed", _explain_no_batches(context), context)


def build_batch_totals_table(context: RenderContext) -> TileContent[TableData[TotalRow]]:
    return build_totals_table(BATCHES_TODAY, ("Recipe", "Batches"), _explain_no_batches(context), context)


def build_production(context: RenderContext) -> TileContent[ProductionSummary]:
    days = {row.day: row for row in context.get_rows(PRODUCTION_TODAY)}
    today = days.get(0)
    if today and not today.batches and not today.aborted and has_unstored_batches(context):
        today = replace(today, batches=None, aborted=None)
    has_production = any(row.batches or row.doses or row.aborted for row in days.values())
    rows = _list_rows(today, days.get(1)) if today else ()
    is_today = context.get_result(PRODUCTION_TODAY).scope.spec is None
    clock = number_format.format_clock(context.now, context.zone, seconds=False)
    return build_panel_content(
        context, PRODUCTION_TODAY, ProductionSummary(rows, "vs yesterday" if is_today else "vs before"),
        paint_production, f"today until {clock}" if is_today else "",
        is_empty=not (today and has_production), empty_text="no batch and no dose",
    )  # fmt: skip


def _list_rows(today: ProductionDay, before: ProductionDay | None) -> tuple[ProductionRow, ...]:
    mass = number_format.choose_mass_unit(
        max(today.dosed_g or 0.0, (before.dosed_g if before else 0.0) or 0.0)
    )
    return tuple(
        (
            name,
            format_value(getattr(today, field)),
            _format_change(getattr(today, field), getattr(before, field, None), scale, decimals),
        )
        for name, field, format_value, scale, decimals in (
            ("Batches", "batches", number_format.format_whole, 1.0, 0),
            ("Doses", "doses", number_format.format_whole, 1.0, 0),
            ("Dosed", "dosed_g", mass.format_mass, mass.grams, mass.decimals),
            (
                "Avg duration",
                "avg_duration_s",
                partial(number_format.format_decimal, decimals=1, unit=" s"),
                1.0,
                1,
            ),
            (
                "Out of tol.",
                "out_percent",
                partial(number_format.format_decimal, decimals=1, unit=" %"),
                1.0,
                1,
            ),
            ("Aborted", "aborted", number_format.format_whole, 1.0, 0),
        )
    )


def _format_change(now: float | None, before: float | None, scale: float, decimals: int) -> str:
    """'' without a value to compare with."""
    if now is None or before is None:
        return ""
    return number_format.format_signed((now - before) / scale, decimals)


def _choose_change_width(data: ProductionSummary, width: int) -> int:
    """Columns of the differences; 0 if there is no room beside the numbers."""
    wanted = max([MIN_CHANGE_WIDTH, *(len(difference) + 1 for _, _, difference in data.rows)])
    taken = max((len(name) + 1 + len(today) for name, today, _ in data.rows), default=0)
    return wanted if width >= max(MIN_WIDTH_WITH_CHANGES, taken + wanted) else 0


@paint_cells
def paint_production(canvas: Canvas, data: ProductionSummary) -> None:
    change = _choose_change_width(data, canvas.width)
    heading = 1 if canvas.height > len(data.rows) else 0
    if heading:
        canvas.write_right(canvas.width, 0, data.comparison_label if change else "", DIM)
    spread = 2 if canvas.height - heading >= 2 * len(data.rows) else 1
    for number, (name, today, difference) in enumerate(data.rows):
        y = heading + number * spread
        end = canvas.width - change
        canvas.write_text(0, y, name, TEXT, width=max(0, end - len(today) - 1))
        canvas.write_right(end, y, today, STRONG)
        if change:
            canvas.write_right(canvas.width, y, difference, DIM)


class DailyProductionContext(Struct, frozen=True):
    mass_unit: number_format.MassUnit
    max_mean_error_g: float


def build_daily_production(context: RenderContext) -> TileContent[TableData[RecipeDay]]:
    rows = context.get_rows(DAILY_SUMMARY)
    table_context = DailyProductionContext(
        number_format.choose_common_unit(row.dosed_g for row in rows),
        context.limits.mean_error_g,
    )
    table = TableData(rows, COLUMNS, table_context)
    return build_panel_content(context, DAILY_SUMMARY, table, data_table.paint_table, is_empty=not rows)


def _choose_mark(row: RecipeDay, context: DailyProductionContext) -> str:
    is_high = row.mean_error_g is not None and abs(row.mean_error_g) > context.max_mean_error_g
    return OUTSIDE_MARK if is_high else " "


COLUMNS: tuple[TableColumn[RecipeDay], ...] = (
    TableColumn("Day", 10, 100, lambda row, _: f"{row.day:%a %d %b}", lambda row, _: row.day, style=DIM),
    TableColumn("Recipe", 10, 95, lambda row, _: sanitize_text(row.recipe), max_growth=14, is_name=True),
    TableColumn("Mode", 8, 92, lambda row, _: sanitize_text(row.mode, 16) or number_format.NO_VALUE,
                style=DIM, max_growth=4),
    TableColumn("Batches", 8, 90, lambda row, _: number_format.format_whole(row.batches),
                lambda row, _: row.batches, style=STRONG, align_right=True),
    TableColumn("Aborted", 8, 70, lambda row, _: number_format.format_whole(row.aborted),
                lambda row, _: row.aborted, align_right=True),
    TableColumn("Doses", 8, 80, lambda row, _: number_format.format_whole(row.doses),
                lambda row, _: row.doses, align_right=True),
    TableColumn("Dosed", 11, 85, lambda row, context: context.mass_unit.format_mass(row.dosed_g),
                lambda row, _: row.dosed_g, unit="g", style=STRONG, align_right=True),
    TableColumn("Mean error g  ", 14, 60, lambda row, _: number_format.format_signed(row.mean_error_g),
                lambda row, _: row.mean_error_g, unit="g", align_right=True,
                draw_cell=lambda row, context, width, ground: draw_error_cell(
                    row.mean_error_g, _choose_mark(row, context), width, CellStyle(bg=ground))),
    TableColumn("Mean s", 7, 50, lambda row, _: number_format.format_decimal(row.mean_duration_s, 1),
                lambda row, _: row.mean_duration_s, unit="s", style=DIM, align_right=True),
)  # fmt: skip
