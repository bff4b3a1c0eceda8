"""What was dosed over time: an area of all chemicals, a line of each."""

from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import BY_CHEMICAL, CONSUMPTION
from dosing_tui.tui.charts.large_plot import plot
from dosing_tui.tui.charts.primitives import axes
from dosing_tui.tui.charts.primitives.area import area
from dosing_tui.tui.charts.primitives.braille import marker_of, pen_of
from dosing_tui.tui.charts.primitives.time_ticks import time_ticks
from dosing_tui.tui.charts.series import Curves
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.bucketing import masses, measured
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel

HOUR = timedelta(hours=1)


def over_time(moment: Moment) -> Content[Curves]:
    curves = masses(moment, CONSUMPTION, together=True)
    age, stale = age_of_panel(moment, CONSUMPTION)
    empty = "" if measured(curves) else moment.nothing_from(CONSUMPTION, "no dose")
    bucket = curves.window.bucket
    per = "/h" if bucket == HOUR else f" in {number_format.span(bucket)}"
    unit = f"all chemicals · {curves.unit}{per}"
    return Content(CONSUMPTION.title, curves, paint_area, unit, age, stale, empty)


def by_chemical(moment: Moment) -> Content[Curves]:
    curves = masses(moment, BY_CHEMICAL, least=HOUR)
    age, stale = age_of_panel(moment, BY_CHEMICAL)
    empty = "" if measured(curves) else moment.nothing_from(BY_CHEMICAL, "no dose")
    unit = f"{curves.unit} in {number_format.span(curves.window.bucket)}"
    return Content("Consumption over time", curves, paint_lines, unit, age, stale, empty)


def paint_area(data: Curves, width: int, height: int) -> Rows:
    """One series in a tile."""
    values = data.curves[0].values if data.curves else ()
    columns, top = width - axes.LEFT, data.top
    if columns < 8 or height < axes.BELOW + 2:
        return area(values, width, height, top=top, limit=data.limit)
    drawn = area(values, columns, height - axes.BELOW, top=top, limit=data.limit)
    ticks = time_ticks(data.window, columns, data.zone)
    marks = (top, top / 2 if data.limit is None else data.limit)
    return axes.framed(drawn, width=width, height=height, top=top, marks=marks, ticks=ticks)


def paint_lines(data: Curves, width: int, height: int) -> Rows:
    """Several series in a tile, their names above them."""
    canvas = Canvas(width, height)
    x = 0
    for number, curve in enumerate(data.curves):
        if x + len(curve.name) + 2 > width:
            canvas.text(x, 0, "…", DIM)
            break
        canvas.text(x, 0, marker_of(number), pen_of(number))
        x = canvas.text(x + 2, 0, curve.name, TEXT) + 3
    canvas.paste(0, 1, plot(data, width, height - 1))
    return canvas.rows
