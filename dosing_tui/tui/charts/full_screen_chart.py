"""A chart at full screen: the plot, the value at the cursor, and the statistics of every series."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from dosing_tui.tui.charts.large_plot import draw_plot
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.series import AnnotationGlyph, ChartAnnotation, ChartData, compute_statistics
from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, WARNING

_NUMBER_WIDTH = 10
_MIN_PLOT_HEIGHT = 8
_MAX_LISTED_BATCHES = 2
"""Batches that are listed by name."""
_GLYPH_WORDS = {
    AnnotationGlyph.START: "started",
    AnnotationGlyph.END: "ended",
    AnnotationGlyph.ABORT: "aborted",
}


def draw_full_screen_chart(data: ChartData, width: int, height: int, *, cursor: int | None = None) -> Rows:
    """``cursor`` is a bucket; None is the newest one with a value."""
    canvas = Canvas(width, height)
    bucket = find_newest_bucket(data) if cursor is None else max(0, min(cursor, data.window.bucket_count - 1))
    annotation_rows = 1 if data.annotations else 0
    table = min(1 + len(data.curves), max(2, height - _MIN_PLOT_HEIGHT - 1 - annotation_rows))
    _draw_cursor_value(canvas, data, bucket)
    if annotation_rows:
        canvas.write_text(0, 1, format_annotations(data.list_annotations(bucket)), TEXT, width=width)
    above = 1 + annotation_rows
    canvas.paste_rows(0, above, draw_plot(data, width, height - above - table, cursor=bucket))
    _draw_statistics(canvas, data, bucket, height - table, table)
    return canvas.rows


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
        x = canvas.write_text(x + 3, 0, text, WARNING if above else STRONG)
        if above:
            canvas.write_text(x + 2, 0, f"▲ above {data.limit:g}", WARNING)


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
    shown = data.curves if len(data.curves) <= rows else data.curves[: max(1, rows - 1)]
    for number, curve in enumerate(shown):
        line = y + 1 + number
        found = compute_statistics(curve.values)
        numbers = {
            "here": curve.values[bucket], "min": found.minimum, "mean": found.mean, "max": found.maximum,
            "sum": found.total, "last": found.last,
        }  # fmt: skip
        if len(data.curves) > 1:
            canvas.write_text(0, line, get_series_marker(number), get_series_style(number))
        canvas.write_text(2, line, curve.name, TEXT, width=max(1, ends[0] - _NUMBER_WIDTH - 1))
        for title, end in zip(titles, ends, strict=True):
            canvas.write_right(
                end, line, data.format_value(numbers[title]), STRONG if title == "here" else TEXT
            )
    if len(shown) < len(data.curves):
        rest = f"{len(data.curves) - len(shown)} more series: filter to see them"
        canvas.write_text(2, y + height - 1, rest, DIM, width=canvas.width - len(split_cells(rest)))
