"""A chart over the whole screen: the plot, what the cursor reads, and the statistics of every series."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from dosing_tui.tui.charts.large_plot import plot
from dosing_tui.tui.charts.primitives.braille import marker_of, pen_of
from dosing_tui.tui.charts.series import Curves, Flag, Sign, statistics
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT, Pen, Tone

_NUMBER = 10
_LEAST_PLOT = 8
_NAMED = 2
"""Batches that are told by name."""
_WORDS = {Sign.START: "started", Sign.END: "ended", Sign.ABORT: "aborted"}
_WARNING = Pen(Tone.WARN, bold=True)


def closeup(data: Curves, width: int, height: int, *, cursor: int | None = None) -> Rows:
    """``cursor`` is a bucket; None reads the newest one that has a value."""
    canvas = Canvas(width, height)
    bucket = resting(data) if cursor is None else max(0, min(cursor, data.window.buckets - 1))
    told = 1 if data.flags else 0
    table = min(1 + len(data.curves), max(2, height - _LEAST_PLOT - 1 - told))
    _reading(canvas, data, bucket)
    if told:
        canvas.text(0, 1, happened(data.told(bucket)), TEXT, width=width)
    above = 1 + told
    canvas.paste(0, above, plot(data, width, height - above - table, cursor=bucket))
    _table(canvas, data, bucket, height - table, table)
    return canvas.rows


def happened(told: Sequence[Flag]) -> str:
    """Notes in full; batches by what became of them, each by name where there are few."""
    notes = [flag.text for flag in told if flag.sign is Sign.NOTE]
    batches = [flag for flag in told if flag.sign is not Sign.NOTE]
    if len(batches) <= _NAMED:
        return " · ".join([*notes, *(flag.text for flag in batches)])
    counts = Counter(flag.sign for flag in batches)
    said = [f"{counts[sign]} {word}" for sign, word in _WORDS.items() if counts[sign]]
    return " · ".join([*notes, f"batches: {', '.join(said)}"])


def resting(data: Curves) -> int:
    """The newest bucket that has a value."""
    for bucket in range(data.window.buckets - 1, -1, -1):
        if any(curve.values[bucket] is not None for curve in data.curves):
            return bucket
    return max(0, data.window.buckets - 1)


def _reading(canvas: Canvas, data: Curves, bucket: int) -> None:
    """When the cursor's bucket is, and its value where there is but one."""
    x = canvas.text(0, 0, spoken(*data.span(bucket)), LABEL)
    if data.partial == bucket:
        x = canvas.text(x + 2, 0, "so far", TEXT)
    if len(data.curves) == 1:
        value = data.curves[0].values[bucket]
        above = data.limit is not None and value is not None and value > data.limit
        said = "nothing measured" if value is None else f"{data.written(value)} {data.unit}"
        x = canvas.text(x + 3, 0, said, _WARNING if above else HOT)
        if above:
            canvas.text(x + 2, 0, f"▲ above {data.limit:g}", _WARNING)


def spoken(start: datetime, end: datetime) -> str:
    """A span of time with its day: 24 Nov 14:00–15:00."""
    if start.date() == end.date():
        return f"{start:%a %d %b %H:%M}–{end:%H:%M}"
    last = f"{end:%H:%M}" if (end - start).days < 1 else f"{end:%d %b %H:%M}"
    return f"{start:%a %d %b %H:%M}–{last}"


def _table(canvas: Canvas, data: Curves, bucket: int, y: int, height: int) -> None:
    """A line for each series: its name, its value under the cursor, its statistics over the window."""
    titles = ("here", "min", "mean", "max", *(("sum",) if data.adds_up else ()), "last")
    fitting = max(2, min(len(titles), (canvas.width - 14) // _NUMBER))
    titles = titles[:fitting]
    ends = [canvas.width - _NUMBER * (fitting - 1 - number) for number in range(fitting)]
    for title, end in zip(titles, ends, strict=True):
        canvas.right(end, y, title, DIM)
    canvas.text(0, y, data.unit, DIM)
    rows = height - 1
    shown = data.curves if len(data.curves) <= rows else data.curves[: max(1, rows - 1)]
    for number, curve in enumerate(shown):
        line = y + 1 + number
        found = statistics(curve.values)
        numbers = {
            "here": curve.values[bucket], "min": found.least, "mean": found.mean, "max": found.most,
            "sum": found.total, "last": found.last,
        }  # fmt: skip
        if len(data.curves) > 1:
            canvas.text(0, line, marker_of(number), pen_of(number))
        canvas.text(2, line, curve.name, TEXT, width=max(1, ends[0] - _NUMBER - 1))
        for title, end in zip(titles, ends, strict=True):
            canvas.right(end, line, data.written(numbers[title]), HOT if title == "here" else TEXT)
    if len(shown) < len(data.curves):
        rest = f"{len(data.curves) - len(shown)} more series: filter to see them"
        canvas.text(2, y + height - 1, rest, DIM, width=canvas.width - len(cells(rest)))
