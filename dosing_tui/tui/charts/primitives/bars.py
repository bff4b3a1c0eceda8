"""Horizontal bars: thin ones for totals, one that leans to either side for an error."""

from dosing_tui.tui.charts.primitives.block_characters import eighths
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import LINE, Pen, Tone

_BAR = Pen(Tone.BAR)


def thin_bar(value: float, width: int, *, top: float) -> Rows:
    """Half a cell high, so that bars in neighbouring rows stay apart; half-cell steps."""
    canvas = Canvas(width, 1)
    halves = round(eighths(value, top, width) / 4) if value > 0 else 0
    full, rest = divmod(max(1, halves) if value > 0 else 0, 2)
    canvas.text(0, 0, "▄" * full, _BAR)
    if rest:
        canvas.put(full, 0, "▖", _BAR)
    return canvas.rows


def leaning_bar(value: float, width: int, *, reach: float, limit: float, ground: Tone = Tone.GROUND) -> Rows:
    """A bar from the middle to the left for minus, to the right for plus; ``reach`` fills one side.

    Beyond ``limit`` it is in the colour of a warning.
    """
    canvas = Canvas(width, 1, Pen(bg=ground))
    middle = width // 2
    pen = Pen(Tone.WARN if abs(value) > limit else Tone.BAR, ground)
    halves = min(middle * 2, round(abs(value) / reach * middle * 2)) if reach > 0 else 0
    full, rest = divmod(halves, 2)
    for cell in range(1, full + 1):
        canvas.put(middle + cell if value > 0 else middle - cell, 0, "▄", pen)
    if rest:
        edge = middle + full + 1 if value > 0 else middle - full - 1
        canvas.put(edge, 0, "▖" if value > 0 else "▗", pen)
    canvas.put(middle, 0, "│", LINE._replace(bg=ground))
    return canvas.rows
