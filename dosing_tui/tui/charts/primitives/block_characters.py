"""Block characters by eighths: bars and areas are drawn with them."""

from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.palette import CellStyle

LOWER_BLOCKS = " ▁▂▃▄▅▆▇█"
"""Cells filled from below by 0..8 eighths."""
LEFT_BLOCKS = " ▏▎▍▌▋▊▉█"
"""Cells filled from the left by 0..8 eighths."""


def value_to_eighths(value: float, top: float, cells: int) -> int:
    """Eighths of ``cells`` cells that a value fills on a scale from 0 to ``top``; one at least."""
    if top <= 0 or value <= 0:
        return 0
    return max(1, round(min(1.0, value / top) * cells * 8))


def draw_column(canvas: Canvas, x: int, floor: int, eighths: int, style: CellStyle) -> None:
    """A column of so many eighths that stands in row ``floor``."""
    full, rest = divmod(eighths, 8)
    for cell in range(full):
        canvas.set_cell(x, floor - cell, "█", style)
    if rest:
        canvas.set_cell(x, floor - full, LOWER_BLOCKS[rest], style)
