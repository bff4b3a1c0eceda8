"""Horizontal bars: of totals, of an error to either side, of a tank's level with its limits."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.block_characters import LEFT_BLOCKS, value_to_eighths
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
    pen = CellStyle(ColourRole.DEVIATION if abs(value) > limit else ColourRole.BAR, ground)
    halves = min(middle * 2, round(abs(value) / full_scale * middle * 2)) if full_scale > 0 else 0
    full, rest = divmod(halves, 2)
    for cell in range(1, full + 1):
        canvas.set_cell(middle + cell if value > 0 else middle - cell, 0, "▄", pen)
    if rest:
        edge = middle + full + 1 if value > 0 else middle - full - 1
        canvas.set_cell(edge, 0, "▖" if value > 0 else "▗", pen)
    canvas.set_cell(middle, 0, "│", FRAME._replace(bg=ground))
    return canvas.rows


def draw_gauge(percent: float | None, width: int, *, colour: ColourRole, limits: Sequence[float]) -> Rows:
    """A full cell high. Outside 0..100 the bar is clipped; None is an empty track."""
    canvas = Canvas(width, 1, CellStyle(ColourRole.TRACK, ColourRole.TRACK))
    full, rest = divmod(value_to_eighths(percent or 0.0, 100.0, width), 8)
    canvas.write_text(0, 0, "█" * full, CellStyle(colour, ColourRole.TRACK))
    if rest:
        canvas.set_cell(full, 0, LEFT_BLOCKS[rest], CellStyle(colour, ColourRole.TRACK))
    for x in _find_limit_columns(width, limits):
        if x < full:
            canvas.set_cell(x, 0, "▏", CellStyle(ColourRole.BACKGROUND, colour))
        elif x > full or not rest:
            canvas.set_cell(x, 0, "▏", CellStyle(ColourRole.FRAME, ColourRole.TRACK))
    return canvas.rows


def draw_thin_gauge(
    percent: float | None, width: int, *, colour: ColourRole, limits: Sequence[float]
) -> Rows:
    """Half a cell high, for one row per tank; half a cell at least while it is not empty."""
    canvas = Canvas(width, 1, CellStyle(ColourRole.TRACK))
    canvas.write_text(0, 0, "▁" * width, CellStyle(ColourRole.FRAME))
    eighths = value_to_eighths(percent or 0.0, 100.0, width)
    halves = max(1, round(eighths / 4)) if eighths else 0
    for x in _find_limit_columns(width, limits):
        canvas.set_cell(x, 0, "┊", CellStyle(ColourRole.FRAME))
    canvas.write_text(0, 0, "▄" * (halves // 2), CellStyle(colour))
    if halves % 2:
        canvas.set_cell(halves // 2, 0, "▖", CellStyle(colour))
    return canvas.rows


def _find_limit_columns(width: int, limits: Sequence[float]) -> list[int]:
    return [x for limit in limits if 0 < (x := round(limit / 100 * width)) < width]
