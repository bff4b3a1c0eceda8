"""The frame around a plot: a y-axis with its labels on the left, a time axis below."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.scale import format_tick
from dosing_tui.tui.charts.primitives.time_ticks import Tick
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, FRAME

LABEL_WIDTH = 3
LEFT_MARGIN = LABEL_WIDTH + 1
"""Columns left of the plot."""
BOTTOM_MARGIN = 2
"""Rows below the plot."""


def value_to_row(value: float, top: float, height: int) -> int:
    """The plot row that holds ``value``: labels and threshold lines go through this one function."""
    if top <= 0:
        return height - 1
    return max(0, min(height - 1, height - 1 - int(value / top * height - 1e-9)))


def draw_axes(
    plot: Rows, *, width: int, height: int, top: float, y_labels: Sequence[float], ticks: Sequence[Tick]
) -> Rows:
    """``plot`` with axes around it; ``y_labels`` are labelled on the y-axis."""
    canvas = Canvas(width, height)
    rows = height - BOTTOM_MARGIN
    canvas.paste_rows(LEFT_MARGIN, 0, plot)
    for y in range(rows):
        canvas.set_cell(LABEL_WIDTH, y, "│", FRAME)
    for value in y_labels:
        y = value_to_row(value, top, rows)
        if len(format_tick(value)) <= LABEL_WIDTH:
            canvas.write_right(LABEL_WIDTH, y, format_tick(value), DIM)
            canvas.set_cell(LABEL_WIDTH, y, "┤", FRAME)
    _draw_time_axis(canvas, rows, width - LEFT_MARGIN, ticks)
    return canvas.rows


def _draw_time_axis(canvas: Canvas, y: int, width: int, ticks: Sequence[Tick]) -> None:
    canvas.write_right(LABEL_WIDTH, y, "0", DIM)
    canvas.write_text(LABEL_WIDTH, y, "└" + "─" * width, FRAME)
    free = LABEL_WIDTH
    for tick in ticks:
        canvas.set_cell(LEFT_MARGIN + tick.column, y, "┬", FRAME)
        start = LEFT_MARGIN + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= LEFT_MARGIN + width:
            canvas.write_text(start, y + 1, tick.label, DIM)
            free = start + len(tick.label) + 1
