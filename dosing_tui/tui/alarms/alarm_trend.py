"""The trend of an alarm's value and its limit over the last hours. Pure."""

from collections.abc import Sequence
from datetime import tzinfo

from msgspec import Struct

from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.tui.charts.plot import draw_plot
from dosing_tui.tui.charts.primitives.scale import BucketWindow
from dosing_tui.tui.charts.series import AnnotationGlyph, ChartAnnotation, ChartData, Curve
from dosing_tui.tui.rendering.canvas import Canvas, Rows, render_paragraph
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL


class AlarmTrendState(Struct, frozen=True):
    """``points`` is None before the first result; ``error`` is why the last query failed."""

    query: AlarmTrendQuery | None = None
    """None for an alarm rule without a trend."""
    points: Sequence[AlarmTrendPoint] | None = None
    error: str = ""


def render_trend(state: AlarmTrendState, view: AlarmView, zone: tzinfo, width: int, height: int) -> Rows:
    """A title and the chart, with the limit and the time at which the alarm was raised."""
    if state.query is None:
        return []
    if state.points is None:
        return render_paragraph(state.error or "Reading the last hours …", width, height)
    curves = build_trend_chart(state.query, state.points, view, zone)
    if all(value is None for value in curves.curves[0].values):
        return render_paragraph("No measured values in this period.", width, height)
    canvas = Canvas(width, height)
    _draw_title(canvas, state, curves)
    canvas.paste_rows(0, 1, draw_plot(curves, width, height - 1))
    return canvas.rows


def build_trend_chart(
    query: AlarmTrendQuery, points: Sequence[AlarmTrendPoint], view: AlarmView, zone: tzinfo
) -> ChartData:
    trend = query.trend
    window = BucketWindow(query.since, query.step, max(1, len(points)))
    values: list[float | None] = [None] * window.bucket_count
    for point in points:
        number = window.find_bucket(point.at)
        if number is not None:
            values[number] = point.value
    limit = abs(view.limit) / trend.scale if trend.has_limit and view.limit is not None else None
    raised = view.state.raised_at
    return ChartData(
        (Curve(trend.title, tuple(values)),),
        window,
        zone,
        trend.unit,
        trend.decimals,
        limit=limit,
        is_low_limit=trend.is_low_limit,
        min_top=(limit or 0.0) * 1.25,
        partial_bucket=window.find_bucket(query.now),
        annotations=(ChartAnnotation(raised, AnnotationGlyph.NOTE, "raised"),) if raised is not None else (),
    )


def _draw_title(canvas: Canvas, state: AlarmTrendState, chart: ChartData) -> None:
    """The title; at the right, the newest value and the limit."""
    assert state.query is not None
    values = [value for value in chart.curves[0].values if value is not None]
    beyond = chart.limit is not None and chart.is_beyond_limit(values[-1])
    limit = f"   limit {chart.format_value(chart.limit)} {chart.unit}" if chart.limit is not None else ""
    end = canvas.write_right(canvas.width, 0, limit, DIM)
    style = DEVIATION if beyond else LABEL
    mark = "▲ " if beyond else ""
    end = canvas.write_right(end, 0, f"{mark}{chart.format_value(values[-1])} {chart.unit}", style)
    since, _ = chart.get_bucket_span(0)
    title = f"{state.query.trend.title}, since {since:%H:%M}"
    if chart.annotations and chart.window.find_bucket(chart.annotations[0].at) is not None:
        title += " · ◆ raised"
    canvas.write_text(0, 0, f"▲ {state.error}" if state.error else title, DIM, width=max(0, end - 2))
