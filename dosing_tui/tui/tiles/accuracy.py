"""Dosing accuracy: the distribution of the errors, the error rate, and the duration of a dose."""

from dosing_tui.config.alarm_limits import get_limit
from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    DOSING_DURATION,
    ERROR_RATE,
    ErrorSummary,
    PlantLimit,
)
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering.number_format import (
    format_bucket_width,
    format_count,
    format_decimal,
    format_signed,
)
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.consumption import paint_area, paint_lines
from dosing_tui.tui.tiles.shared.bucketing import build_value_chart, has_values
from dosing_tui.tui.tiles.shared.error_histogram import ErrorHistogram, paint_error_histogram
from dosing_tui.tui.tiles.shared.number_list import NumberList, NumberRow, paint_number_list
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content


def build_accuracy(context: RenderContext) -> TileContent[ErrorHistogram]:
    bins, summaries = context.get_rows(ACCURACY_HISTOGRAM), context.get_rows(ACCURACY_SUMMARY)
    tolerance = get_limit(context.settings, PlantLimit.TOLERANCE)
    data = ErrorHistogram(
        bins,
        summaries[0] if summaries else None,
        tolerance,
        get_limit(context.settings, PlantLimit.ERROR_RATE),
    )
    return build_panel_content(
        context, ACCURACY_HISTOGRAM, data, paint_error_histogram, f"error g · limit ±{tolerance:g}",
        is_empty=not any(bin_.doses for bin_ in bins), other_panels=(ACCURACY_SUMMARY,),
    )  # fmt: skip


def build_accuracy_numbers(context: RenderContext) -> TileContent[NumberList]:
    rows = context.get_rows(ACCURACY_SUMMARY)
    summary = rows[0] if rows and rows[0].doses else None
    numbers = _build_number_list(summary, context) if summary else NumberList(())
    return build_panel_content(
        context, ACCURACY_SUMMARY, numbers, paint_number_list,
        is_empty=summary is None, title="Accuracy in numbers",
    )  # fmt: skip


def _build_number_list(summary: ErrorSummary, context: RenderContext) -> NumberList:
    tolerance = get_limit(context.settings, PlantLimit.TOLERANCE)
    out = summary.out_percent
    is_abnormal = out is not None and out > get_limit(context.settings, PlantLimit.ERROR_RATE)
    mean = format_signed(summary.mean_g)
    return NumberList(
        (
            NumberRow("Doses", format_count(summary.doses)),
            NumberRow("Mean error", mean if summary.mean_g is None else f"{mean} g"),
            NumberRow("Standard deviation", format_decimal(summary.sd_g, 2, " g")),
            NumberRow(f"Beyond ±{tolerance:g} g", format_decimal(out, 1, " %"), is_abnormal),
        )
    )


def build_error_rate(context: RenderContext) -> TileContent[ChartData]:
    limit = get_limit(context.settings, PlantLimit.ERROR_RATE)
    chart = build_value_chart(context, ERROR_RATE, unit="%", limit=limit, min_top=2 * limit)
    return build_panel_content(
        context,
        ERROR_RATE,
        chart,
        paint_area,
        f"% of doses · limit {limit:g}",
        is_empty=not has_values(chart),
    )


def build_dose_duration(context: RenderContext) -> TileContent[ChartData]:
    chart = build_value_chart(context, DOSING_DURATION, unit="s")
    unit = f"mean s in {format_bucket_width(chart.window.bucket_width)}"
    return build_panel_content(
        context, DOSING_DURATION, chart, paint_lines, unit, is_empty=not has_values(chart)
    )
