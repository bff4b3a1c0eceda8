"""The frame around a plot: a y-axis with its labels on the left, a time axis below."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.scale import tick_label
from dosing_tui.tui.charts.primitives.time_ticks import Tick
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, LINE

LABEL_WIDTH = 3
LEFT = LABEL_WIDTH + 1
"""Columns left of the plot."""
BELOW = 2
"""Rows below the plot."""


def row_of(value: float, top: float, height: int) -> int:
    """The plot row that holds ``value``: labels and threshold lines go through this one function."""
    if top <= 0:
        return height - 1
    return max(0, min(height - 1, height - 1 - int(value / top * height - 1e-9)))


def framed(
    plot: Rows, *, width: int, height: int, top: float, marks: Sequence[float], ticks: Sequence[Tick]
) -> Rows:
    """``plot`` with axes around it; ``marks`` are labelled on the y-axis."""
    canvas = Canvas(width, height)
    rows = height - BELOW
    canvas.paste(LEFT, 0, plot)
    for y in range(rows):
        canvas.put(LABEL_WIDTH, y, "│", LINE)
    for value in marks:
        y = row_of(value, top, rows)
        if len(tick_label(value)) <= LABEL_WIDTH:
            canvas.right(LABEL_WIDTH, y, tick_label(value), DIM)
            canvas.put(LABEL_WIDTH, y, "┤", LINE)
    _time_axis(canvas, rows, width - LEFT, ticks)
    return canvas.rows


def _time_axis(canvas: Canvas, y: int, width: int, ticks: Sequence[Tick]) -> None:
    canvas.right(LABEL_WIDTH, y, "0", DIM)
    canvas.text(LABEL_WIDTH, y, "└" + "─" * width, LINE)
    free = LABEL_WIDTH
    for tick in ticks:
        canvas.put(LEFT + tick.column, y, "┬", LINE)
        start = LEFT + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= LEFT + width:
            canvas.text(start, y + 1, tick.label, DIM)
            free = start + len(tick.label) + 1
