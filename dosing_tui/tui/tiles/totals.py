"""Labels with bars and numbers, largest first: chemicals, batches of each recipe. As a table when large."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import BATCHES_TODAY, CONSUMPTION_TODAY, LabeledTotal, Panel
from dosing_tui.tui.charts.primitives.bars import draw_thin_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age

MAX_LABEL_WIDTH = 24
"""Cells of a label, at most."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    label: str
    value: float | None
    text: str
    """The value, as it is shown."""


@dataclass(frozen=True, slots=True)
class Totals:
    items: tuple[TotalRow, ...]
    unit: str = ""
    """Of the values."""


def build_chemical_totals(context: RenderContext) -> TileContent[Totals]:
    return _build_totals(
        context, CONSUMPTION_TODAY, list_masses(context.get_rows(CONSUMPTION_TODAY)), "actual mass", "no dose"
    )


def build_batch_totals(context: RenderContext) -> TileContent[Totals]:
    return _build_totals(
        context,
        BATCHES_TODAY,
        list_counts(context.get_rows(BATCHES_TODAY)),
        "completed",
        "no batch completed",
    )


def build_chemical_table(context: RenderContext) -> TileContent[TableData[TotalRow]]:
    return _build_table(
        context,
        CONSUMPTION_TODAY,
        list_masses(context.get_rows(CONSUMPTION_TODAY)),
        CHEMICAL_COLUMNS,
        "no dose",
    )


def build_batch_table(context: RenderContext) -> TileContent[TableData[TotalRow]]:
    return _build_table(
        context,
        BATCHES_TODAY,
        list_counts(context.get_rows(BATCHES_TODAY)),
        BATCH_COLUMNS,
        "no batch completed",
    )


def list_masses(rows: Sequence[LabeledTotal]) -> tuple[TotalRow, ...]:
    mass = number_format.choose_mass_unit(max((row.value or 0.0 for row in rows), default=0.0))
    return tuple(
        TotalRow(sanitize_text(row.label, MAX_LABEL_WIDTH), row.value, mass.format_mass(row.value))
        for row in rows
    )


def list_counts(rows: Sequence[LabeledTotal]) -> tuple[TotalRow, ...]:
    return tuple(
        TotalRow(sanitize_text(row.label, MAX_LABEL_WIDTH), row.value, number_format.format_whole(row.value))
        for row in rows
    )


def _build_totals(
    context: RenderContext,
    panel: Panel[LabeledTotal],
    items: tuple[TotalRow, ...],
    unit: str,
    empty_text: str,
) -> TileContent[Totals]:
    age, stale = format_panel_age(context, panel)
    empty = "" if items else context.explain_empty(panel, empty_text)
    return TileContent(
        context.format_title(panel),
        Totals(items, panel.unit if panel is CONSUMPTION_TODAY else ""),
        paint_totals,
        unit,
        age,
        stale,
        empty,
    )


def _build_table(
    context: RenderContext,
    panel: Panel[LabeledTotal],
    items: tuple[TotalRow, ...],
    columns: tuple[TableColumn[TotalRow], ...],
    empty_text: str,
) -> TileContent[TableData[TotalRow]]:
    age, stale = format_panel_age(context, panel)
    empty = "" if items else context.explain_empty(panel, empty_text)
    whole = sum(item.value or 0.0 for item in items)
    top = max((item.value or 0.0 for item in items), default=0.0)
    table = TableData(items, columns, TotalsContext(whole, top))
    return TileContent(context.format_title(panel), table, data_table.paint_table, "", age, stale, empty)


@dataclass(frozen=True, slots=True)
class TotalsContext:
    total: float
    largest: float


def _compute_share(item: TotalRow, context: TotalsContext) -> float | None:
    return None if item.value is None or context.total <= 0 else 100 * item.value / context.total


def _format_share(item: TotalRow, context: TotalsContext) -> str:
    share = _compute_share(item, context)
    return number_format.NO_VALUE if share is None else f"{share:.1f} %"


def _draw_bar(item: TotalRow, context: TotalsContext, width: int, ground: ColourRole) -> Rows:
    drawn = draw_thin_bar(item.value or 0.0, width, top=context.largest)
    return [[(cell, pen._replace(bg=ground)) for cell, pen in row] for row in drawn]


def _build_columns(name: str, amount: str, unit: str) -> tuple[TableColumn[TotalRow], ...]:
    return (
        TableColumn(name, 12, 100, lambda item, facts: item.label, max_growth=12),
        TableColumn(amount, 12, 95, lambda item, facts: item.text, lambda item, facts: item.value,
               unit=unit, style=STRONG, align_right=True),
        TableColumn("Share", 9, 60, _format_share, _compute_share, unit="%", align_right=True),
        TableColumn("", 12, 50, lambda item, facts: "", draw_cell=_draw_bar, max_growth=120),
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
