"""What was dosed of each chemical: a column for each bucket, and the sum of all of them."""

from dataclasses import replace

from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_BY_CHEMICAL
from dosing_tui.tui.charts.primitives.sparkline import draw_sparkline
from dosing_tui.tui.charts.primitives.time_ticks import place_time_ticks
from dosing_tui.tui.charts.series import ChartData, Curve, compute_statistics
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.bucketing import build_mass_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age

NUMBER_WIDTH = 8


def build_sparklines(context: RenderContext) -> TileContent[ChartData]:
    curves = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL)
    age, stale = format_panel_age(context, CONSUMPTION_BY_CHEMICAL)
    empty = "" if has_values(curves) else context.explain_empty(CONSUMPTION_BY_CHEMICAL, "no dose")
    unit = f"{number_format.format_bucket_width(curves.window.bucket_width)} columns · sum {_choose_mass_unit(curves).symbol}"
    return TileContent(CONSUMPTION_BY_CHEMICAL.title, curves, paint_sparklines, unit, age, stale, empty)


def _drop_future_buckets(data: ChartData) -> ChartData:
    """Without the buckets that are still to come: the columns end with the newest."""
    if data.partial_bucket is None:
        return data
    count = data.partial_bucket + 1
    curves = tuple(Curve(curve.name, curve.values[:count]) for curve in data.curves)
    return replace(data, curves=curves, window=replace(data.window, bucket_count=count))


def _sum_series(data: ChartData) -> list[float | None]:
    grams = number_format.unit_to_grams(data.unit)
    totals = [compute_statistics(curve.values).total for curve in data.curves]
    return [None if total is None else total * grams for total in totals]


def _choose_mass_unit(data: ChartData) -> number_format.MassUnit:
    return number_format.choose_mass_unit(max((total or 0.0 for total in _sum_series(data)), default=0.0))


def paint_sparklines(data: ChartData, width: int, height: int) -> Rows:
    """As many rows for each chemical as there are; a time axis below when a row is left."""
    canvas = Canvas(width, height)
    data = _drop_future_buckets(data)
    mass, sums = _choose_mass_unit(data), _sum_series(data)
    shown, rows_each = _allot_rows(data.curves, height)
    name_width = min(width // 3, max((len(curve.name) for curve in shown), default=0))
    columns = max(1, min(data.window.bucket_count, width - name_width - 1 - NUMBER_WIDTH))
    left = width - NUMBER_WIDTH - columns
    for number, curve in enumerate(shown):
        y = number * rows_each
        base = y + rows_each - 1
        canvas.write_text(0, base, curve.name, TEXT, width=name_width)
        top = max((value or 0.0 for value in curve.values[-columns:]), default=0.0)
        canvas.paste_rows(left, y, draw_sparkline(curve.values, columns, rows_each, top=top))
        canvas.write_right(width, base, mass.format_number(sums[number]), STRONG)
    below = len(shown) * rows_each
    if len(shown) < len(data.curves):
        canvas.write_text(0, below, f"{len(data.curves) - len(shown)} more: enter shows all", DIM)
    else:
        _draw_time_axis(canvas, below, data, left, columns)
    return canvas.rows


def _allot_rows(curves: tuple[Curve, ...], height: int) -> tuple[tuple[Curve, ...], int]:
    """Which curves are shown, and how many rows each has."""
    if len(curves) > height:
        return curves[: max(1, height - 1)], 1
    each = max(1, height // max(1, len(curves)))
    if each > 1 and each * len(curves) == height:
        each = max(1, (height - 1) // len(curves))
    return curves, each


def _draw_time_axis(canvas: Canvas, y: int, data: ChartData, left: int, columns: int) -> None:
    free = 0
    for tick in place_time_ticks(data.window.keep_newest(columns), columns, data.zone):
        start = left + tick.column - len(tick.label) // 2
        if start >= free and start + len(tick.label) <= canvas.width:
            canvas.write_text(start, y, tick.label, DIM)
            free = start + len(tick.label) + 1
