"""How long the stock lasts: days of cover of each tank, batches of each recipe; the most urgent first."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.messages.text_sanitizer import count_cells
from dosing_tui.domain.panels.panel_catalog import BATCHES_LEFT, STOCK_OUTLOOK, BatchesLeft, StockOutlook
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cut_clauses, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

ORDER_NOW = "order now"
_SHORT_REMARKS = {"fewer than 3 production days": "no use yet", "doses without a mass": "not weighed"}
"""For a narrow tile, by the remark of the panel."""
_WITHOUT_MASS = " without a mass"
"""End of the remark on single doses of a tank, behind their number."""


class StockTableContext(Struct, frozen=True):
    names: Mapping[str, str]
    """Station -> its name."""
    zone: tzinfo


def _build_table_context(stations: Iterable[str], settings: Settings, zone: tzinfo) -> StockTableContext:
    return StockTableContext(name_stations(list(stations), settings.short_names), zone)


def build_stock_outlook(context: RenderContext) -> TileContent[TableData[StockOutlook]]:
    rows = context.get_rows(STOCK_OUTLOOK)
    table_context = _build_table_context((row.device_id for row in rows), context.settings, context.zone)
    return build_panel_content(
        context, STOCK_OUTLOOK, TableData(rows, OUTLOOK_COLUMNS, table_context), data_table.paint_table,
        "use of 28 days", is_empty=not rows, empty_text="no level has been reported yet",
    )  # fmt: skip


def build_batches_left(context: RenderContext) -> TileContent[TableData[BatchesLeft]]:
    rows = context.get_rows(BATCHES_LEFT)
    table_context = _build_table_context((row.device_id for row in rows), context.settings, context.zone)
    return build_panel_content(
        context, BATCHES_LEFT, TableData(rows, BATCH_COLUMNS, table_context), data_table.paint_table,
        "median of 20 batches", is_empty=not rows, empty_text="no weighed batch completed in 28 days",
    )  # fmt: skip


def _format_day(at: datetime | None, zone: tzinfo) -> str:
    return number_format.NO_VALUE if at is None else f"{at.astimezone(zone):%a %d %b %H:%M}"


def _draw_remark(row: StockOutlook, context: StockTableContext, width: int, ground: ColourRole) -> Rows:
    """In its short form, if there is one, or without its last words where room is short."""
    is_due = row.remark == ORDER_NOW
    text = f"▲ {row.remark}" if is_due else row.remark
    if count_cells(text) > width:
        text = cut_clauses(_shorten_remark(text, width), width)
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    canvas.write_text(0, 0, text, (DEVIATION if is_due else DIM)._replace(bg=ground))
    return canvas.rows


def _shorten_remark(text: str, width: int) -> str:
    if not text.endswith(_WITHOUT_MASS):
        return _SHORT_REMARKS.get(text, text)
    short = text.replace(_WITHOUT_MASS, " no mass")
    return short if count_cells(short) <= width else _SHORT_REMARKS["doses without a mass"]


def _format_span(row: StockOutlook, context: StockTableContext) -> str:
    if row.use_p10_g is None or row.use_p90_g is None:
        return number_format.NO_VALUE
    return f"{_format_whole(row.use_p10_g)}–{_format_whole(row.use_p90_g)}"


def _format_whole(value: float | None) -> str:
    return number_format.format_decimal(value, 0)


def _format_batches(row: BatchesLeft) -> str:
    """At most so many, where an ingredient without a level may run out before."""
    count = _format_whole(row.batches_left)
    return f"max. {count}" if row.without_level and row.batches_left is not None else count


OUTLOOK_COLUMNS: tuple[TableColumn[StockOutlook], ...] = (
    TableColumn("Station", 7, 98, lambda row, context: sanitize_text(context.names[row.device_id]), style=DIM,
                max_growth=10, is_name=True, is_station=True),
    TableColumn("Chemical", 9, 100, lambda row, _: sanitize_text(row.chemical), max_growth=14, is_name=True),
    TableColumn("Left g", 7, 90, lambda row, _: _format_whole(row.remaining_g),
                lambda row, _: row.remaining_g, unit="g", align_right=True),
    TableColumn("Use g/d", 8, 85, lambda row, _: _format_whole(row.use_28_days_g),
                lambda row, _: row.use_28_days_g, unit="g", align_right=True),
    TableColumn("P10–P90", 13, 50, _format_span, style=DIM, align_right=True),
    TableColumn("7 days", 7, 40, lambda row, _: _format_whole(row.use_7_days_g),
                lambda row, _: row.use_7_days_g, unit="g", style=DIM, align_right=True),
    TableColumn("Cover d", 8, 99, lambda row, _: number_format.format_decimal(row.cover_days, 1),
                lambda row, _: row.cover_days, unit="d", style=STRONG, align_right=True),
    TableColumn("Runs out", 16, 80, lambda row, context: _format_day(row.run_out_at, context.zone),
                lambda row, _: row.run_out_at),
    TableColumn("Reorder g", 9, 45, lambda row, _: _format_whole(row.reorder_g),
                lambda row, _: row.reorder_g, unit="g", style=DIM, align_right=True),
    TableColumn("Remark", 11, 97, lambda row, _: row.remark, draw_cell=_draw_remark, max_growth=18),
)  # fmt: skip
BATCH_COLUMNS: tuple[TableColumn[BatchesLeft], ...] = (
    TableColumn("Station", 7, 98, lambda row, context: sanitize_text(context.names[row.device_id]), style=DIM,
                max_growth=10, all_or_nothing=True, is_name=True, is_station=True),
    TableColumn("Recipe", 8, 100, lambda row, _: sanitize_text(row.recipe), max_growth=16, is_name=True),
    TableColumn("Batches left", 12, 99, lambda row, _: _format_batches(row),
                lambda row, _: row.batches_left, style=STRONG, align_right=True),
    TableColumn("Scarcest", 9, 90, lambda row, _: sanitize_text(row.scarcest), max_growth=14, min_width=8,
                is_name=True),
    TableColumn("Left g", 8, 70, lambda row, _: _format_whole(row.remaining_g),
                lambda row, _: row.remaining_g, unit="g", align_right=True),
    TableColumn("Median g", 9, 80, lambda row, _: number_format.format_decimal(row.median_use_g, 1),
                lambda row, _: row.median_use_g, unit="g", align_right=True),
    TableColumn("Of batches", 10, 40, lambda row, _: number_format.format_count(row.batches),
                lambda row, _: row.batches, style=DIM, align_right=True),
    TableColumn("No level", 9, 30, lambda row, _: sanitize_text(row.without_level), style=DIM, max_growth=20),
)  # fmt: skip
