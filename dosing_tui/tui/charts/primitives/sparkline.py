"""A small column chart without axes, one bucket per cell; the newest bucket stands out."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.block_characters import draw_column
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import FRAME, CellStyle, ColourRole

_BODY = CellStyle(ColourRole.SPARKLINE)
_NEWEST_BUCKET = CellStyle(ColourRole.ACCENT)
NO_VALUE = "·"


def draw_sparkline(values: Sequence[float | None], width: int, height: int, *, top: float) -> Rows:
    """The last ``width`` values; '·' is a bucket without a measurement, '▁' a measured zero.

    One eighth stays free above each row, so that rows stacked upon each other never merge.
    """
    canvas = Canvas(width, height, FRAME)
    shown = list(values[-width:]) if width > 0 else []
    left = width - len(shown)
    for number, value in enumerate(shown):
        style = _NEWEST_BUCKET if number == len(shown) - 1 else _BODY
        if value is None:
            canvas.set_cell(left + number, height - 1, NO_VALUE, FRAME)
        else:
            draw_column(canvas, left + number, height - 1, _value_to_eighths(value, top, height), style)
    return canvas.rows


def _value_to_eighths(value: float, top: float, height: int) -> int:
    share = 0.0 if top <= 0 else max(0.0, min(1.0, value / top))
    return max(1, round(share * (height * 8 - 1)))
