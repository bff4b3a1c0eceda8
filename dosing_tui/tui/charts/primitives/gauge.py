"""A tank's level as a bar, with the limits cut through it."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.block_characters import LEFT_BLOCKS, value_to_eighths
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole


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
    """Half a cell high, for one row per tank."""
    canvas = Canvas(width, 1, CellStyle(ColourRole.TRACK))
    canvas.write_text(0, 0, "▁" * width, CellStyle(ColourRole.FRAME))
    halves = round(value_to_eighths(percent or 0.0, 100.0, width) / 4)
    for x in _find_limit_columns(width, limits):
        canvas.set_cell(x, 0, "┊", CellStyle(ColourRole.FRAME))
    canvas.write_text(0, 0, "▄" * (halves // 2), CellStyle(colour))
    if halves % 2:
        canvas.set_cell(halves // 2, 0, "▖", CellStyle(colour))
    return canvas.rows


def _find_limit_columns(width: int, limits: Sequence[float]) -> list[int]:
    return [x for limit in limits if 0 < (x := round(limit / 100 * width)) < width]
