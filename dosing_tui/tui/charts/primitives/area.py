"""An area under a line: a quiet body with a bright crest, columns above a limit in warning colour."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.axes import row_of
from dosing_tui.tui.charts.primitives.block_characters import UPWARD, eighths
from dosing_tui.tui.charts.primitives.scale import spread
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import LINE, Pen, Tone

_BODY = Pen(Tone.FILL)
_CREST = Pen(Tone.CREST)
_UNDER_CREST = Pen(Tone.FILL, Tone.CREST)
_THICKNESS = 4
"""Eighths of a cell."""
_ABOVE = Pen(Tone.WARN)
_LIMIT = Pen(Tone.DIM)
_THROUGH = Pen(Tone.TEXT, Tone.FILL)


def area(
    values: Sequence[float | None], width: int, height: int, *, top: float, limit: float | None = None,
    low: bool = False,
) -> Rows:  # fmt: skip
    """One column per cell; None is a gap, 0 a line on the floor. Values are clipped to ``top``.

    Columns above the limit warn; those below it if ``low``.
    """
    canvas = Canvas(width, height, LINE)
    if limit is not None and limit < top:
        canvas.text(0, row_of(limit, top, height), "┄" * width, _LIMIT)
    for column, value in enumerate(spread(values, width)):
        if value is None:
            continue
        if limit is not None and (value < limit if low else value > limit):
            _solid(canvas, column, max(1, eighths(value, top, height)))
        else:
            _crested(canvas, column, max(1, eighths(value, top, height)))
    if limit is not None and low:
        _cut(canvas, row_of(limit, top, height))
    return canvas.rows


def _cut(canvas: Canvas, y: int) -> None:
    """A limit that the area stands above shows through it."""
    for x, cell in enumerate(canvas.rows[y]):
        if cell == ("█", _BODY):
            canvas.put(x, y, "┄", _THROUGH)


def _solid(canvas: Canvas, x: int, filled: int) -> None:
    full, rest = divmod(filled, 8)
    for cell in range(full):
        canvas.put(x, canvas.height - 1 - cell, "█", _ABOVE)
    if rest:
        canvas.put(x, canvas.height - 1 - full, UPWARD[rest], _ABOVE)


def _crested(canvas: Canvas, x: int, filled: int) -> None:
    """The crest is half a cell at least: where the topmost cell holds less, the one below has the rest."""
    full, rest = divmod(filled - 1, 8)
    rest += 1
    for cell in range(full):
        canvas.put(x, canvas.height - 1 - cell, "█", _BODY)
    canvas.put(x, canvas.height - 1 - full, UPWARD[rest], _CREST)
    if full and rest < _THICKNESS:
        canvas.put(x, canvas.height - full, UPWARD[8 - _THICKNESS + rest], _UNDER_CREST)
