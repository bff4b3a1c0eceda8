"""What a tile shows, as rows and columns: exactly that, in the same order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import TypeAlias, TypeVar

from dosing_tui.tui.charts.series import Curves
from dosing_tui.tui.rendering.data_table import Reader, Table, arranged
from dosing_tui.tui.tiles.inventory import Tanks
from dosing_tui.tui.tiles.production import Summary
from dosing_tui.tui.tiles.shared.error_histogram import Spread
from dosing_tui.tui.tiles.shared.number_list import Figures
from dosing_tui.tui.tiles.shared.tile_content import AnyContent, Origin
from dosing_tui.tui.tiles.system_status import Sections
from dosing_tui.tui.tiles.totals import Totals

Row = TypeVar("Row")
Cell: TypeAlias = float | int | str | datetime | date | None


@dataclass(frozen=True, slots=True)
class Shown:
    """``columns`` are names with their units; times are in the plant's zone."""

    title: str
    scope: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]
    unit: str = ""
    origin: Origin = field(default_factory=Origin)


def shown(content: AnyContent, reader: Reader, zone: tzinfo) -> Shown:
    """The rows behind a tile; none where it only says why it is empty."""
    columns, rows = ((), ()) if content.empty else _of(content.data, reader, zone)
    return Shown(
        content.title, content.scope, tuple(columns), tuple(rows), content.unit, content.origin
    )  # fmt: skip


Columns: TypeAlias = Sequence[tuple[str, str]]
CellRows: TypeAlias = Sequence[tuple[Cell, ...]]


def of_table(title: str, table: Table[Row], zone: tzinfo) -> Shown:
    """The rows of a table that is on no tile."""
    columns, rows = _table(table, Reader(), zone)
    return Shown(title, "", tuple(columns), tuple(rows))


def _of(data: object, reader: Reader, zone: tzinfo) -> tuple[Columns, CellRows]:
    match data:
        case Curves():
            return _curves(data)
        case Table():
            return _table(data, reader, zone)
        case Spread():
            rows = [(bin_.lower_g, bin_.upper_g, bin_.doses) for bin_ in data.bins]
            return [("from", "g"), ("up to", "g"), ("doses", "")], rows
        case Totals():
            return [("label", ""), ("value", data.unit)], [(item.label, item.value) for item in data.items]
        case Figures():
            return [("name", ""), ("value", "")], [(one.name, one.value) for one in data.figures]
        case Summary():
            return [("name", ""), ("value", ""), (data.against, "")], list(data.lines)
        case Tanks():
            return _tanks(data)
        case Sections():
            return _sections(data)
        case _:
            return [], []


def _curves(data: Curves) -> tuple[Columns, CellRows]:
    """A row for each bucket, also for those without a value."""
    columns = [("from", ""), ("until", ""), *((curve.name, data.unit) for curve in data.curves)]
    rows = [
        (*data.span(bucket), *(curve.values[bucket] for curve in data.curves))
        for bucket in range(data.window.buckets)
    ]
    return columns, rows


def _table(data: Table[Row], reader: Reader, zone: tzinfo) -> tuple[Columns, CellRows]:
    kept = [column for column in data.columns if column.title and not column.scale]
    rows = [
        tuple(_local(column.worth(row, data.facts), zone) for column in kept)
        for row in arranged(data, reader)
    ]  # fmt: skip
    return [(_bare(column.title, column.unit), column.unit) for column in kept], rows


def _local(value: Cell, zone: tzinfo) -> Cell:
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _bare(title: str, unit: str) -> str:
    """The unit has its own place: 'Error g' is 'Error' in g."""
    title = title.strip()
    return title.removesuffix(f" {unit}") if unit else title


def _tanks(data: Tanks) -> tuple[Columns, CellRows]:
    columns = [("tank", ""), ("left", "g"), ("capacity", "g"), ("full", "%")]
    return columns, [(one.name, one.remaining_g, one.capacity_g, one.percent) for one in data.tanks]


def _sections(data: Sections) -> tuple[Columns, CellRows]:
    rows = [
        (section.title, line.label, line.value)
        for section in (*data.left, *data.right)
        for line in section.lines
    ]  # fmt: skip
    return [("section", ""), ("name", ""), ("value", "")], rows
