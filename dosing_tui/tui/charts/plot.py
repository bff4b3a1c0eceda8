"""A plot with its axes: bars of one series, lines of up to four, with limit, annotations and cursor."""

from dosing_tui.tui.charts.primitives.axes import (
    draw_time_axis,
    draw_y_axis,
    measure_labels,
    place_time_ticks,
)
from dosing_tui.tui.charts.primitives.braille import (
    draw_lines,
    find_point_cell,
    get_series_marker,
    get_series_style,
)
from dosing_tui.tui.charts.primitives.columns import draw_bars
from dosing_tui.tui.charts.primitives.scale import column_to_bucket
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis
from dosing_tui.tui.charts.series import AnnotationGlyph, ChartData, split_at_gaps
from dosing_tui.tui.rendering.canvas import Canvas, Rows, paint_cells
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, CellStyle, ColourRole

MIN_MARGIN = 5
"""Columns for the scale and its labels, at least; amounts always have so many."""
_MIN_COLUMNS = 8
_TALL_ROWS = 12
"""Rows of a plot whose scale has four steps."""
_CURSOR = CellStyle(ColourRole.FOCUS)
_MIN_MARKER_GAP = 4
"""Columns between two markers of a curve, at least."""


def measure_margin(data: ChartData) -> int:
    """Columns left of the plot."""
    if data.is_additive:
        return MIN_MARGIN
    return max(MIN_MARGIN, measure_labels(data.build_axis(parts=4)) + 1)


def fit_plot_bins(data: ChartData, width: int) -> ChartData:
    """The data as they are drawn in a plot with axes of this width."""
    return data.fit_bins(width - measure_margin(data))


@paint_cells
def draw_plot(canvas: Canvas, data: ChartData, *, cursor: int | None = None) -> None:
    """``cursor`` is a bucket of the data as they are drawn. Annotations have the topmost row."""
    margin, top = measure_margin(data), 1 if data.annotations else 0
    data = fit_plot_bins(data, canvas.width)
    rows, columns = canvas.height - 2 - top, canvas.width - margin
    if rows < 2 or columns < _MIN_COLUMNS:
        if data.has_bars:
            axis = data.build_axis()
            canvas.paste_rows(
                0, 0, _draw_curves(data.fit_bins(canvas.width), axis, canvas.width, canvas.height)
            )
        return
    axis = data.build_axis(parts=4 if rows >= _TALL_ROWS else 2)
    canvas.paste_rows(margin, top, _draw_curves(data, axis, columns, rows))
    # the label of the limit comes first, then the ends of the scale
    labels = [*axis.ticks[-1:], *([] if data.limit is None else [data.limit]), *axis.ticks[-2::-1]]
    draw_y_axis(canvas, margin - 1, top, rows, axis, [value for value in labels if axis.contains(value)])
    if top:
        _draw_annotations(canvas, data, margin, columns)
    _draw_time_axis(canvas, data, canvas.height - 2, margin, axis.bottom)
    if cursor is not None:
        _draw_cursor(canvas, data, cursor, margin)


def _draw_curves(data: ChartData, axis: ValueAxis, width: int, height: int) -> Rows:
    """One series from 0 as bars, others as lines, with the limit behind them."""
    if data.has_bars:
        return draw_bars(
            data.curves[0].values, width, height, axis=axis, limit=data.limit, is_low_limit=data.is_low_limit
        )
    drawn = Canvas(width, height)
    if data.limit is not None and axis.contains(data.limit):
        drawn.write_text(0, axis.to_row(data.limit, height), "┄" * width, DIM)
    paste_lines(
        drawn, draw_lines([split_at_gaps(curve.values, axis) for curve in data.curves], width, height)
    )
    for number in range(len(data.curves) - 1, -1, -1):
        draw_markers(drawn, data, number, axis)
    return drawn.rows


def paste_lines(canvas: Canvas, lines: Rows) -> None:
    """Lines over what is drawn; its background stays."""
    for y, row in enumerate(lines):
        for x, (cell, style) in enumerate(row):
            if cell != " ":
                canvas.set_cell(x, y, cell, style._replace(bg=canvas.rows[y][x][1].bg))


def draw_markers(canvas: Canvas, data: ChartData, number: int, axis: ValueAxis) -> None:
    """Markers identify a series without colour; each series has its own columns for them.

    A value beyond the limit or outside the scale is marked above or below.
    """
    values, count = data.curves[number].values, len(data.curves[number].values)
    every = max(1, -(-_MIN_MARKER_GAP * count // canvas.width))
    neighbours = zip((None, *values), (*values[1:], None), strict=False)
    for bucket, (value, (before, after)) in enumerate(zip(values, neighbours, strict=True)):
        if value is None:
            continue
        alone = before is None and after is None
        x, y = find_point_cell((bucket + 0.5) / count, axis.to_share(value), canvas.width, canvas.height)
        style = get_series_style(number)._replace(bg=canvas.rows[y][x][1].bg)
        if alone or bucket % every == number % every:
            canvas.set_cell(x, y, get_series_marker(number), style)
        if data.is_beyond_limit(value) or not axis.contains(value):
            is_above = value > axis.top or (axis.contains(value) and not data.is_low_limit)
            mark, beside = ("▲", y - 1) if is_above else ("▼", y + 1)
            canvas.set_cell(x, max(0, min(canvas.height - 1, beside)), mark, DEVIATION)


def _draw_annotations(canvas: Canvas, data: ChartData, left: int, columns: int) -> None:
    whole = data.window.until - data.window.since
    found: dict[int, set[AnnotationGlyph]] = {}
    for flag in data.annotations:
        share = (flag.at - data.window.since) / whole
        if 0 <= share < 1:
            found.setdefault(int(share * columns), set()).add(flag.glyph)
    for column, signs in found.items():
        if {AnnotationGlyph.START, AnnotationGlyph.END} <= signs:
            signs = signs | {AnnotationGlyph.START_AND_END}
        sign = min(signs, key=list(AnnotationGlyph).index)
        is_strong = sign in (AnnotationGlyph.NOTE, AnnotationGlyph.ABORT)
        canvas.set_cell(left + column, 0, sign.value, STRONG if is_strong else DIM)


def _draw_time_axis(canvas: Canvas, data: ChartData, y: int, left: int, bottom: float) -> None:
    """Dotted below a bucket that is in progress or shorter than the others."""
    columns = canvas.width - left
    draw_time_axis(canvas, left - 1, y, ticks := place_time_ticks(data.window, columns, data.zone), bottom)
    ticked = {tick.column for tick in ticks}
    for bucket in data.list_partial_buckets():
        for column in bucket_to_columns(data, bucket, columns):
            if column not in ticked:
                canvas.set_cell(left + column, y, "·", CellStyle(ColourRole.TEXT))


def bucket_to_columns(data: ChartData, bucket: int, columns: int) -> range:
    """The columns of a bucket: several, or one that it shares."""
    count = data.window.bucket_count
    if count > columns:
        return range(bucket * columns // count, bucket * columns // count + 1)
    found = [column for column in range(columns) if column_to_bucket(column, columns, count) == bucket]
    return range(found[0], found[-1] + 1) if found else range(0)


def _draw_cursor(canvas: Canvas, data: ChartData, bucket: int, left: int) -> None:
    drawn, axis = bucket_to_columns(data, bucket, canvas.width - left), canvas.height - 2
    if not drawn:
        return
    middle = left + (drawn[0] + drawn[-1]) // 2
    for y in range(axis):
        for column in drawn:
            cell, style = canvas.rows[y][left + column]
            if cell != " " and data.has_bars and style.fg is ColourRole.SPARKLINE:
                canvas.set_cell(left + column, y, cell, style._replace(fg=ColourRole.ACCENT))
        if canvas.rows[y][middle][0] == " ":
            canvas.set_cell(middle, y, "┊", _CURSOR)
    canvas.set_cell(middle, axis, "┴", STRONG)
