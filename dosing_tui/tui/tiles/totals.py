"""Totals by label, as bars with numbers; at full screen as a table."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.panels.panel_catalog import LabeledTotal, Panel
from dosing_tui.tui.charts.primitives.bars import draw_thin_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, paint_cells, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

MAX_LABEL_WIDTH = 24
"""Cells of a label, at most."""


class TotalRow(Struct, frozen=True):
    """``text`` is the value as it is shown."""

    label: str
    value: float | None
    text: str


class Totals(Struct, frozen=True):
    """``unit`` is that of the values."""

    items: tuple[TotalRow, ...]
    unit: str = ""


class TotalsContext(Struct, frozen=True):
    total: float
    largest: float


def build_totals(
    panel: Panel[LabeledTotal], caption: str, empty_text: str, context: RenderContext
) -> TileContent[Totals]:
    items = _list_items(context.get_rows(panel), panel)
    unit = "" if panel.unit == "today" else panel.unit  # of counts it names the range
    return build_panel_content(
        context, panel, Totals(items, unit), paint_totals, caption, is_empty=not items, empty_text=empty_text
    )


def build_totals_table(
    panel: Panel[LabeledTotal], titles: tuple[str, str], empty_text: str, context: RenderContext
) -> TileContent[TableData[TotalRow]]:
    """``titles`` of the columns of labels and values."""
    items = _list_items(context.get_rows(panel), panel)
    values = [item.value or 0.0 for item in items]
    totals = TotalsContext(sum(values), max(values, default=0.0))
    table = TableData(items, _build_columns(*titles, "g" if panel.unit == "g" else ""), totals)
    return build_panel_content(
        context, panel, table, data_table.paint_table, is_empty=not items, empty_text=empty_text
    )


def _list_items(rows: Sequence[LabeledTotal], panel: Panel[LabeledTotal]) -> tuple[TotalRow, ...]:
    """Masses in one unit; else counts."""
    mass_unit = number_format.choose_common_unit(row.value for row in rows)
    format_value = mass_unit.format_mass if panel.unit == "g" else number_format.format_whole
    return tuple(TotalRow(sanitize_text(row.label), row.value, format_value(row.value)) for row in rows)


def _compute_share(item: TotalRow, context: TotalsContext) -> float | None:
    return None if item.value is None or context.total <= 0 else 100 * item.value / context.total


def _draw_bar(item: TotalRow, context: TotalsContext, width: int, ground: ColourRole) -> Rows:
    drawn = draw_thin_bar(item.value or 0.0, width, top=context.largest)
    return [[(cell, style._replace(bg=ground)) for cell, style in row] for row in drawn]


def _build_columns(name: str, amount: str, unit: str) -> tuple[TableColumn[TotalRow], ...]:
    return (
        TableColumn(name, 12, 100, lambda item, _: item.label, max_growth=12, is_name=True),
        TableColumn(amount, 12, 95, lambda item, _: item.text, lambda item, _: item.value,
                    unit=unit, style=STRONG, align_right=True),
        TableColumn("Share", 9, 60,
                    lambda item, table: number_format.format_decimal(_compute_share(item, table), 1, " %"),
                    _compute_share, unit="%", align_right=True),
        TableColumn("", 12, 50, lambda item, _: "", draw_cell=_draw_bar, max_growth=120),
    )  # fmt: skip


@paint_cells
def paint_totals(canvas: Canvas, data: Totals) -> None:
    items = data.items
    shown = items if len(items) <= canvas.height else items[: max(1, canvas.height - 1)]
    step = 2 if len(shown) * 2 <= canvas.height + 1 and canvas.height >= 12 else 1
    name_width = min(MAX_LABEL_WIDTH, canvas.width // 2, max((len(item.label) for item in shown), default=0))
    names = fit_names([item.label for item in shown], name_width)
    number_width = max((len(item.text) for item in shown), default=0)
    top = max((item.value or 0.0 for item in items), default=0.0)
    bar_width = max(0, canvas.width - name_width - number_width - 3)
    for number, item in enumerate(shown):
        canvas.write_text(0, number * step, names[number], TEXT)
        canvas.paste_rows(name_width + 1, number * step, draw_thin_bar(item.value or 0.0, bar_width, top=top))
        canvas.write_right(canvas.width, number * step, item.text, STRONG)
    if len(shown) < len(items):
        canvas.write_text(0, canvas.height - 1, number_format.format_rest(len(items) - len(shown)), DIM)
