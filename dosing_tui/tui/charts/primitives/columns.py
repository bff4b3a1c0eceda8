"""Columns side by side: an area with a crest, and a small chart without axes."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.axes import value_to_row
from dosing_tui.tui.charts.primitives.block_characters import LOWER_BLOCKS, draw_column, value_to_eighths
from dosing_tui.tui.charts.primitives.scale import resample_values
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, FRAME, CellStyle, ColourRole

_AREA_BODY = CellStyle(ColourRole.AREA)
_CREST = CellStyle(ColourRole.ACCENT)
_UNDER_CREST = CellStyle(ColourRole.AREA, ColourRole.ACCENT)
_CREST_EIGHTHS = 4
"""Eighths of a cell."""
_ABNORMAL = CellStyle(ColourRole.DEVIATION)
_LIMIT_ON_BODY = CellStyle(ColourRole.TEXT, ColourRole.AREA)


def draw_area(
    values: Sequence[float | None], width: int, height: int, *, top: float, limit: float | None = None,
    is_low_limit: bool = False,
) -> Rows:  # fmt: skip
    """One column per cell; None is a gap, 0 a line on the floor. Values are clipped to ``top``.

    Columns above the limit warn; those below it if ``is_low_limit``.
    """
    canvas = Canvas(width, height, FRAME)
    if limit is not None and limit < top:
        canvas.write_text(0, value_to_row(limit, top, height), "┄" * width, DIM)
    for column, value in enumerate(resample_values(values, width)):
        if value is None:
            continue
        eighths = max(1, value_to_eighths(value, top, height))
        if limit is not None and (value < limit if is_low_limit else value > limit):
            draw_column(canvas, column, height - 1, eighths, _ABNORMAL)
        else:
            _draw_crested_column(canvas, column, eighths)
    if limit is not None and is_low_limit:
        _draw_limit_on_body(canvas, value_to_row(limit, top, height))
    return canvas.rows


def _draw_limit_on_body(canvas: Canvas, y: int) -> None:
    """A limit below the crest of the area shows through it."""
    for x, cell in enumerate(canvas.rows[y]):
        if cell == ("█", _AREA_BODY):
            canvas.set_cell(x, y, "┄", _LIMIT_ON_BODY)


def _draw_crested_column(canvas: Canvas, x: int, eighths: int) -> None:
    """The crest is half a cell at least: where the topmost cell holds less, the one below has the rest."""
    full, rest = divmod(eighths - 1, 8)
    rest += 1
    for cell in range(full):
        canvas.set_cell(x, canvas.height - 1 - cell, "█", _AREA_BODY)
    canvas.set_cell(x, canvas.height - 1 - full, LOWER_BLOCKS[rest], _CREST)
    if full and rest < _CREST_EIGHTHS:
        canvas.set_cell(x, canvas.height - full, LOWER_BLOCKS[8 - _CREST_EIGHTHS + rest], _UNDER_CREST)


def draw_sparkline(values: Sequence[float | None], width: int, height: int, *, top: float) -> Rows:
    """The last ``width`` values; '·' is a bucket without a measurement, '▁' a measured zero.

    One eighth stays free above each row, so that rows stacked upon each other never merge.
    """
    canvas = Canvas(width, height, FRAME)
    shown = list(values[-width:]) if width > 0 else []
    left = width - len(shown)
    for number, value in enumerate(shown):
        if value is None:
            canvas.set_cell(left + number, height - 1, "·", FRAME)
        else:
            share = 0.0 if top <= 0 else max(0.0, min(1.0, value / top))
            eighths = max(1, round(share * (height * 8 - 1)))
            style = CellStyle(ColourRole.ACCENT if number == len(shown) - 1 else ColourRole.SPARKLINE)
            draw_column(canvas, left + number, height - 1, eighths, style)
    return canvas.rows
