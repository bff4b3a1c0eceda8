"""The content of a tile as rows and columns, in the order of the screen, for exports. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import TypeAlias, TypeVar

from msgspec import Struct, field

from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering.data_table import TableCursor, TableData, arrange_rows
from dosing_tui.tui.tiles.accuracy import ErrorHistogram
from dosing_tui.tui.tiles.production import ProductionSummary
from dosing_tui.tui.tiles.shared.number_list import NumberList
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent, DataOrigin
from dosing_tui.tui.tiles.system_status import SystemStatus
from dosing_tui.tui.tiles.tanks.tank_gauges import TankGauges
from dosing_tui.tui.tiles.totals import Totals

Row = TypeVar("Row")
CellValue: TypeAlias = float | int | str | datetime | date | None


class VisibleRows(Struct, frozen=True):
    """``columns``: pairs of name and unit; times are in the plant's time zone."""

    title: str
    scope: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[CellValue, ...], ...]
    unit: str = ""
    origin: DataOrigin = field(default_factory=DataOrigin)


def list_visible_rows(content: AnyTileContent, cursor: TableCursor, zone: tzinfo) -> VisibleRows:
    """The rows of a tile; none while it shows only why it is empty."""
    columns, rows = ((), ()) if content.empty_text else _convert_data(content.data, cursor, zone)
    return VisibleRows(
        content.title, content.scope_text, tuple(columns), tuple(rows), content.unit, content.origin
    )  # fmt: skip


ColumnTitles: TypeAlias = Sequence[tuple[str, str]]
CellRows: TypeAlias = Sequence[tuple[CellValue, ...]]


def list_table_rows(title: str, table: TableData[Row], zone: tzinfo) -> VisibleRows:
    """The rows of a table outside the tiles."""
    columns, rows = _convert_table(table, TableCursor(), zone)
    return VisibleRows(title, "", tuple(columns), tuple(rows))


def _convert_data(data: object, cursor: TableCursor, zone: tzinfo) -> tuple[ColumnTitles, CellRows]:
    match data:
        case ChartData():
            return _convert_chart(data)
        case TableData():
            return _convert_table(data, cursor, zone)
        case ErrorHistogram():
            rows = [(bin_.lower_g, bin_.upper_g, bin_.doses) for bin_ in data.bins]
            return [("from", "g"), ("up to", "g"), ("doses", "")], rows
        case Totals():
            return [("label", ""), ("value", data.unit)], [(item.label, item.value) for item in data.items]
        case NumberList():
            return [("name", ""), ("value", "")], [(one.name, one.value) for one in data.numbers]
        case ProductionSummary():
            return [("name", ""), ("value", ""), (data.comparison_label, "")], list(data.rows)
        case TankGauges():
            tanks = [(one.name, one.remaining_g, one.capacity_g, one.percent) for one in data.tanks]
            return [("tank", ""), ("left", "g"), ("capacity", "g"), ("full", "%")], tanks
        case SystemStatus():
            sections = (*data.left_column, *data.right)
            lines = [(each.title, line.label, line.value) for each in sections for line in each.lines]
            return [("section", ""), ("name", ""), ("value", "")], lines
        case _:
            return [], []


def _convert_chart(data: ChartData) -> tuple[ColumnTitles, CellRows]:
    """One row for each bucket, also without a value."""
    columns = [("from", ""), ("until", ""), *((curve.name, data.unit) for curve in data.curves)]
    rows = [
        (*data.get_bucket_span(bucket), *(curve.values[bucket] for curve in data.curves))
        for bucket in range(data.window.bucket_count)
    ]
    return columns, rows


def _convert_table(data: TableData[Row], cursor: TableCursor, zone: tzinfo) -> tuple[ColumnTitles, CellRows]:
    kept = [column for column in data.columns if column.title and not column.is_scale]
    rows = [
        tuple(_localize_time(column.read_value(row, data.context), zone) for column in kept)
        for row in arrange_rows(data, cursor)
    ]  # fmt: skip
    return [(_strip_unit(column.title, column.unit), column.unit) for column in kept], rows


def _localize_time(value: CellValue, zone: tzinfo) -> CellValue:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _strip_unit(title: str, unit: str) -> str:
    """'Error g' becomes 'Error': the unit has its own field."""
    title = title.strip()
    return title.removesuffix(f" {unit}") if unit else title
