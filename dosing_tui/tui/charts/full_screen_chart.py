"""A chart at full screen: plot with time axis and cursor, the value there, statistics of each series."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from dosing_tui.tui.charts.plot import draw_plot, fit_plot_bins
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.series import (
    MAX_LINES,
    AnnotationGlyph,
    ChartAnnotation,
    ChartData,
    Curve,
    compute_statistics,
)
from dosing_tui.tui.charts.small_multiples import StripNumbers, choose_layout, draw_strips, fit_strip_bins
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, fit_names, paint_cells
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT

_HOUR = timedelta(hours=1)
_NUMBER_WIDTH = 10
_MIN_PLOT_HEIGHT = 8
_MIN_STRIP_WIDTH = 34
"""Columns of a strip with its marker and its gaps, at least."""
_MAX_LISTED_BATCHES = 2
"""Batches that are listed by name."""
_GLYPH_WORDS = {
    AnnotationGlyph.START: "started",
    AnnotationGlyph.END: "ended",
    AnnotationGlyph.ABORT: "aborted",
}


@paint_cells
def draw_full_screen_chart(canvas: Canvas, data: ChartData, *, cursor: int | None = None) -> None:
    """``cursor`` is a bucket of the data as they are drawn; None is the newest one with a value."""
    data = fit_full_screen(data, canvas.width, canvas.height)
    bucket = find_newest_bucket(data) if cursor is None else max(0, min(cursor, data.window.bucket_count - 1))
    _draw_cursor_value(canvas, data, bucket)
    above = 1
    if data.annotations:
        canvas.write_text(0, 1, format_annotations(data.list_annotations(bucket)), TEXT, width=canvas.width)
        above = 2
    if len(data.curves) > MAX_LINES:
        strips = Canvas(canvas.width, canvas.height - above)
        draw_strips(strips, data, _list_numbers(data, bucket, canvas.width), heading=data.unit, cursor=bucket)
        canvas.paste_rows(0, above, strips.rows)
        return
    table = min(1 + len(data.curves), max(2, canvas.height - _MIN_PLOT_HEIGHT - above))
    canvas.paste_rows(0, above, draw_plot(data, canvas.width, canvas.height - above - table, cursor=bucket))
    _draw_statistics(canvas, data, bucket, canvas.height - table, table)


def fit_full_screen(data: ChartData, width: int, height: int) -> ChartData:
    """The data as they are drawn at full screen: the cursor moves over these buckets."""
    if len(data.curves) <= MAX_LINES:
        return fit_plot_bins(data, width)
    layout = choose_layout(data, _list_numbers(data, 0, width), width, height)
    return fit_strip_bins(data, layout)


def _list_numbers(data: ChartData, bucket: int, width: int) -> StripNumbers:
    """The statistics that leave room to the strips, in columns that do not move with the cursor."""
    found = [_get_statistics(curve, bucket) for curve in data.curves]
    widest = max(len(data.format_value(one[title])) for one in found for title in ("min", "max", "sum"))
    room = width - max(len(curve.name) for curve in data.curves) - _MIN_STRIP_WIDTH
    titles = _list_titles(data)[: max(2, room // (widest + 2))]
    rows = tuple(tuple(data.format_value(one[title]) for title in titles) for one in found)
    heads = tuple(title.rjust(widest) for title in titles)
    return StripNumbers(heads, rows, has_markers=not data.is_additive)


def _list_titles(data: ChartData) -> tuple[str, ...]:
    if data.is_additive:
        return "here", "sum", "max", "mean", "min", "last"
    return "here", "min", "max", "mean", "last"


def _get_statistics(curve: Curve, bucket: int) -> dict[str, float | None]:
    found = compute_statistics(curve.values, curve.weights)
    return {
        "here": curve.values[bucket] if bucket < len(curve.values) else None, "min": found.minimum,
        "mean": found.mean, "max": found.maximum, "sum": found.total, "last": found.last,
    }  # fmt: skip


def describe_full_screen(data: ChartData, width: int, height: int) -> str:
    """Width of the bins and kind of the axis, for the caption."""
    return describe_bins(data, fit_full_screen(data, width, height))


def describe_bins(data: ChartData, drawn: ChartData) -> str:
    """What a column of a chart stands for: 'kg in 30 min', 'mean s in 1 h'."""
    width = drawn.window.bucket_width
    per = "/h" if width == _HOUR else f" in {number_format.format_bucket_width(width)}"
    if data.is_additive:
        return " · ".join(part for part in (f"{data.unit}{per}", drawn.axis_name) if part)
    return data.axis_mode.value


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
    if bucket in data.list_partial_buckets():
        state = "in progress" if data.partial_bucket == bucket else "shorter than the others"
        x = canvas.write_text(x + 2, 0, state, TEXT)
    if len(data.curves) == 1:
        value = data.curves[0].values[bucket]
        beyond = value is not None and data.is_beyond_limit(value)
        text = "nothing measured" if value is None else f"{data.format_value(value)} {data.unit}"
        x = canvas.write_text(x + 3, 0, text, DEVIATION if beyond else STRONG)
        if beyond:
            side = "▼ below" if data.is_low_limit else "▲ above"
            canvas.write_text(x + 2, 0, f"{side} {data.format_value(data.limit)} {data.unit}", DEVIATION)


def format_time_span(start: datetime, end: datetime) -> str:
    """A span of time with its day: 24 Nov 14:00–15:00."""
    if start.date() == end.date():
        return f"{start:%a %d %b %H:%M}–{end:%H:%M}"
    last = f"{end:%H:%M}" if (end - start).days < 1 else f"{end:%d %b %H:%M}"
    return f"{start:%a %d %b %H:%M}–{last}"


def _draw_statistics(canvas: Canvas, data: ChartData, bucket: int, y: int, height: int) -> None:
    """A line for each series: name, value at the cursor, statistics over the window."""
    titles = _list_titles(data)
    fitting = max(2, min(len(titles), (canvas.width - 14) // _NUMBER_WIDTH))
    titles = titles[:fitting]
    ends = [canvas.width - _NUMBER_WIDTH * (fitting - 1 - number) for number in range(fitting)]
    for title, end in zip(titles, ends, strict=True):
        canvas.write_right(end, y, title, DIM)
    canvas.write_text(0, y, data.unit, DIM)
    shown = data.curves[: height - 1]
    names = fit_names([curve.name for curve in shown], max(1, ends[0] - _NUMBER_WIDTH - 1))
    for number, curve in enumerate(shown):
        line = y + 1 + number
        numbers = _get_statistics(curve, bucket)
        if len(data.curves) > 1:
            canvas.write_text(0, line, get_series_marker(number), get_series_style(number))
        canvas.write_text(2, line, names[number], TEXT)
        for title, end in zip(titles, ends, strict=True):
            canvas.write_right(
                end, line, data.format_value(numbers[title]), STRONG if title == "here" else TEXT
            )
