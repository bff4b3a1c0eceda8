"""The plot of a chart that has the whole screen: scale, curves, time axis, what happened, and the cursor."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.area import area
from dosing_tui.tui.charts.primitives.axes import row_of
from dosing_tui.tui.charts.primitives.braille import lines, marker_of, pen_of
from dosing_tui.tui.charts.primitives.scale import bucket_of, tick_label
from dosing_tui.tui.charts.primitives.time_ticks import time_ticks
from dosing_tui.tui.charts.series import Curves, Sign, pieces
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, HOT, LINE, Pen, Tone

LEFT = 6
"""Columns for the labels of the scale, and the scale itself."""
_CURSOR = Pen(Tone.FOCUS)
_MARKER_EVERY = 4
"""Columns between two markers of a curve, at least."""


def plot(data: Curves, width: int, height: int, *, cursor: int | None = None) -> Rows:
    """``cursor`` is a bucket. What happened has a row above the axis, if anything has."""
    canvas = Canvas(width, height)
    happened = 1 if data.flags else 0
    rows, columns = height - 2 - happened, width - LEFT
    if rows < 2 or columns < 8:
        return canvas.rows
    canvas.paste(LEFT, 0, curved(data, columns, rows))
    _scale(canvas, data, rows)
    if happened:
        _flags(canvas, data, rows, columns)
    _time_axis(canvas, data, height - 2, columns)
    if cursor is not None:
        _cursor(canvas, data, cursor, height - 2, columns)
    return canvas.rows


def curved(data: Curves, width: int, height: int) -> Rows:
    """One series as an area, several as lines, with the limit behind them."""
    if len(data.curves) == 1:
        return area(data.curves[0].values, width, height, top=data.top, limit=data.limit, low=data.low)
    top = data.top
    drawn = Canvas(width, height)
    if data.limit is not None and data.limit < top:
        drawn.text(0, row_of(data.limit, top, height), "┄" * width, DIM)
    braille = lines([pieces(curve.values, top) for curve in data.curves], width, height)
    for y, row in enumerate(braille):
        for x, (cell, pen) in enumerate(row):
            if cell != " ":
                drawn.put(x, y, cell, pen)
    for number in range(len(data.curves) - 1, -1, -1):
        _markers(drawn, data, number)
    return drawn.rows


def _markers(canvas: Canvas, data: Curves, number: int) -> None:
    """A series is told by its marker, too; each has its own columns for them, as far as there is room."""
    values, count = data.curves[number].values, len(data.curves[number].values)
    every = max(1, -(-_MARKER_EVERY * count // canvas.width))
    for bucket, value in enumerate(values):
        alone = _at(values, bucket - 1) is None and _at(values, bucket + 1) is None
        if value is not None and (alone or bucket % every == number % every):
            x = min(canvas.width - 1, int((bucket + 0.5) * canvas.width / count))
            y = canvas.height - 1 - round(min(1.0, value / data.top) * (canvas.height - 1))
            canvas.put(x, y, marker_of(number), pen_of(number))


def _at(values: Sequence[float | None], bucket: int) -> float | None:
    return values[bucket] if 0 <= bucket < len(values) else None


def _scale(canvas: Canvas, data: Curves, rows: int) -> None:
    parts = 4 if rows >= 12 else 2
    steps = [data.top * part / parts for part in range(1, parts + 1)]
    if data.limit is not None and data.limit < data.top and data.limit not in steps:
        steps.append(data.limit)
    for y in range(rows):
        canvas.put(LEFT - 1, y, "│", LINE)
    for value in steps:
        y = row_of(value, data.top, rows)
        canvas.right(LEFT - 1, y, tick_label(value)[: LEFT - 1], DIM)
        canvas.put(LEFT - 1, y, "┤", LINE)


def _flags(canvas: Canvas, data: Curves, y: int, columns: int) -> None:
    canvas.put(LEFT - 1, y, "│", LINE)
    whole = data.window.until - data.window.since
    found: dict[int, set[Sign]] = {}
    for flag in data.flags:
        share = (flag.at - data.window.since) / whole
        if 0 <= share < 1:
            found.setdefault(int(share * columns), set()).add(flag.sign)
    for column, signs in found.items():
        if {Sign.START, Sign.END} <= signs:
            signs = signs | {Sign.BOTH}
        sign = min(signs, key=list(Sign).index)
        canvas.put(LEFT + column, y, sign.value, HOT if sign in (Sign.NOTE, Sign.ABORT) else DIM)


def _time_axis(canvas: Canvas, data: Curves, y: int, columns: int) -> None:
    """Dotted where the bucket is not over yet."""
    canvas.right(LEFT - 1, y, "0", DIM)
    canvas.text(LEFT - 1, y, "└" + "─" * columns, LINE)
    if data.partial is not None:
        for column in columns_of(data, data.partial, columns):
            canvas.put(LEFT + column, y, "·", Pen(Tone.TEXT))
    free = LEFT - 1
    for tick in time_ticks(data.window, columns, data.zone):
        canvas.put(LEFT + tick.column, y, "┬", LINE)
        start = LEFT + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= canvas.width:
            canvas.text(start, y + 1, tick.label, DIM)
            free = start + len(tick.label) + 1


def columns_of(data: Curves, bucket: int, columns: int) -> range:
    """Where a bucket is drawn: several columns, or one that it shares."""
    count = data.window.buckets
    if count > columns:
        return range(bucket * columns // count, bucket * columns // count + 1)
    found = [column for column in range(columns) if bucket_of(column, columns, count) == bucket]
    return range(found[0], found[-1] + 1) if found else range(0)


def _cursor(canvas: Canvas, data: Curves, bucket: int, axis: int, columns: int) -> None:
    drawn = columns_of(data, bucket, columns)
    if not drawn:
        return
    middle = LEFT + (drawn[0] + drawn[-1]) // 2
    for y in range(axis):
        for column in drawn:
            cell, pen = canvas.rows[y][LEFT + column]
            if cell != " " and len(data.curves) == 1:
                canvas.put(LEFT + column, y, cell, pen._replace(fg=_lit(pen.fg)))
        if canvas.rows[y][middle][0] == " ":
            canvas.put(middle, y, "┊", _CURSOR)
    canvas.put(middle, axis, "┴", HOT)


def _lit(tone: Tone) -> Tone:
    return Tone.SPARK if tone is Tone.FILL else Tone.HOT if tone is Tone.CREST else tone
