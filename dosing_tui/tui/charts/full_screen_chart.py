"""A chart at full screen: plot with time axis and cursor, the value there, statistics of each series."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from dosing_tui.tui.charts.primitives.axes import draw_time_axis, draw_y_axis, place_time_ticks, value_to_row
from dosing_tui.tui.charts.primitives.braille import draw_lines, get_series_marker, get_series_style
from dosing_tui.tui.charts.primitives.columns import draw_area
from dosing_tui.tui.charts.primitives.scale import column_to_bucket
from dosing_tui.tui.charts.series import (
    AnnotationGlyph,
    ChartAnnotation,
    ChartData,
    compute_statistics,
    split_at_gaps,
)
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, paint_cells
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, FRAME, LABEL, STRONG, TEXT, CellStyle, ColourRole

_NUMBER_WIDTH = 10
_MIN_PLOT_HEIGHT = 8
_MAX_LISTED_BATCHES = 2
"""Batches that are listed by name."""
_GLYPH_WORDS = {
    AnnotationGlyph.START: "started",
    AnnotationGlyph.END: "ended",
    AnnotationGlyph.ABORT: "aborted",
}


@paint_cells
def draw_full_screen_chart(canvas: Canvas, data: ChartData, *, cursor: int | None = None) -> None:
    """``cursor`` is a bucket; None is the newest one with a value."""
    bucket = find_newest_bucket(data) if cursor is None else max(0, min(cursor, data.window.bucket_count - 1))
    annotation_rows = 1 if data.annotations else 0
    listed = len(data.curves) + (data.omitted_count > 0)
    table = min(1 + listed, max(2, canvas.height - _MIN_PLOT_HEIGHT - 1 - annotation_rows))
    _draw_cursor_value(canvas, data, bucket)
    if annotation_rows:
        canvas.write_text(0, 1, format_annotations(data.list_annotations(bucket)), TEXT, width=canvas.width)
    above = 1 + annotation_rows
    canvas.paste_rows(0, above, draw_plot(data, canvas.width, canvas.height - above - table, cursor=bucket))
    _draw_statistics(canvas, data, bucket, canvas.height - table, table)


def format_annotations(annotations: Sequence[ChartAnnotation]) -> str:
    """Notes in full; batches by name if there are few, else counted by outcome."""
    notes = [flag.text for flag in annotations if flag.glyph is AnnotationGlyph.NOTE]
    batches = [flag for flag in annotations if flag.glyph is not AnnotationGlyph.NOTE]
    if len(batches) <= _MAX_LISTED_BATCHES:
        return " · ".join([*notes, *(flag.text for flag in batches)])
    counts = Counter(flag.glyph for flag in batches)
    outcomes = [f"{counts[glyph]} {word}" for glyph, word in _GLYPH_WORDS.items() if counts[glyph]]
    return " · ".join([*notes, f"batches: {', '.join(outcomes)}"])


def find_newest_bucket(data: ChartData) -> int:
    """The newest bucket with a value; the last one if none has."""
    buckets = range(data.window.bucket_count - 1, -1, -1)
    with_value = (b for b in buckets if any(curve.values[b] is not None for curve in data.curves))
    return next(with_value, max(0, data.window.bucket_count - 1))


def _draw_cursor_value(canvas: Canvas, data: ChartData, bucket: int) -> None:
    """The time of the cursor's bucket, and the value of a single series."""
    x = canvas.write_text(0, 0, format_time_span(*data.get_bucket_span(bucket)), LABEL)
    if data.partial_bucket == bucket:
        x = canvas.write_text(x + 2, 0, "in progress", TEXT)
    if len(data.curves) == 1:
        value = data.curves[0].values[bucket]
        above = data.limit is not None and value is not None and value > data.limit
        text = "nothing measured" if value is None else f"{data.format_value(value)} {data.unit}"
        x = canvas.write_text(x + 3, 0, text, DEVIATION if above else STRONG)
        if above:
            canvas.write_text(x + 2, 0, f"▲ above {data.limit:g}", DEVIATION)


def format_time_span(start: datetime, end: datetime) -> str:
    """A span of time with its day: 24 Nov 14:00–15:00."""
    if start.date() == end.date():
        return f"{start:%a %d %b %H:%M}–{end:%H:%M}"
    last = f"{end:%H:%M}" if (end - start).days < 1 else f"{end:%d %b %H:%M}"
    return f"{start:%a %d %b %H:%M}–{last}"


def _draw_statistics(canvas: Canvas, data: ChartData, bucket: int, y: int, height: int) -> None:
    """A line for each series: name, value at the cursor, statistics over the window."""
    titles = ("here", "min", "mean", "max", *(("sum",) if data.is_additive else ()), "last")
    fitting = max(2, min(len(titles), (canvas.width - 14) // _NUMBER_WIDTH))
    titles = titles[:fitting]
    ends = [canvas.width - _NUMBER_WIDTH * (fitting - 1 - number) for number in range(fitting)]
    for title, end in zip(titles, ends, strict=True):
        canvas.write_right(end, y, title, DIM)
    canvas.write_text(0, y, data.unit, DIM)
    rows = height - 1
    is_complete = len(data.curves) <= rows and not data.omitted_count
    shown = data.curves if is_complete else data.curves[: max(1, rows - 1)]
    names = fit_names([curve.name for curve in shown], max(1, ends[0] - _NUMBER_WIDTH - 1))
    for number, curve in enumerate(shown):
        line = y + 1 + number
        found = compute_statistics(curve.values)
        numbers = {
            "here": curve.values[bucket], "min": found.minimum, "mean": found.mean, "max": found.maximum,
            "sum": found.total, "last": found.last,
        }  # fmt: skip
        if len(data.curves) > 1:
            canvas.write_text(0, line, get_series_marker(number), get_series_style(number))
        canvas.write_text(2, line, names[number], TEXT)
        for title, end in zip(titles, ends, strict=True):
            canvas.write_right(
                end, line, data.format_value(numbers[title]), STRONG if title == "here" else TEXT
            )
    if rest := data.omitted_count + len(data.curves) - len(shown):
        canvas.write_text(2, y + height - 1, f"{number_format.format_rest(rest)}: filter to see them", DIM)


LEFT_MARGIN = 6
"""Columns for the labels of the scale, and the scale itself."""
_CURSOR = CellStyle(ColourRole.FOCUS)
_HIGHLIGHT_COLOURS = {ColourRole.AREA: ColourRole.SPARKLINE, ColourRole.ACCENT: ColourRole.STRONG}
"""Of the area under the cursor."""
_MIN_MARKER_GAP = 4
"""Columns between two markers of a curve, at least."""


@paint_cells
def draw_plot(canvas: Canvas, data: ChartData, *, cursor: int | None = None) -> None:
    """``cursor`` is a bucket. Annotations have a row above the axis, if there are any."""
    annotation_rows = 1 if data.annotations else 0
    rows, columns = canvas.height - 2 - annotation_rows, canvas.width - LEFT_MARGIN
    if rows < 2 or columns < 8:
        return
    canvas.paste_rows(LEFT_MARGIN, 0, draw_curves(data, columns, rows))
    _draw_scale(canvas, data, rows)
    if annotation_rows:
        _draw_annotations(canvas, data, rows, columns)
    _draw_time_axis(canvas, data, canvas.height - 2, columns)
    if cursor is not None:
        _draw_cursor(canvas, data, cursor, canvas.height - 2, columns)


def draw_curves(data: ChartData, width: int, height: int) -> Rows:
    """One series as an area, several as lines, with the limit behind them."""
    if len(data.curves) == 1:
        return draw_area(
            data.curves[0].values,
            width,
            height,
            top=data.top,
            limit=data.limit,
            is_low_limit=data.is_low_limit,
        )
    top = data.top
    drawn = Canvas(width, height)
    if data.limit is not None and data.limit < top:
        drawn.write_text(0, value_to_row(data.limit, top, height), "┄" * width, DIM)
    braille = draw_lines([split_at_gaps(curve.values, top) for curve in data.curves], width, height)
    for y, row in enumerate(braille):
        for x, (cell, pen) in enumerate(row):
            if cell != " ":
                drawn.set_cell(x, y, cell, pen)
    for number in range(len(data.curves) - 1, -1, -1):
        _draw_markers(drawn, data, number)
    return drawn.rows


def _draw_markers(canvas: Canvas, data: ChartData, number: int) -> None:
    """Markers identify a series without colour; each series has its own columns for them."""
    values, count = data.curves[number].values, len(data.curves[number].values)
    every = max(1, -(-_MIN_MARKER_GAP * count // canvas.width))
    neighbours = zip((None, *values), (*values[1:], None), strict=False)
    for bucket, (value, (before, after)) in enumerate(zip(values, neighbours, strict=True)):
        alone = before is None and after is None
        if value is not None and (alone or bucket % every == number % every):
            x = min(canvas.width - 1, int((bucket + 0.5) * canvas.width / count))
            y = canvas.height - 1 - round(min(1.0, value / data.top) * (canvas.height - 1))
            canvas.set_cell(x, y, get_series_marker(number), get_series_style(number))


def _draw_scale(canvas: Canvas, data: ChartData, rows: int) -> None:
    parts = 4 if rows >= 12 else 2
    steps = [data.top * part / parts for part in range(1, parts + 1)]
    if data.limit is not None and data.limit < data.top and data.limit not in steps:
        steps.append(data.limit)
    draw_y_axis(canvas, LEFT_MARGIN - 1, rows, data.top, steps)


def _draw_annotations(canvas: Canvas, data: ChartData, y: int, columns: int) -> None:
    canvas.set_cell(LEFT_MARGIN - 1, y, "│", FRAME)
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
        canvas.set_cell(
            LEFT_MARGIN + column,
            y,
            sign.value,
            STRONG if sign in (AnnotationGlyph.NOTE, AnnotationGlyph.ABORT) else DIM,
        )


def _draw_time_axis(canvas: Canvas, data: ChartData, y: int, columns: int) -> None:
    """Dotted at the bucket in progress."""
    draw_time_axis(canvas, LEFT_MARGIN - 1, y, ticks := place_time_ticks(data.window, columns, data.zone))
    if data.partial_bucket is not None:
        ticked = {tick.column for tick in ticks}
        for column in bucket_to_columns(data, data.partial_bucket, columns):
            if column not in ticked:
                canvas.set_cell(LEFT_MARGIN + column, y, "·", CellStyle(ColourRole.TEXT))


def bucket_to_columns(data: ChartData, bucket: int, columns: int) -> range:
    """The columns of a bucket: several, or one that it shares."""
    count = data.window.bucket_count
    if count > columns:
        return range(bucket * columns // count, bucket * columns // count + 1)
    found = [column for column in range(columns) if column_to_bucket(column, columns, count) == bucket]
    return range(found[0], found[-1] + 1) if found else range(0)


def _draw_cursor(canvas: Canvas, data: ChartData, bucket: int, axis: int, columns: int) -> None:
    drawn = bucket_to_columns(data, bucket, columns)
    if not drawn:
        return
    middle = LEFT_MARGIN + (drawn[0] + drawn[-1]) // 2
    for y in range(axis):
        for column in drawn:
            cell, pen = canvas.rows[y][LEFT_MARGIN + column]
            if cell != " " and len(data.curves) == 1:
                colour = _HIGHLIGHT_COLOURS.get(pen.fg, pen.fg)
                canvas.set_cell(LEFT_MARGIN + column, y, cell, pen._replace(fg=colour))
        if canvas.rows[y][middle][0] == " ":
            canvas.set_cell(middle, y, "┊", _CURSOR)
    canvas.set_cell(middle, axis, "┴", STRONG)
