"""The generic tile of a declared panel: a chart over time, bars, or a table of its columns."""

from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Any

from dosing_tui.domain.panels.panel_catalog import LabeledTotal, Panel, SeriesPoint
from dosing_tui.domain.panels.panel_columns import DataColumn, list_panel_columns
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData, paint_table
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.consumption import describe_curves, paint_curves
from dosing_tui.tui.tiles.shared.bucketing import build_value_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent, build_panel_content
from dosing_tui.tui.tiles.totals import build_totals

_MIN_COLUMN_WIDTH, _MAX_COLUMN_GROWTH = 9, 14
_DECIMALS = {"g": 2, "%": 1, "s": 1}
EMPTY_TEXT = "no data"


def build_panel_tile(panel: Panel[Any], context: RenderContext) -> AnyTileContent:
    """By the row type: SeriesPoint over time, LabeledTotal as bars, every other one as a table."""
    if panel.row_type is SeriesPoint:
        limit = None if panel.limit is None else context.limits.get_limit(panel.limit)
        chart = build_value_chart(context, panel, unit=panel.unit, limit=limit, min_top=2 * (limit or 0.0))
        chart = replace(chart, decimals=_DECIMALS.get(panel.unit, 2))
        unit = panel.unit if limit is None else f"{panel.unit} · limit {limit:g}"
        return build_panel_content(
            context, panel, chart, paint_curves, unit, is_empty=not has_values(chart), empty_text=EMPTY_TEXT,
            describe=describe_curves,
        )  # fmt: skip
    if panel.row_type is LabeledTotal:
        return build_totals(panel, panel.unit, EMPTY_TEXT, context)
    rows = context.get_rows(panel)
    columns = tuple(
        _build_column(column, place) for place, column in enumerate(list_panel_columns(panel, panel.unit))
    )
    table = TableData(rows, columns, context.zone)
    return build_panel_content(context, panel, table, paint_table, is_empty=not rows, empty_text=EMPTY_TEXT)


def _build_column(column: DataColumn, place: int) -> TableColumn[Any]:
    """The first columns name the row: where room is short, the last ones go first."""
    title = f"{column.title.capitalize()} {column.unit}".strip()
    return TableColumn(
        title,
        max(_MIN_COLUMN_WIDTH, len(title) + 1),
        100 - place,
        lambda row, zone: _format_value(getattr(row, column.field), column.unit, zone),
        lambda row, zone: getattr(row, column.field),
        unit=column.unit,
        align_right=bool(column.unit),
        max_growth=0 if column.unit else _MAX_COLUMN_GROWTH,
    )


def _format_value(value: object, unit: str, zone: tzinfo) -> str:
    match value:
        case None:
            return number_format.NO_VALUE
        case datetime():
            return number_format.format_full_timestamp(value, zone)
        case date():
            return f"{value:%a %d %b}"
        case float():
            return number_format.format_decimal(value, _DECIMALS.get(unit, 2))
        case int():
            return number_format.format_count(value)
        case _:
            return sanitize_text(str(value), 40)
