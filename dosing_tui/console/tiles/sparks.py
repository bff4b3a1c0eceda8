"""What was dosed of each chemical: a column for each quarter of an hour, and the sum of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from dosing_tui.console import ranges, words
from dosing_tui.console.canvas import Canvas, Rows, plain
from dosing_tui.console.charts.scale import Window, time_ticks
from dosing_tui.console.charts.spark import spark
from dosing_tui.console.content import Content, age_of_panel
from dosing_tui.console.moment import Moment
from dosing_tui.console.pens import DIM, HOT, TEXT
from dosing_tui.console.tiles.consumption import summed
from dosing_tui.plant.panels import BY_CHEMICAL

NUMBER_WIDTH = 8


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: tuple[float | None, ...]
    total: str


@dataclass(frozen=True, slots=True)
class Sparks:
    series: tuple[Series, ...]
    window: Window
    zone: tzinfo


def content(moment: Moment) -> Content[Sparks]:
    window = ranges.window(moment, BY_CHEMICAL)
    rows = moment.rows(BY_CHEMICAL)
    columns = {
        name: summed([row for row in rows if row.series == name], window)
        for name in sorted({row.series for row in rows})
    }
    sums = {name: _sum(values) for name, values in columns.items()}
    mass = words.mass_for(max((total or 0.0 for total in sums.values()), default=0.0))
    series = tuple(Series(plain(name, 24), columns[name], mass.number(sums[name])) for name in columns)
    age, stale = age_of_panel(moment, BY_CHEMICAL)
    empty = "" if series else moment.nothing_from(BY_CHEMICAL, "no dose in the last 24 h")
    minutes = int(window.bucket.total_seconds() // 60)
    return Content(
        BY_CHEMICAL.title, Sparks(series, window, moment.zone), paint,
        f"{minutes} min columns · 24 h {mass.unit}", age, stale, empty,
    )  # fmt: skip


def _sum(values: Sequence[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return sum(measured) if measured else None


def paint(data: Sparks, width: int, height: int) -> Rows:
    """As many rows for each chemical as there are; a time axis below when a row is left."""
    canvas = Canvas(width, height)
    shown, rows_each = _shares(data.series, height)
    name_width = min(width // 3, max((len(series.name) for series in shown), default=0))
    columns = max(1, min(data.window.buckets, width - name_width - 1 - NUMBER_WIDTH))
    left = width - NUMBER_WIDTH - columns
    for number, series in enumerate(shown):
        y = number * rows_each
        base = y + rows_each - 1
        canvas.text(0, base, series.name, TEXT, width=name_width)
        top = max((value or 0.0 for value in series.values[-columns:]), default=0.0)
        canvas.paste(left, y, spark(series.values, columns, rows_each, top=top))
        canvas.right(width, base, series.total, HOT)
    below = len(shown) * rows_each
    if len(shown) < len(data.series):
        canvas.text(0, below, f"{len(data.series) - len(shown)} more: enter shows all", DIM)
    else:
        _time_axis(canvas, below, data, left, columns)
    return canvas.rows


def _shares(series: tuple[Series, ...], height: int) -> tuple[tuple[Series, ...], int]:
    """Which series are shown, and how many rows each has."""
    if len(series) > height:
        return series[: max(1, height - 1)], 1
    each = max(1, height // max(1, len(series)))
    if each > 1 and each * len(series) == height:
        each = max(1, (height - 1) // len(series))
    return series, each


def _time_axis(canvas: Canvas, y: int, data: Sparks, left: int, columns: int) -> None:
    free = 0
    for tick in time_ticks(data.window.last(columns), columns, data.zone):
        start = left + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= canvas.width:
            canvas.text(start, y, tick.label, DIM)
            free = start + len(tick.label) + 1
