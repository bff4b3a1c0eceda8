"""An error as a bar against its tolerance band: zero in the middle, the limits halfway to the ends. Pure."""

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

TOLERANCES_PER_SIDE = 2.0
"""The end of each side, in tolerances."""


def render_tolerance_bar(
    error_g: float | None, tolerance_g: float | None, width: int, background: ColourRole
) -> Rows:
    """``width`` is odd. An error beyond the scale ends in an arrow; without a tolerance there is no bar."""
    canvas = Canvas(width, 1, CellStyle(bg=background))
    if error_g is None or not tolerance_g:
        return canvas.rows
    middle, edge = width // 2, round(width // 2 / TOLERANCES_PER_SIDE)
    canvas.write_text(middle - edge, 0, " " * (2 * edge + 1), CellStyle(bg=ColourRole.TRACK))
    for x in (middle - edge, middle + edge):
        canvas.set_cell(x, 0, "┊", CellStyle(ColourRole.DIM, ColourRole.TRACK))
    halves = round(abs(error_g) / tolerance_g / TOLERANCES_PER_SIDE * middle * 2)
    tone = ColourRole.WARN if abs(error_g) > tolerance_g + 1e-9 else ColourRole.BAR
    _draw_deviation(canvas, -1 if error_g < 0 else 1, halves, tone)
    canvas.set_cell(middle, 0, "│", CellStyle(ColourRole.STRONG, ColourRole.TRACK))
    return canvas.rows


def _draw_deviation(canvas: Canvas, side: int, half_cells: int, tone: ColourRole) -> None:
    """Draw from the middle outwards, on the background of each cell."""
    middle = canvas.width // 2
    full, rest = divmod(min(half_cells, middle * 2), 2)
    cells = ["▄"] * full + (["▖" if side > 0 else "▗"] if rest else [])
    if half_cells > middle * 2:
        cells[-1] = "→" if side > 0 else "←"
    for number, character in enumerate(cells, start=1):
        x = middle + side * number
        style = CellStyle(tone, canvas.rows[0][x][1].bg, bold=tone is ColourRole.WARN)
        canvas.set_cell(x, 0, character, style)
