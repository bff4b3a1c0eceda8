"""What was dosed: today by chemical as bars, over a day as an area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from dosing_tui.console import ranges, words
from dosing_tui.console.canvas import Rows, plain
from dosing_tui.console.charts import axes
from dosing_tui.console.charts.area import area
from dosing_tui.console.charts.scale import Window, nice_top, time_ticks
from dosing_tui.console.content import Content, age_of_panel
from dosing_tui.console.moment import Moment
from dosing_tui.console.tiles.totals import Totals, paint_totals
from dosing_tui.plant.panels import CONSUMPTION, TODAY, SeriesPoint


@dataclass(frozen=True, slots=True)
class Trend:
    """One series over a window, already in the unit it is shown in."""

    values: tuple[float | None, ...]
    window: Window
    zone: tzinfo


def today(moment: Moment) -> Content[Totals]:
    rows = moment.rows(TODAY)
    mass = words.mass_for(max((row.value or 0.0 for row in rows), default=0.0))
    items = tuple((plain(row.label, 24), row.value, mass.words(row.value)) for row in rows)
    age, stale = age_of_panel(moment, TODAY)
    empty = "" if rows else moment.nothing_from(TODAY, "no dose today")
    return Content(TODAY.title, Totals(items), paint_totals, "actual mass", age, stale, empty)


def over_time(moment: Moment) -> Content[Trend]:
    window = ranges.window(moment, CONSUMPTION)
    values = summed(moment.rows(CONSUMPTION), window)
    mass = words.mass_for(_top(values))
    scaled = tuple(None if value is None else value / mass.grams for value in values)
    age, stale = age_of_panel(moment, CONSUMPTION)
    empty = ""
    if all(value is None for value in values):
        empty = moment.nothing_from(CONSUMPTION, "no dose in the last 24 h")
    return Content(
        CONSUMPTION.title, Trend(scaled, window, moment.zone), paint_trend,
        f"all chemicals · {mass.unit}/h", age, stale, empty,
    )  # fmt: skip


def summed(points: Sequence[SeriesPoint], window: Window) -> tuple[float | None, ...]:
    """The window's buckets, all series added up; None where nothing was measured."""
    values: list[float | None] = [None] * window.buckets
    for point in points:
        number = window.index(point.at)
        if number is not None and point.value is not None:
            values[number] = (values[number] or 0.0) + point.value
    return tuple(values)


def paint_trend(data: Trend, width: int, height: int) -> Rows:
    top, columns = _top(data.values), width - axes.LEFT
    if columns < 8 or height < axes.BELOW + 2:
        return area(data.values, width, height, top=top)
    plot = area(data.values, columns, height - axes.BELOW, top=top)
    ticks = time_ticks(data.window, columns, data.zone)
    return axes.framed(plot, width=width, height=height, top=top, marks=(top, top / 2), ticks=ticks)


def _top(values: Sequence[float | None]) -> float:
    return nice_top(max((value or 0.0 for value in values), default=0.0))
