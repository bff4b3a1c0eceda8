"""What was dosed of each chemical: a column for each bucket, and the sum of all of them."""

from dataclasses import replace

from dosing_tui.domain.panels.panel_catalog import BY_CHEMICAL
from dosing_tui.tui.charts.primitives.sparkline import spark
from dosing_tui.tui.charts.primitives.time_ticks import time_ticks
from dosing_tui.tui.charts.series import Curve, Curves, statistics
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.bucketing import masses, measured
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel

NUMBER_WIDTH = 8


def content(moment: Moment) -> Content[Curves]:
    curves = masses(moment, BY_CHEMICAL)
    age, stale = age_of_panel(moment, BY_CHEMICAL)
    empty = "" if measured(curves) else moment.nothing_from(BY_CHEMICAL, "no dose")
    unit = f"{number_format.span(curves.window.bucket)} columns · sum {_mass(curves).unit}"
    return Content(BY_CHEMICAL.title, curves, paint, unit, age, stale, empty)


def _so_far(data: Curves) -> Curves:
    """Without the buckets that are still to come: the columns end with the newest."""
    if data.partial is None:
        return data
    count = data.partial + 1
    curves = tuple(Curve(curve.name, curve.values[:count]) for curve in data.curves)
    return replace(data, curves=curves, window=replace(data.window, buckets=count))


def _sums(data: Curves) -> list[float | None]:
    grams = number_format.grams_of(data.unit)
    totals = [statistics(curve.values).total for curve in data.curves]
    return [None if total is None else total * grams for total in totals]


def _mass(data: Curves) -> number_format.Mass:
    return number_format.mass_for(max((total or 0.0 for total in _sums(data)), default=0.0))


def paint(data: Curves, width: int, height: int) -> Rows:
    """As many rows for each chemical as there are; a time axis below when a row is left."""
    canvas = Canvas(width, height)
    data = _so_far(data)
    mass, sums = _mass(data), _sums(data)
    shown, rows_each = _shares(data.curves, height)
    name_width = min(width // 3, max((len(curve.name) for curve in shown), default=0))
    columns = max(1, min(data.window.buckets, width - name_width - 1 - NUMBER_WIDTH))
    left = width - NUMBER_WIDTH - columns
    for number, curve in enumerate(shown):
        y = number * rows_each
        base = y + rows_each - 1
        canvas.text(0, base, curve.name, TEXT, width=name_width)
        top = max((value or 0.0 for value in curve.values[-columns:]), default=0.0)
        canvas.paste(left, y, spark(curve.values, columns, rows_each, top=top))
        canvas.right(width, base, mass.number(sums[number]), HOT)
    below = len(shown) * rows_each
    if len(shown) < len(data.curves):
        canvas.text(0, below, f"{len(data.curves) - len(shown)} more: enter shows all", DIM)
    else:
        _time_axis(canvas, below, data, left, columns)
    return canvas.rows


def _shares(curves: tuple[Curve, ...], height: int) -> tuple[tuple[Curve, ...], int]:
    """Which curves are shown, and how many rows each has."""
    if len(curves) > height:
        return curves[: max(1, height - 1)], 1
    each = max(1, height // max(1, len(curves)))
    if each > 1 and each * len(curves) == height:
        each = max(1, (height - 1) // len(curves))
    return curves, each


def _time_axis(canvas: Canvas, y: int, data: Curves, left: int, columns: int) -> None:
    free = 0
    for tick in time_ticks(data.window.last(columns), columns, data.zone):
        start = left + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= canvas.width:
            canvas.text(start, y, tick.label, DIM)
            free = start + len(tick.label) + 1
