"""How exactly was dosed: the spread of errors, and the share of doses out of tolerance."""

from dataclasses import dataclass
from datetime import tzinfo

from dosing_tui.console import ranges, words
from dosing_tui.console.canvas import Canvas, Rows
from dosing_tui.console.charts import axes
from dosing_tui.console.charts.area import area
from dosing_tui.console.charts.histogram import histogram
from dosing_tui.console.charts.scale import Window, nice_top, time_ticks
from dosing_tui.console.content import Content, age_of_panel
from dosing_tui.console.moment import Moment
from dosing_tui.console.pens import DIM, HOT, Pen, Tone
from dosing_tui.plant.panels import ACCURACY, ACCURACY_SUMMARY, ERROR_RATE, ErrorBin, ErrorSummary

RATE_LIMIT = 5.0
"""Percent of doses out of tolerance that still counts as normal."""


@dataclass(frozen=True, slots=True)
class Spread:
    bins: tuple[ErrorBin, ...]
    summary: ErrorSummary | None
    tolerance_g: float


@dataclass(frozen=True, slots=True)
class Rate:
    values: tuple[float | None, ...]
    window: Window
    zone: tzinfo


def accuracy(moment: Moment) -> Content[Spread]:
    bins, summaries = moment.rows(ACCURACY), moment.rows(ACCURACY_SUMMARY)
    tolerance = moment.settings.limits.tolerance_g
    age, stale = age_of_panel(moment, ACCURACY, ACCURACY_SUMMARY)
    empty = ""
    if not any(bin_.doses for bin_ in bins):
        empty = moment.nothing_from(ACCURACY, "no dose in the last 24 h")
    data = Spread(bins, summaries[0] if summaries else None, tolerance)
    return Content(ACCURACY.title, data, paint_accuracy, f"error g · limit ±{tolerance:g} · 24 h",
                   age, stale, empty)  # fmt: skip


def error_rate(moment: Moment) -> Content[Rate]:
    window = ranges.window(moment, ERROR_RATE)
    values: list[float | None] = [None] * window.buckets
    for point in moment.rows(ERROR_RATE):
        number = window.index(point.at)
        if number is not None:
            values[number] = point.value
    age, stale = age_of_panel(moment, ERROR_RATE)
    empty = ""
    if all(value is None for value in values):
        empty = moment.nothing_from(ERROR_RATE, "no dose in the last 24 h")
    data = Rate(tuple(values), window, moment.zone)
    return Content(
        ERROR_RATE.title, data, paint_rate, f"% of doses · limit {RATE_LIMIT:g}", age, stale, empty
    )


def paint_accuracy(data: Spread, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    stats = 1 if height >= 5 else 0
    canvas.paste(0, 0, histogram(data.bins, width, height - stats, limit=data.tolerance_g))
    if stats and data.summary is not None:
        _statistics(canvas, height - 1, data.summary)
    return canvas.rows


def _statistics(canvas: Canvas, y: int, summary: ErrorSummary) -> None:
    out = summary.out_percent
    pen = Pen(Tone.WARN) if out is not None and out > RATE_LIMIT else HOT
    shares = [
        ("mean", words.signed(summary.mean_g), HOT),
        ("sd", words.NOTHING if summary.sd_g is None else f"{summary.sd_g:.2f}", HOT),
        ("out", words.NOTHING if out is None else f"{out:.1f} %" if out < 10 else f"{out:.0f} %", pen),
    ]
    written = sum(len(name) + 1 + len(value) for name, value, _ in shares)
    gap = max(1, (canvas.width - written) // 2)
    x = 0
    for number, (name, value, ink) in enumerate(shares):
        if number == 2:
            x = max(x, canvas.width - len(name) - 1 - len(value))
        x = canvas.text(x, y, f"{name} ", DIM)
        x = canvas.text(x, y, value, ink) + gap


def paint_rate(data: Rate, width: int, height: int) -> Rows:
    columns = width - axes.LEFT
    top = max(2 * RATE_LIMIT, nice_top(max((value or 0.0 for value in data.values), default=0.0)))
    if columns < 8 or height < axes.BELOW + 2:
        return area(data.values, width, height, top=top, limit=RATE_LIMIT)
    plot = area(data.values, columns, height - axes.BELOW, top=top, limit=RATE_LIMIT)
    ticks = time_ticks(data.window, columns, data.zone)
    return axes.framed(plot, width=width, height=height, top=top, marks=(top, RATE_LIMIT), ticks=ticks)
