"""How exactly was dosed: the spread of errors, and the share of doses out of tolerance."""

from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    DOSING_DURATION,
    ERROR_RATE,
    ErrorSummary,
)
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.consumption import paint_area, paint_lines
from dosing_tui.tui.tiles.shared.bucketing import build_value_chart, has_values
from dosing_tui.tui.tiles.shared.error_histogram import (
    ERROR_RATE_LIMIT,
    ErrorHistogram,
    paint_error_histogram,
)
from dosing_tui.tui.tiles.shared.number_list import NumberList, NumberRow, paint_number_list
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age


def build_accuracy(context: RenderContext) -> TileContent[ErrorHistogram]:
    bins, summaries = context.get_rows(ACCURACY_HISTOGRAM), context.get_rows(ACCURACY_SUMMARY)
    tolerance = context.settings.limits.tolerance_g
    age, stale = format_panel_age(context, ACCURACY_HISTOGRAM, ACCURACY_SUMMARY)
    empty = ""
    if not any(bin_.doses for bin_ in bins):
        empty = context.explain_empty(ACCURACY_HISTOGRAM, "no dose")
    data = ErrorHistogram(bins, summaries[0] if summaries else None, tolerance)
    unit = f"error g · limit ±{tolerance:g}"
    return TileContent(ACCURACY_HISTOGRAM.title, data, paint_error_histogram, unit, age, stale, empty)


def build_accuracy_numbers(context: RenderContext) -> TileContent[NumberList]:
    rows = context.get_rows(ACCURACY_SUMMARY)
    age, stale = format_panel_age(context, ACCURACY_SUMMARY)
    summary = rows[0] if rows and rows[0].doses else None
    empty = "" if summary else context.explain_empty(ACCURACY_SUMMARY, "no dose")
    figures = _build_number_list(summary, context.settings.limits.tolerance_g) if summary else NumberList(())
    return TileContent("Accuracy in numbers", figures, paint_number_list, "", age, stale, empty)


def _build_number_list(summary: ErrorSummary, tolerance_g: float) -> NumberList:
    out = summary.out_percent
    loud = out is not None and out > ERROR_RATE_LIMIT
    return NumberList(
        (
            NumberRow("Doses", number_format.format_count(summary.doses)),
            NumberRow("Mean error", _format_grams(summary.mean_g, with_sign=True)),
            NumberRow("Standard deviation", _format_grams(summary.sd_g)),
            NumberRow(
                f"Beyond ±{tolerance_g:g} g", number_format.NO_VALUE if out is None else f"{out:.1f} %", loud
            ),
        )
    )


def _format_grams(value: float | None, *, with_sign: bool = False) -> str:
    if value is None:
        return number_format.NO_VALUE
    return f"{number_format.format_signed(value) if with_sign else f'{value:.2f}'} g"


def build_error_rate(context: RenderContext) -> TileContent[ChartData]:
    curves = build_value_chart(
        context, ERROR_RATE, unit="%", limit=ERROR_RATE_LIMIT, min_top=2 * ERROR_RATE_LIMIT
    )
    age, stale = format_panel_age(context, ERROR_RATE)
    empty = "" if has_values(curves) else context.explain_empty(ERROR_RATE, "no dose")
    unit = f"% of doses · limit {ERROR_RATE_LIMIT:g}"
    return TileContent(ERROR_RATE.title, curves, paint_area, unit, age, stale, empty)


def build_dose_duration(context: RenderContext) -> TileContent[ChartData]:
    curves = build_value_chart(context, DOSING_DURATION, unit="s")
    age, stale = format_panel_age(context, DOSING_DURATION)
    empty = "" if has_values(curves) else context.explain_empty(DOSING_DURATION, "no dose")
    unit = f"mean s in {number_format.format_bucket_width(curves.window.bucket_width)}"
    return TileContent(DOSING_DURATION.title, curves, paint_lines, unit, age, stale, empty)
