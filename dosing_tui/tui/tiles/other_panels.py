"""The generic tile of a declared panel: a chart over time, bars, or a table of its columns."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.labels.station_labels import name_stations
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

_NUMBER_WIDTH, _TEXT_WIDTH, _TEXT_GROWTH = 9, 7, 30
_DECIMALS = {"g": 2, "%": 1, "s": 1}
_STATION_FIELD = "device_id"
_DAY_FIELD = "day"
_NAME_FIELDS = frozenset({_DAY_FIELD, _STATION_FIELD, "chemical"})
"""What a row is about."""
EMPTY_TEXT = "no data"


class PanelTableContext(Struct, frozen=True):
    today: date
    """Today in the zone: days of its year are written without the year."""
    zone: tzinfo
    stations: Mapping[str, str]
    """Station -> its name."""


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
    fields = list_panel_columns(panel, panel.unit)
    columns = tuple(_build_column(panel, column, place) for place, column in enumerate(fields))
    devices = (
        {row.device_id for row in rows} if any(field.field == _STATION_FIELD for field in fields) else ()
    )
    table_context = PanelTableContext(
        context.now.astimezone(context.zone).date(),
        context.zone,
        name_stations(devices, context.settings.short_names),
    )
    table = TableData(rows, columns, table_context)
    return build_panel_content(context, panel, table, paint_table, is_empty=not rows, empty_text=EMPTY_TEXT)


def _build_column(panel: Panel[Any], column: DataColumn, place: int) -> TableColumn[Any]:
    """Where room is short, the last values go first, those of the panel's key fields after all others."""
    name = "Station" if column.field == _STATION_FIELD else column.title.capitalize()
    title = f"{name} {column.unit}".strip()
    is_key = column.field in panel.key_fields or column.field in _NAME_FIELDS
    return TableColumn(
        title,
        max(_NUMBER_WIDTH if column.unit else _TEXT_WIDTH, len(title)),
        (200 if is_key else 100) - place,
        lambda row, context: _format_cell(getattr(row, column.field), column, context),
        lambda row, _: getattr(row, column.field),
        unit=column.unit,
        align_right=bool(column.unit),
        max_growth=2 if column.unit else _TEXT_GROWTH,
        is_name=column.field in _NAME_FIELDS,
        is_station=column.field == _STATION_FIELD,
    )


def _format_cell(value: object, column: DataColumn, context: PanelTableContext) -> str:
    if column.field == _STATION_FIELD:
        return context.stations.get(str(value), sanitize_text(str(value)))
    if column.field == _DAY_FIELD:
        day = date.fromisoformat(str(value))
        return f"{day:%d %b}" if day.year == context.today.year else f"{day:%d.%m.%y}"
    if column.is_signed and isinstance(value, float):
        return number_format.format_signed(value, _DECIMALS.get(column.unit, 2))
    return _format_value(value, column.unit, context.zone)


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
