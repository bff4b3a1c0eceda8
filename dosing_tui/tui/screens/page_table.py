"""Cells of a table as a line of a page. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.tui.rendering.canvas import split_cells
from dosing_tui.tui.rendering.palette import CellStyle
from dosing_tui.tui.screens.report_page import PageLine, PageSpan


class PageColumn(Struct, frozen=True):
    title: str
    width: int
    is_right: bool = False


def place_cells(
    columns: Sequence[PageColumn],
    cells: Sequence[str],
    style: CellStyle,
    *,
    gap: int,
    first_style: CellStyle | None = None,
) -> PageLine:
    """Side by side, ``gap`` cells apart; fewer cells than columns leave the last ones blank."""
    x = 0
    spans: list[PageSpan] = []
    for column, cell in zip(columns, cells, strict=False):
        shift = max(0, column.width - len(split_cells(cell))) if column.is_right else 0
        chosen = style if spans or first_style is None else first_style
        spans.append(PageSpan(x + shift, cell, chosen, column.width - shift))
        x += column.width + gap
    return tuple(spans)
