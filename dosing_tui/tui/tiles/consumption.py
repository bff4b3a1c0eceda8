"""Consumption over time: an area for all chemicals, a line for each, and columns for each with the sum."""

from dataclasses import replace
from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_BY_CHEMICAL, CONSUMPTION_OVER_TIME
from dosing_tui.tui.charts.full_screen_chart import draw_plot
from dosing_tui.tui.charts.primitives import axes
from dosing_tui.tui.charts.primitives.axes import place_time_ticks, write_tick_labels
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.primitives.columns import draw_area, draw_sparkline
from dosing_tui.tui.charts.series import ChartData, Curve, compute_statistics
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, paint_cells
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.bucketing import build_mass_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

HOUR = timedelta(hours=1)


def build_total_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_OVER_TIME, combine_all=True)
    bucket = chart.window.bucket_width
    per = "/h" if bucket == HOUR else f" in {number_format.format_bucket_width(bucket)}"
    return build_panel_content(
        context, CONSUMPTION_OVER_TIME, chart, paint_area, f"all chemicals · {chart.unit}{per}",
        is_empty=not has_values(chart),
    )  # fmt: skip


def build_chemical_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL, min_bucket=HOUR)
    return build_panel_content(
        context, CONSUMPTION_BY_CHEMICAL, chart, paint_lines,
        f"{chart.unit} in {number_format.format_bucket_width(chart.window.bucket_width)}",
        is_empty=not has_values(chart), title="Consumption over time",
    )  # fmt: skip


def paint_area(data: ChartData, width: int, height: int) -> Rows:
    """One series in a tile."""
    values = data.curves[0].values if data.curves else ()
    columns, top = width - axes.LEFT_MARGIN, data.top
    if columns < 8 or height < axes.BOTTOM_MARGIN + 2:
        return draw_area(values, width, height, top=top, limit=data.limit)
    drawn = draw_area(values, columns, height - axes.BOTTOM_MARGIN, top=top, limit=data.limit)
    ticks = place_time_ticks(data.window, columns, data.zone)
    y_labels = (top, top / 2 if data.limit is None else data.limit)
    return axes.draw_axes(drawn, width=width, height=height, top=top, y_labels=y_labels, ticks=ticks)


@paint_cells
def paint_lines(canvas: Canvas, data: ChartData) -> None:
    """Several series in a tile, with their names above."""
    rest = number_format.format_rest(data.omitted_count) if data.omitted_count else ""
    room = (canvas.width - len(rest) + 3 * (not rest)) // max(1, len(data.curves))
    names, x = fit_names([curve.name for curve in data.curves], max(1, room - 5)), 0
    for number, name in enumerate(names):
        canvas.write_text(x, 0, get_series_marker(number), get_series_style(number))
        x = canvas.write_text(x + 2, 0, name, TEXT) + 3
    canvas.write_text(x, 0, rest, DIM)
    canvas.paste_rows(0, 1, draw_plot(data, canvas.width, canvas.height - 1))


NUMBER_WIDTH = 8


def build_sparklines(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL, has_rows=True)
    bucket = number_format.format_bucket_width(chart.window.bucket_width)
    unit = f"{bucket} columns · sum {_choose_mass_unit(chart).symbol}"
    return build_panel_content(
        context, CONSUMPTION_BY_CHEMICAL, chart, paint_sparklines, unit, is_empty=not has_values(chart)
    )


def _drop_future_buckets(data: ChartData) -> ChartData:
    """Drop the buckets in the future: the columns end with the newest bucket."""
    if data.partial_bucket is None:
        return data
    count = data.partial_bucket + 1
    curves = tuple(Curve(curve.name, curve.values[:count]) for curve in data.curves)
    return replace(data, curves=curves, window=replace(data.window, bucket_count=count))


def _sum_series(data: ChartData) -> list[float | None]:
    grams = 1_000.0 if data.unit == number_format.KILOGRAMS.symbol else 1.0
    totals = [compute_statistics(curve.values).total for curve in data.curves]
    return [None if total is None else total * grams for total in totals]


def _choose_mass_unit(data: ChartData) -> number_format.MassUnit:
    return number_format.choose_mass_unit(max((total or 0.0 for total in _sum_series(data)), default=0.0))


@paint_cells
def paint_sparklines(canvas: Canvas, data: ChartData) -> None:
    """The same number of rows for each chemical; a time axis below if a row is left."""
    data = _drop_future_buckets(data)
    mass, sums = _choose_mass_unit(data), _sum_series(data)
    shown, rows_each = _allot_rows(data.curves, canvas.height)
    name_width = min(canvas.width // 3, max((len(curve.name) for curve in shown), default=0))
    names = fit_names([curve.name for curve in shown], name_width)
    columns = max(1, min(data.window.bucket_count, canvas.width - name_width - 1 - NUMBER_WIDTH))
    left = canvas.width - NUMBER_WIDTH - columns
    for number, curve in enumerate(shown):
        y = number * rows_each
        base = y + rows_each - 1
        canvas.write_text(0, base, names[number], TEXT)
        top = max((value or 0.0 for value in curve.values[-columns:]), default=0.0)
        canvas.paste_rows(left, y, draw_sparkline(curve.values, columns, rows_each, top=top))
        canvas.write_right(canvas.width, base, mass.format_number(sums[number]), STRONG)
    below = len(shown) * rows_each
    if rest := data.omitted_count + len(data.curves) - len(shown):
        canvas.write_text(0, below, number_format.format_rest(rest), DIM)
    else:
        ticks = place_time_ticks(data.window.keep_newest(columns), columns, data.zone)
        write_tick_labels(canvas, below, ticks, left=left, start=0)


def _allot_rows(curves: tuple[Curve, ...], height: int) -> tuple[tuple[Curve, ...], int]:
    """Which curves are shown, and how many rows each has."""
    if len(curves) > height:
        return curves[: max(1, height - 1)], 1
    each = max(1, height // max(1, len(curves)))
    if each > 1 and each * len(curves) == height:
        each = max(1, (height - 1) // len(curves))
    return curves, each
