"""An error drawn against its tolerance band: zero in the middle, the band's edges halfway out. Pure."""

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import Pen, Tone

REACH = 2.0
"""Tolerances that one side of the bar has room for."""


def band_bar(error_g: float | None, tolerance_g: float | None, width: int, ground: Tone) -> Rows:
    """``width`` is odd. An error that does not fit ends in an arrow; without a tolerance there is no bar."""
    canvas = Canvas(width, 1, Pen(bg=ground))
    if error_g is None or not tolerance_g:
        return canvas.rows
    middle, edge = width // 2, round(width // 2 / REACH)
    canvas.text(middle - edge, 0, " " * (2 * edge + 1), Pen(bg=Tone.TRACK))
    for x in (middle - edge, middle + edge):
        canvas.put(x, 0, "┊", Pen(Tone.DIM, Tone.TRACK))
    halves = round(abs(error_g) / tolerance_g / REACH * middle * 2)
    tone = Tone.WARN if abs(error_g) > tolerance_g + 1e-9 else Tone.BAR
    _lean(canvas, -1 if error_g < 0 else 1, halves, tone)
    canvas.put(middle, 0, "│", Pen(Tone.HOT, Tone.TRACK))
    return canvas.rows


def _lean(canvas: Canvas, side: int, halves: int, tone: Tone) -> None:
    """From the middle outwards; the ground of each cell stays."""
    middle = canvas.width // 2
    full, rest = divmod(min(halves, middle * 2), 2)
    cells = ["▄"] * full + (["▖" if side > 0 else "▗"] if rest else [])
    if halves > middle * 2:
        cells[-1] = "→" if side > 0 else "←"
    for number, character in enumerate(cells, start=1):
        x = middle + side * number
        canvas.put(x, 0, character, Pen(tone, canvas.rows[0][x][1].bg, bold=tone is Tone.WARN))
