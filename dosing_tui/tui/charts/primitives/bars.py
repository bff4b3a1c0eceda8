"""Horizontal bars: thin ones for totals, one that leans to either side for an error."""

from dosing_tui.tui.charts.primitives.block_characters import value_to_eighths
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import FRAME, CellStyle, ColourRole

_BAR = CellStyle(ColourRole.BAR)


def draw_thin_bar(value: float, width: int, *, top: float) -> Rows:
    """Half a cell high, so that bars in neighbouring rows stay apart; half-cell steps."""
    canvas = Canvas(width, 1)
    halves = round(value_to_eighths(value, top, width) / 4) if value > 0 else 0
    full, rest = divmod(max(1, halves) if value > 0 else 0, 2)
    canvas.write_text(0, 0, "▄" * full, _BAR)
    if rest:
        canvas.set_cell(full, 0, "▖", _BAR)
    return canvas.rows


def draw_deviation_bar(
    value: float, width: int, *, full_scale: float, limit: float, ground: ColourRole = ColourRole.BACKGROUND
) -> Rows:
    """A bar from the middle to the left for minus, to the right for plus; ``full_scale`` fills one side.

    Beyond ``limit`` it is in the colour of a warning.
    """
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    middle = width // 2
    pen = CellStyle(ColourRole.WARN if abs(value) > limit else ColourRole.BAR, ground)
    halves = min(middle * 2, round(abs(value) / full_scale * middle * 2)) if full_scale > 0 else 0
    full, rest = divmod(halves, 2)
    for cell in range(1, full + 1):
        canvas.set_cell(middle + cell if value > 0 else middle - cell, 0, "▄", pen)
    if rest:
        edge = middle + full + 1 if value > 0 else middle - full - 1
        canvas.set_cell(edge, 0, "▖" if value > 0 else "▗", pen)
    canvas.set_cell(middle, 0, "│", FRAME._replace(bg=ground))
    return canvas.rows
