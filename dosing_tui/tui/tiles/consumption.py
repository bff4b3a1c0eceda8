"""What was dosed over time: an area of all chemicals, a line of each."""

from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_BY_CHEMICAL, CONSUMPTION_OVER_TIME
from dosing_tui.tui.charts.large_plot import draw_plot
from dosing_tui.tui.charts.primitives import axes
from dosing_tui.tui.charts.primitives.area import draw_area
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.primitives.time_ticks import place_time_ticks
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.bucketing import build_mass_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age

HOUR = timedelta(hours=1)


def build_total_consumption(context: RenderContext) -> TileContent[ChartData]:
    curves = build_mass_chart(context, CONSUMPTION_OVER_TIME, combine_all=True)
    age, stale = format_panel_age(context, CONSUMPTION_OVER_TIME)
    empty = "" if has_values(curves) else context.explain_empty(CONSUMPTION_OVER_TIME, "no dose")
    bucket = curves.window.bucket_width
    per = "/h" if bucket == HOUR else f" in {number_format.format_bucket_width(bucket)}"
    unit = f"all chemicals · {curves.unit}{per}"
    return TileContent(CONSUMPTION_OVER_TIME.title, curves, paint_area, unit, age, stale, empty)


def build_chemical_consumption(context: RenderContext) -> TileContent[ChartData]:
    curves = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL, min_bucket=HOUR)
    age, stale = format_panel_age(context, CONSUMPTION_BY_CHEMICAL)
    empty = "" if has_values(curves) else context.explain_empty(CONSUMPTION_BY_CHEMICAL, "no dose")
    unit = f"{curves.unit} in {number_format.format_bucket_width(curves.window.bucket_width)}"
    return TileContent("Consumption over time", curves, paint_lines, unit, age, stale, empty)


def paint_area(data: ChartData, width: int, height: int) -> Rows:
    """One series in a tile."""
    values = data.curves[0].values if data.curves else ()
    columns, top = width - axes.LEFT_MARGIN, data.top
    if columns < 8 or height < axes.BOTTOM_MARGIN + 2:
        return draw_area(values, width, height, top=top, limit=data.limit)
    drawn = draw_area(values, columns, height - axes.BOTTOM_MARGIN, top=top, limit=data.limit)
    ticks = place_time_ticks(data.window, columns, data.zone)
    marks = (top, top / 2 if data.limit is None else data.limit)
    return axes.draw_axes(drawn, width=width, height=height, top=top, y_labels=marks, ticks=ticks)


def paint_lines(data: ChartData, width: int, height: int) -> Rows:
    """Several series in a tile, their names above them."""
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
