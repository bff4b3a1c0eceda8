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
    draw_y_axis(canvas, LABEL_WIDTH, rows, top, y_labels)
    draw_time_axis(canvas, LABEL_WIDTH, rows, ticks)
    return canvas.rows


def draw_y_axis(canvas: Canvas, x: int, rows: int, top: float, values: Sequence[float]) -> None:
    """A scale in column ``x``, with the labels that fit on its left."""
    for y in range(rows):
        canvas.set_cell(x, y, "│", FRAME)
    for value in values:
        y = value_to_row(value, top, rows)
        if len(format_tick(value)) <= x:
            canvas.write_right(x, y, format_tick(value), DIM)
            canvas.set_cell(x, y, "┤", FRAME)


def draw_time_axis(canvas: Canvas, x: int, y: int, ticks: Sequence[Tick]) -> None:
    """From the zero of the scale in column ``x`` to the edge; the labels of the ticks below row ``y``."""
    canvas.write_right(x, y, "0", DIM)
    canvas.write_text(x, y, "└" + "─" * (canvas.width - x - 1), FRAME)
    for tick in ticks:
        canvas.set_cell(x + 1 + tick.column, y, "┬", FRAME)
    write_tick_labels(canvas, y + 1, ticks, left=x + 1, start=x)


def write_tick_labels(canvas: Canvas, y: int, ticks: Sequence[Tick], *, left: int, start: int) -> None:
    """The labels that fit between column ``start`` and the edge without touching each other."""
    free = start
    for tick in ticks:
        x = left + tick.column - len(tick.label) // 2
        if x >= free and x + len(tick.label) <= canvas.width:
            canvas.write_text(x, y, tick.label, DIM)
            free = x + len(tick.label) + 1
