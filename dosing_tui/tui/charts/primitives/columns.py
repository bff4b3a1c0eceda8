"""Columns side by side: bars with their limit, and a small chart without axes."""

from collections.abc import Sequence
from itertools import groupby

from dosing_tui.tui.charts.primitives.block_characters import draw_column, value_to_eighths
from dosing_tui.tui.charts.primitives.scale import column_to_bucket, resample_values
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, FRAME, CellStyle, ColourRole

BAR_STYLE = CellStyle(ColourRole.SPARKLINE)
_ABNORMAL = CellStyle(ColourRole.DEVIATION)
_MIN_MARK_HEIGHT = 3
"""Rows of a plot with marks on the bars beyond the limit."""


def draw_bars(
    values: Sequence[float | None], width: int, height: int, *, axis: ValueAxis, limit: float | None = None,
    is_low_limit: bool = False,
) -> Rows:  # fmt: skip
    """Bars on the floor that fill the width; None is a gap, 0 a line on the floor.

    A bar beyond the limit, or beyond the axis, where it is clipped, has the colour of a warning and, without
    colour, a mark on its top; the line of the limit is drawn through the bars.
    """
    canvas = Canvas(width, height, FRAME)
    shown = resample_values(values, width)
    heights = [
        0 if value is None else max(1, value_to_eighths(axis.to_share(value), 1.0, height)) for value in shown
    ]
    beyond = [
        value is not None
        and (value > axis.top or (limit is not None and (value < limit if is_low_limit else value > limit)))
        for value in shown
    ]
    for column, eighths in enumerate(heights):
        draw_column(canvas, column, height - 1, eighths, _ABNORMAL if beyond[column] else BAR_STYLE)
    if limit is not None and axis.contains(limit):
        _draw_limit(canvas, axis.to_row(limit, height))
    if height >= _MIN_MARK_HEIGHT:
        _draw_marks(canvas, heights, beyond, len(values), is_low_limit=is_low_limit)
    return canvas.rows


def _draw_limit(canvas: Canvas, y: int) -> None:
    """Over the ground and through whole cells of a bar."""
    for x, (cell, style) in enumerate(canvas.rows[y] if 0 <= y < canvas.height else ()):
        if cell == " ":
            canvas.set_cell(x, y, "┄", DIM)
        elif cell == "█":
            canvas.set_cell(x, y, "┄", CellStyle(ColourRole.BACKGROUND, style.fg))


def _draw_marks(
    canvas: Canvas, heights: Sequence[int], beyond: Sequence[bool], bins: int, *, is_low_limit: bool
) -> None:
    """One above the middle of each bar beyond the limit; in its top cell where it fills the plot."""
    columns = range(len(heights))
    for _, group in groupby(columns, lambda column: column_to_bucket(column, len(heights), bins)):
        bar = list(group)
        middle = bar[len(bar) // 2]
        if beyond[middle]:
            y = canvas.height - 1 - -(-heights[middle] // 8)
            style = DEVIATION if y >= 0 else CellStyle(ColourRole.BACKGROUND, ColourRole.DEVIATION, bold=True)
            canvas.set_cell(middle, max(0, y), "▼" if is_low_limit else "▲", style)


def draw_sparkline(
    values: Sequence[float | None], width: int, height: int, *, top: float, newest: int | None = None
) -> Rows:
    """All values as bars of the same number of cells, at the right; values must not outnumber the cells.

    '·' is a bin without a measurement, '▁' a measured zero, '▲' a value beyond the scale, a blank one behind
    ``newest``, the bin in progress. One eighth stays free above each row, so that rows stacked upon each
    other never merge.
    """
    canvas = Canvas(width, height, FRAME)
    cells = width // len(values) if values else 0
    left = width - cells * len(values)
    for number, value in enumerate(values):
        x = left + number * cells
        if value is None:
            if cells and (newest is None or number <= newest):
                canvas.set_cell(x + cells // 2, height - 1, "·", FRAME)
            continue
        share = 0.0 if top <= 0 else max(0.0, min(1.0, value / top))
        eighths = max(1, round(share * (height * 8 - 1)))
        style = CellStyle(ColourRole.ACCENT if number == newest else ColourRole.SPARKLINE)
        for column in range(x, x + cells):
            draw_column(canvas, column, height - 1, eighths, style)
        if cells and value > top:
            canvas.set_cell(x + cells // 2, 0, "▲", DEVIATION)
    return canvas.rows
