"""The value of an alarm against its limit over the last hours, or why there is none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.panels.alarm_trend_query import TrendPoint, TrendQuery
from dosing_tui.tui.charts.large_plot import plot
from dosing_tui.tui.charts.primitives.scale import Window
from dosing_tui.tui.charts.series import Curve, Curves, Flag, Sign
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sentence
from dosing_tui.tui.rendering.palette import DIM, LABEL, Pen, Tone


@dataclass(frozen=True, slots=True)
class TrendNews:
    """What is known: the points, or ``trouble``; neither while it is being asked."""

    asked: TrendQuery | None = None
    """None for a rule without a value over time."""
    points: Sequence[TrendPoint] | None = None
    trouble: str = ""


def trend_rows(news: TrendNews, view: AlarmView, zone: tzinfo, width: int, height: int) -> Rows:
    """A title, and below it the chart with its limit and the moment the alarm was raised."""
    if news.asked is None:
        return []
    if news.points is None:
        return sentence(news.trouble or "Reading the last hours …", width, height)
    curves = curves_of(news.asked, news.points, view, zone)
    if all(value is None for value in curves.curves[0].values):
        return sentence("Nothing was measured in these hours.", width, height)
    canvas = Canvas(width, height)
    _title(canvas, news, curves)
    canvas.paste(0, 1, plot(curves, width, height - 1))
    return canvas.rows


def curves_of(asked: TrendQuery, points: Sequence[TrendPoint], view: AlarmView, zone: tzinfo) -> Curves:
    trend = asked.trend
    window = Window(asked.since, asked.step, max(1, len(points)))
    values: list[float | None] = [None] * window.buckets
    for point in points:
        number = window.index(point.at)
        if number is not None:
            values[number] = point.value
    limit = abs(view.limit) / trend.scale if trend.limited and view.limit is not None else None
    raised = view.state.raised_at
    return Curves(
        (Curve(trend.title, tuple(values)),), window, zone, trend.unit, trend.decimals,
        limit=limit, low=trend.low, least_top=(limit or 0.0) * 1.25, partial=window.index(asked.now),
        flags=(Flag(raised, Sign.NOTE, "raised"),) if raised is not None else (),
    )  # fmt: skip


def _title(canvas: Canvas, news: TrendNews, curves: Curves) -> None:
    """What is drawn; its newest value and the limit at the right."""
    assert news.asked is not None
    values = [value for value in curves.curves[0].values if value is not None]
    beyond = curves.limit is not None and curves.beyond(values[-1])
    limit = f"   limit {curves.written(curves.limit)}" if curves.limit is not None else ""
    end = canvas.right(canvas.width, 0, limit, DIM)
    pen = Pen(Tone.WARN, bold=True) if beyond else LABEL
    mark = "▲ " if beyond else ""
    end = canvas.right(end, 0, f"{mark}{curves.written(values[-1])} {curves.unit}", pen)
    since, _ = curves.span(0)
    said = f"{news.asked.trend.title}, since {since:%H:%M}"
    if curves.flags and curves.window.index(curves.flags[0].at) is not None:
        said += " · ◆ raised"
    if news.trouble:
        said = f"▲ {news.trouble}"
    canvas.text(0, 0, said, DIM, width=max(0, end - 2))
