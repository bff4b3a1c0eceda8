"""Totals by label, as bars with numbers; at full screen as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import BATCHES_TODAY, CONSUMPTION_TODAY, LabeledTotal, Panel
from dosing_tui.tui.charts.primitives.bars import draw_thin_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

MAX_LABEL_WIDTH = 24
"""Cells of a label, at most."""
NO_BATCH = "no batch completed"


@dataclass(frozen=True, slots=True)
class TotalRow:
    """``text`` is the value as it is shown."""

    label: str
    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Totals:
    """``unit`` is that of the values."""

    items: tuple[TotalRow, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class TotalsContext:
    total: float
    largest: float


def build_chemical_totals(context: RenderContext) -> TileContent[Totals]:
    totals = Totals(list_masses(context.get_rows(CONSUMPTION_TODAY)), CONSUMPTION_TODAY.unit)
    return build_panel_content(
        context, CONSUMPTION_TODAY, totals, paint_totals, "actual mass", is_empty=not totals.items
    )


def build_batch_totals(context: RenderContext) -> TileContent[Totals]:
    totals = Totals(list_counts(context.get_rows(BATCHES_TODAY)))
    return build_panel_content(
        context, BATCHES_TODAY, totals, paint_totals, "completed",
        is_empty=not totals.items, empty_text=NO_BATCH,
    )  # fmt: skip


def build_panel_totals(panel: Panel[LabeledTotal], context: RenderContext) -> TileContent[Totals]:
    """The generic tile of a panel with labelled totals."""
    list_items = list_masses if panel.unit == "g" else list_counts
    totals = Totals(list_items(context.get_rows(panel)), panel.unit)
    return build_panel_content(
        context, panel, totals, paint_totals, panel.unit, is_empty=not totals.items, empty_text="no data"
    )


def build_chemical_table(context: RenderContext) -> TileContent[TableData[TotalRow]]:
    items = list_masses(context.get_rows(CONSUMPTION_TODAY))
    return build_panel_content(
        context, CONSUMPTION_TODAY, _build_table(items, CHEMICAL_COLUMNS), data_table.paint_table,
        is_empty=not items,
    )  # fmt: skip


def build_batch_table(context: RenderContext) -> TileContent[TableData[TotalRow]]:
    items = list_counts(context.get_rows(BATCHES_TODAY))
    return build_panel_content(
        context, BATCHES_TODAY, _build_table(items, BATCH_COLUMNS), data_table.paint_table,
        is_empty=not items, empty_text=NO_BATCH,
    )  # fmt: skip


def list_masses(rows: Sequence[LabeledTotal]) -> tuple[TotalRow, ...]:
    """In the unit that fits the largest."""
    mass_unit = number_format.choose_mass_unit(max((row.value or 0.0 for row in rows), default=0.0))
    return _list_items(rows, mass_unit.format_mass)


def list_counts(rows: Sequence[LabeledTotal]) -> tuple[TotalRow, ...]:
    return _list_items(rows, number_format.format_whole)


def _list_items(
    rows: Sequence[LabeledTotal], format_value: Callable[[float | None], str]
) -> tuple[TotalRow, ...]:
    return tuple(
        TotalRow(sanitize_text(row.label, MAX_LABEL_WIDTH), row.value, format_value(row.value))
        for row in rows
    )


def _build_table(
    items: tuple[TotalRow, ...], columns: tuple[TableColumn[TotalRow], ...]
) -> TableData[TotalRow]:
    values = [item.value or 0.0 for item in items]
    return TableData(items, columns, TotalsContext(sum(values), max(values, default=0.0)))


def _compute_share(item: TotalRow, context: TotalsContext) -> float | None:
    return None if item.value is None or context.total <= 0 else 100 * item.value / context.total


def _draw_bar(item: TotalRow, context: TotalsContext, width: int, ground: ColourRole) -> Rows:
    drawn = draw_thin_bar(item.value or 0.0, width, top=context.largest)
    return [[(cell, style._replace(bg=ground)) for cell, style in row] for row in drawn]


def _build_columns(name: str, amount: str, unit: str) -> tuple[TableColumn[TotalRow], ...]:
    return (
        TableColumn(name, 12, 100, lambda item, _: item.label, max_growth=12),
        TableColumn(amount, 12, 95, lambda item, _: item.text, lambda item, _: item.value,
                    unit=unit, style=STRONG, align_right=True),
        TableColumn("Share", 9, 60,
                    lambda item, table: number_format.format_decimal(_compute_share(item, table), 1, " %"),
                    _compute_share, unit="%", align_right=True),
        TableColumn("", 12, 50, lambda item, _: "", draw_cell=_draw_bar, max_growth=120),
    )  # fmt: skip


CHEMICAL_COLUMNS = _build_columns("Chemical", "Dosed", "g")
BATCH_COLUMNS = _build_columns("Recipe", "Batches", "")


def paint_totals(data: Totals, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    items = data.items
    shown = items if len(items) <= height else items[: max(1, height - 1)]
    step = 2 if len(shown) * 2 <= height + 1 and height >= 12 else 1
    name_width = min(width // 2, max((len(item.label) for item in shown), default=0))
    number_width = max((len(item.text) for item in shown), default=0)
    top = max((item.value or 0.0 for item in items), default=0.0)
    bar_width = max(0, width - name_width - number_width - 3)
    for number, item in enumerate(shown):
        canvas.write_text(0, number * step, item.label, TEXT, width=name_width)
        canvas.paste_rows(name_width + 1, number * step, draw_thin_bar(item.value or 0.0, bar_width, top=top))
        canvas.write_right(width, number * step, item.text, STRONG)
    if len(shown) < len(items):
        canvas.write_text(0, height - 1, f"{len(items) - len(shown)} more: enter shows all", DIM)
    return canvas.rows
