"""Consumption over time: an area for all chemicals, a line for each."""

from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_BY_CHEMICAL, CONSUMPTION_OVER_TIME
from dosing_tui.tui.charts.large_plot import draw_plot
from dosing_tui.tui.charts.primitives import axes
from dosing_tui.tui.charts.primitives.area import draw_area
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.primitives.time_ticks import place_time_ticks
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.number_format import format_bucket_width
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.bucketing import build_mass_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

HOUR = timedelta(hours=1)


def build_total_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_OVER_TIME, combine_all=True)
    bucket = chart.window.bucket_width
    per = "/h" if bucket == HOUR else f" in {format_bucket_width(bucket)}"
    return build_panel_content(
        context, CONSUMPTION_OVER_TIME, chart, paint_area, f"all chemicals · {chart.unit}{per}",
        is_empty=not has_values(chart),
    )  # fmt: skip


def build_chemical_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL, min_bucket=HOUR)
    return build_panel_content(
        context, CONSUMPTION_BY_CHEMICAL, chart, paint_lines,
        f"{chart.unit} in {format_bucket_width(chart.window.bucket_width)}",
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


def paint_lines(data: ChartData, width: int, height: int) -> Rows:
    """Several series in a tile, with their names above."""
    canvas = Canvas(width, height)
    x = 0
    for number, curve in enumerate(data.curves):
        if x + len(curve.name) + 2 > width:
            canvas.write_text(x, 0, "…", DIM)
            break
        canvas.write_text(x, 0, get_series_marker(number), get_series_style(number))
        x = canvas.write_text(x + 2, 0, curve.name, TEXT) + 3
    canvas.paste_rows(0, 1, draw_plot(data, width, height - 1))
    return canvas.rows
