"""Dosing accuracy: the distribution of the errors, the error rate, and the duration of a dose."""

from msgspec import Struct

from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    DOSING_DURATION,
    ERROR_RATE,
    ErrorBin,
    ErrorSummary,
    PlantLimit,
)
from dosing_tui.domain.quantities.quantity_text import format_percent
from dosing_tui.tui.charts.histogram import choose_geometry, draw_histogram
from dosing_tui.tui.charts.series import ChartData
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.consumption import describe_curves, paint_curves
from dosing_tui.tui.tiles.shared.bucketing import build_value_chart, has_values
from dosing_tui.tui.tiles.shared.number_list import NumberList, NumberRow, paint_number_list
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content


class ErrorHistogram(Struct, frozen=True):
    bins: tuple[ErrorBin, ...]
    summary: ErrorSummary | None
    tolerance_g: float | None
    """None if it depends on the dose."""
    max_out_percent: float
    """Abnormal is a larger share of doses out of tolerance."""


@paint_cells
def paint_error_histogram(canvas: Canvas, data: ErrorHistogram, *, cursor: int | None = None) -> None:
    above = 0 if cursor is None else 2
    stats = 1 if canvas.height >= 5 else 0
    canvas.paste_rows(
        0,
        above,
        draw_histogram(data.bins, canvas.width, canvas.height - stats - above, limit=data.tolerance_g),
    )
    if stats and data.summary is not None:
        _draw_statistics(canvas, canvas.height - 1, data.summary, data.max_out_percent)
    if cursor is not None and 0 <= cursor < len(data.bins):
        _draw_cursor_bin(canvas, data, cursor)


def format_bin_edges(bin_: ErrorBin) -> str:
    """The edges of a bin in words."""
    if bin_.lower_g is None:
        return f"below {number_format.format_signed(bin_.upper_g, 1)} g"
    if bin_.upper_g is None:
        return f"{number_format.format_signed(bin_.lower_g, 1)} g and more"
    return " up to ".join(
        f"{number_format.format_signed(edge, 1)} g" for edge in (bin_.lower_g, bin_.upper_g)
    )


def _draw_cursor_bin(canvas: Canvas, data: ErrorHistogram, cursor: int) -> None:
    """The bin under the cursor: its edges, its doses, their share; a mark above its column."""
    bin_ = data.bins[cursor]
    whole = sum(one.doses for one in data.bins)
    x = canvas.write_text(0, 0, format_bin_edges(bin_), LABEL)
    x = canvas.write_text(x + 3, 0, number_format.format_count(bin_.doses), STRONG)
    canvas.write_text(
        x + 1, 0, f"doses · {format_percent(100 * bin_.doses / whole)}" if whole else "doses", DIM
    )
    shape = choose_geometry(canvas.width)
    left = max(0, (canvas.width - shape.width) // 2)
    lower, upper = bin_.lower_g, bin_.upper_g
    start = 0 if lower is None else max(0, shape.error_to_column(lower))
    end = shape.width if upper is None else min(shape.width, shape.error_to_column(upper))
    if lower is None or upper is None:
        start, end = (0, shape.end_cells) if lower is None else (shape.width - shape.end_cells, shape.width)
    canvas.write_text(left + start, 1, "▼" * max(1, end - start), CellStyle(ColourRole.FOCUS))


def _draw_statistics(canvas: Canvas, y: int, summary: ErrorSummary, max_out_percent: float) -> None:
    out = summary.out_percent
    is_abnormal = out is not None and out > max_out_percent
    share = number_format.format_decimal(out, 1 if out is not None and out < 10 else 0, " %")
    mean, sd = _fit_errors(summary, canvas.width - len(f"mean  sd  out {share}"))
    shares = [
        ("mean", mean, STRONG),
        ("sd", sd, STRONG),
        ("out", share, CellStyle(ColourRole.DEVIATION) if is_abnormal else STRONG),
    ]
    written = sum(len(name) + 1 + len(value) for name, value, _ in shares)
    gap = max(1, (canvas.width - written) // 2)
    x = 0
    for number, (name, value, ink) in enumerate(shares):
        if number == 2:
            x = max(x, canvas.width - len(name) - 1 - len(value))
        x = canvas.write_text(x, y, f"{name} ", DIM)
        x = canvas.write_text(x, y, value, ink) + gap


def _fit_errors(summary: ErrorSummary, room: int) -> tuple[str, str]:
    """Mean and standard deviation; as powers of ten where they have no room: no number is cut."""
    mean, sd = number_format.format_signed(summary.mean_g), number_format.format_decimal(summary.sd_g, 2)
    for digits in (1, 0):
        if len(mean) + len(sd) <= room:
            break
        mean, sd = (
            number_format.NO_VALUE if value is None else f"{value:.{digits}e}".replace("e+", "e")
            for value in (summary.mean_g, summary.sd_g)
        )
    return mean, sd


def build_accuracy(context: RenderContext) -> TileContent[ErrorHistogram]:
    bins, summaries = context.get_rows(ACCURACY_HISTOGRAM), context.get_rows(ACCURACY_SUMMARY)
    tolerance = context.tolerances.find_common_tolerance(context.now)
    limit = "limits by dose" if tolerance is None else f"limit ±{tolerance:g} g"
    data = ErrorHistogram(
        bins,
        summaries[0] if summaries else None,
        tolerance,
        context.limits.get_limit(PlantLimit.ERROR_RATE),
    )
    return build_panel_content(
        context, ACCURACY_HISTOGRAM, data, paint_error_histogram, f"error g · {limit}",
        is_empty=not any(bin_.doses for bin_ in bins), other_panels=(ACCURACY_SUMMARY,),
    )  # fmt: skip


def build_accuracy_numbers(context: RenderContext) -> TileContent[NumberList]:
    rows = context.get_rows(ACCURACY_SUMMARY)
    summary = rows[0] if rows else ErrorSummary(0, None, None, None)
    tolerance = context.tolerances.find_common_tolerance(context.now)
    out_name = "Out of tolerance" if tolerance is None else f"Beyond ±{tolerance:g} g"
    out = summary.out_percent
    is_abnormal = out is not None and out > context.limits.get_limit(PlantLimit.ERROR_RATE)
    mean = number_format.format_signed(summary.mean_g)
    numbers = (
        NumberRow("Doses", number_format.format_count(summary.doses)),
        NumberRow("Mean error", mean if summary.mean_g is None else f"{mean} g"),
        NumberRow("Standard deviation", number_format.format_decimal(summary.sd_g, 2, " g")),
        NumberRow(out_name, number_format.format_decimal(out, 1, " %"), is_abnormal),
    )
    return build_panel_content(
        context, ACCURACY_SUMMARY, NumberList(numbers), paint_number_list,
        is_empty=not summary.doses, title="Accuracy in numbers",
    )  # fmt: skip


def build_error_rate(context: RenderContext) -> TileContent[ChartData]:
    limit = context.limits.get_limit(PlantLimit.ERROR_RATE)
    chart = build_value_chart(context, ERROR_RATE, unit="%", limit=limit, min_top=2 * limit)
    return build_panel_content(
        context,
        ERROR_RATE,
        chart,
        paint_curves,
        f"% of doses in {number_format.format_bucket_width(chart.window.bucket_width)} · limit {limit:g} %",
        is_empty=not has_values(chart),
        describe=describe_curves,
    )


def build_dose_duration(context: RenderContext) -> TileContent[ChartData]:
    chart = build_value_chart(context, DOSING_DURATION, unit="s")
    unit = f"mean s in {number_format.format_bucket_width(chart.window.bucket_width)}"
    return build_panel_content(
        context, DOSING_DURATION, chart, paint_curves, unit, is_empty=not has_values(chart),
        describe=describe_curves,
    )  # fmt: skip
