"""A small column chart without axes, one bucket per cell; the newest bucket stands out."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.block_characters import UPWARD
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import LINE, Pen, Tone

_BODY = Pen(Tone.SPARK)
_NEWEST = Pen(Tone.CREST)
MISSING = "·"


def spark(values: Sequence[float | None], width: int, height: int, *, top: float) -> Rows:
    """The last ``width`` values; '·' is a bucket without a measurement, '▁' a measured zero.

    One eighth stays free above each row, so that rows stacked upon each other never merge.
    """
    canvas = Canvas(width, height, LINE)
    shown = list(values[-width:]) if width > 0 else []
    left = width - len(shown)
    for number, value in enumerate(shown):
        pen = _NEWEST if number == len(shown) - 1 else _BODY
        if value is None:
            canvas.put(left + number, height - 1, MISSING, LINE)
        else:
            _column(canvas, left + number, _filled(value, top, height), pen)
    return canvas.rows


def _filled(value: float, top: float, height: int) -> int:
    share = 0.0 if top <= 0 else max(0.0, min(1.0, value / top))
    return max(1, round(share * (height * 8 - 1)))


def _column(canvas: Canvas, x: int, filled: int, pen: Pen) -> None:
    full, rest = divmod(filled, 8)
    for cell in range(full):
        canvas.put(x, canvas.height - 1 - cell, "█", pen)
    if rest:
        canvas.put(x, canvas.height - 1 - full, UPWARD[rest], pen)
