"""Consumption over time: bars of all chemicals, a line for each, and bars for each with its sum."""

from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_BY_CHEMICAL, CONSUMPTION_OVER_TIME
from dosing_tui.tui.charts.full_screen_chart import describe_bins
from dosing_tui.tui.charts.plot import draw_plot, fit_plot_bins
from dosing_tui.tui.charts.primitives.braille import get_series_marker, get_series_style
from dosing_tui.tui.charts.series import MAX_LINES, ChartData, compute_statistics
from dosing_tui.tui.charts.small_multiples import StripNumbers, choose_layout, draw_strips, fit_strip_bins
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, paint_cells
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.bucketing import build_mass_chart, has_values
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

HOUR = timedelta(hours=1)


def build_total_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_OVER_TIME, combine_all=True)
    return build_panel_content(
        context, CONSUMPTION_OVER_TIME, chart, draw_plot, "all chemicals",
        is_empty=not has_values(chart), describe=describe_plot,
    )  # fmt: skip


def build_chemical_consumption(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL, min_bin=HOUR)
    return build_panel_content(
        context, CONSUMPTION_BY_CHEMICAL, chart, paint_curves,
        is_empty=not has_values(chart), title="Consumption over time", describe=describe_curves,
    )  # fmt: skip


def build_sparklines(context: RenderContext) -> TileContent[ChartData]:
    chart = build_mass_chart(context, CONSUMPTION_BY_CHEMICAL)
    return build_panel_content(
        context, CONSUMPTION_BY_CHEMICAL, chart, paint_strips,
        is_empty=not has_values(chart), describe=describe_strips,
    )  # fmt: skip


def describe_plot(data: ChartData, width: int, height: int) -> str:
    return describe_bins(data, fit_plot_bins(data, width))


def describe_curves(data: ChartData, width: int, height: int) -> str:
    if len(data.curves) > MAX_LINES:
        return describe_strips(data, width, height)
    return describe_plot(data, width, height)


def describe_strips(data: ChartData, width: int, height: int) -> str:
    """That each strip has its own scale, the width of the bars and the unit of the sums."""
    if not data.is_additive:
        return "own scales"
    drawn = fit_strip_bins(data, choose_layout(data, list_strip_numbers(data), width, height))
    bins = number_format.format_bucket_width(drawn.window.bucket_width)
    return f"own scales · {bins} bars · sum {choose_sum_unit(data).symbol}"


def paint_curves(data: ChartData, width: int, height: int) -> Rows:
    """One series as bars or a line, up to four as lines with their names above, more one under the other."""
    if len(data.curves) == 1:
        return draw_plot(data, width, height)
    return (paint_lines if len(data.curves) <= MAX_LINES else paint_strips)(data, width, height)


@paint_cells
def paint_lines(canvas: Canvas, data: ChartData) -> None:
    """A few series in a tile, with their names above."""
    room = (canvas.width + 3) // max(1, len(data.curves))
    names, x = fit_names([curve.name for curve in data.curves], max(1, room - 5)), 0
    for number, name in enumerate(names):
        canvas.write_text(x, 0, get_series_marker(number), get_series_style(number))
        x = canvas.write_text(x + 2, 0, name, TEXT) + 3
    canvas.paste_rows(0, 1, draw_plot(data, canvas.width, canvas.height - 1))


@paint_cells
def paint_strips(canvas: Canvas, data: ChartData) -> None:
    """A strip for each series, with its sum, or its lowest and highest value; a time axis below."""
    draw_strips(canvas, data, list_strip_numbers(data))


def list_strip_numbers(data: ChartData) -> StripNumbers:
    """The sum of each series over the window; for values that cannot be added, their range."""
    found = [compute_statistics(curve.values) for curve in data.curves]
    if data.is_additive:
        mass, grams = choose_sum_unit(data), _get_grams(data)
        sums = tuple((mass.format_number(None if one.total is None else one.total * grams),) for one in found)
        return StripNumbers((mass.symbol,), sums, has_markers=False)
    ranges = tuple((data.format_value(one.minimum), data.format_value(one.maximum)) for one in found)
    return StripNumbers(("min", "max"), ranges, emphasized=1)


def choose_sum_unit(data: ChartData) -> number_format.MassUnit:
    """The unit of the sums of all series."""
    grams = _get_grams(data)
    totals = (compute_statistics(curve.values).total or 0.0 for curve in data.curves)
    return number_format.choose_common_unit(total * grams for total in totals)


def _get_grams(data: ChartData) -> float:
    return 1_000.0 if data.unit == number_format.KILOGRAMS.symbol else 1.0
