"""The alarm KPI page: each figure with target and rating; the notification channels. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.alarms.kpis import AlarmKpiSummary
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.quantities.quantity_text import format_duration
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.layout.bar_parts import DIM_STYLE
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT

OK, ABOVE_TARGET, TOO_HIGH = "ok", "▲ above target", "■ above limit"
_RATING_STYLES = {
    OK: DIM,
    ABOVE_TARGET: DEVIATION,
    TOO_HIGH: DEVIATION,
    "": DIM,
}
_MIN_SPARE_ROWS = 8
"""Rows that must be left for a blank one between two parts."""
_RESERVED_ROWS = 3
"""Rows for the most frequent alarms and the channels' heading."""
_LAST_SENT_X, _QUEUED_END_X, _LOST_END_X, _ERROR_X = 14, 31, 37, 39
"""The first column of a text, the column behind a figure."""
_VALUE_X, _TARGET_X, _MAXIMUM_X, _RATING_X = 32, 46, 58, 68


class AlarmKpiState(Struct, frozen=True):
    """``kpis`` is None before the first result; ``error`` is why the last query failed."""

    kpis: AlarmKpiSummary | None = None
    error: str = ""
    channels: tuple[ChannelStatus, ...] | None = None
    """Notification channels; None before the first result."""
    channels_error: str = ""
    """Why the channels could not be read."""


class AlarmKpi(Struct, frozen=True):
    """``rating`` is '' where there is no target."""

    name: str
    value: str
    target: str = ""
    maximum: str = ""
    rating: str = ""


def list_kpis(health: AlarmKpiSummary) -> list[AlarmKpi]:
    """The figures with the targets of EEMUA 191 and ISA-18.2."""
    per_day = health.annunciated_count / health.days
    shares = " / ".join(
        number_format.format_decimal(health.priority_percents[one], 0) for one in reversed(list(Priority)[:3])
    )
    ack = health.median_ack_time
    return [
        _rate_kpi("Alarms per 10 minutes", per_day / 144, 1, 2, decimals=2),
        _rate_kpi("Alarms per hour", per_day / 24, 6, 12, decimals=1),
        _rate_kpi("Alarms per day", per_day, 150, 300, decimals=0),
        _rate_kpi("Peak in 10 minutes", health.peak_count, 10, 10, decimals=0),
        _rate_kpi("10-minute periods above 10", health.busy_period_percent, 1, 5, decimals=1, unit=" %"),
        _rate_kpi("Time in flood", health.flood_period_percent, 1, 5, decimals=1, unit=" %"),
        _rate_kpi(
            "Share of the ten most frequent", health.most_frequent_percent, 5, 20, decimals=0, unit=" %"
        ),
        _rate_kpi("Chattering (3 per minute)", health.chattering_count, 0, 0, decimals=0),
        _rate_kpi("Stale (active over 24 h)", health.stale_count, 4, 4, decimals=0),
        AlarmKpi("Low / medium / high", f"{shares} %", "80/15/5"),
        AlarmKpi("Shelved now, times shelved", f"{health.shelved_count}, {health.shelve_event_count}"),
        _rate_kpi("Shelved without time limit", health.unlimited_shelve_count, 0, 0, decimals=0),
        AlarmKpi(
            "Median time to acknowledge",
            number_format.NO_VALUE if ack is None else format_duration(ack.total_seconds()),
        ),
        AlarmKpi("Unacknowledged over 10 min", str(health.slow_ack_count)),
    ]


def _rate_kpi(
    name: str, value: float, target: float, maximum: float, *, decimals: int, unit: str = ""
) -> AlarmKpi:
    rating = OK if value <= target else ABOVE_TARGET if value <= maximum else TOO_HIGH
    shown_target = f"≤ {target:g}{unit}" if target else "0"
    at_most = f"≤ {maximum:g}{unit}" if maximum != target else ""
    return AlarmKpi(name, f"{value:.{decimals}f}{unit}", shown_target, at_most, rating)


def render_kpis(state: AlarmKpiState, context: AlarmListContext, width: int, height: int) -> Rows:
    """The figures; below them, the channels and the most frequent alarms share the rest."""
    canvas = Canvas(width, height)
    if state.kpis is None:
        reason = wrap_text(state.error or "Reading the journal …", max(1, width - 4))
        for y, text in enumerate(reason[: height - 1], start=1):
            canvas.write_text(2, y, text, DIM)
        return canvas.rows
    _draw_heading(canvas, state.kpis)
    lines = list_kpis(state.kpis)
    for y, kpi in enumerate(lines, start=1):
        rating = kpi.rating if state.kpis.has_full_period else ""
        for x, text, style in (
            (1, kpi.name, TEXT), (_VALUE_X, kpi.value, STRONG), (_TARGET_X, kpi.target, DIM),
            (_MAXIMUM_X, kpi.maximum, DIM), (_RATING_X, rating, _RATING_STYLES[rating]),
        ):  # fmt: skip
            canvas.write_text(x, y, text, style)
    y = 1 + len(lines)
    y += height - y > _MIN_SPARE_ROWS
    y = _draw_channels(
        canvas, y, state.channels, state.channels_error, context, max_rows=max(1, height - y - _RESERVED_ROWS)
    )
    _draw_most_frequent(canvas, y + (height - y > _MIN_SPARE_ROWS), state.kpis.most_frequent)
    return canvas.rows


def _draw_heading(canvas: Canvas, health: AlarmKpiSummary) -> None:
    style = DIM_STYLE
    canvas.fill_row(0, style)
    days = f"{round(health.days)} days" if health.days >= 2 else format_duration(health.days * 86_400)
    canvas.write_text(1, 0, days if health.has_full_period else f"{days} of 30 days needed", style)
    for x, title in ((_VALUE_X, "Figure"), (_TARGET_X, "Target"), (_MAXIMUM_X, "Limit")):
        canvas.write_text(x, 0, title, style)


def _draw_most_frequent(canvas: Canvas, y: int, top: Sequence[tuple[AlarmKey, int]]) -> None:
    """The most frequent alarms, as many as there is room for."""
    if not top or y + 1 >= canvas.height:
        return
    canvas.write_text(1, y, "Most frequent", DIM)
    for row, (key, count) in enumerate(top[: canvas.height - y - 1], start=y + 1):
        canvas.write_right(8, row, number_format.format_count(count), STRONG)
        canvas.write_text(10, row, sanitize_text(key.tag, 100), TEXT)


def _draw_channels(
    canvas: Canvas,
    y: int,
    channels: tuple[ChannelStatus, ...] | None,
    error: str,
    context: AlarmListContext,
    *,
    max_rows: int,
) -> int:
    """Draw ``max_rows`` channels from row ``y`` on; returns the row below."""
    canvas.write_text(1, y, "Notification", DIM)
    if not channels:
        empty = "Reading …" if channels is None else "No channel configured: alarm notifications are disabled"
        canvas.write_text(_LAST_SENT_X, y, error or empty, DIM)
        return y + 1
    for x, title in ((_LAST_SENT_X, "Last sent"), (_ERROR_X, "Last error")):
        canvas.write_text(x, y, title, DIM)
    for x, title in ((_QUEUED_END_X, "Queued"), (_LOST_END_X, "Lost")):
        canvas.write_right(x, y, title, DIM)
    more = len(channels) - max_rows
    text = f"▲ {error}" if error else f"{number_format.format_count(more)} more" if more > 0 else ""
    x = _ERROR_X + len("Last error") + 2
    canvas.write_text(x, y, text, DEVIATION if error else DIM, width=canvas.width - x - 1)
    for row, channel in enumerate(channels[:max_rows], start=y + 1):
        _draw_channel(canvas, row, channel, context)
    return y + 1 + min(len(channels), max_rows)


def _draw_channel(canvas: Canvas, y: int, channel: ChannelStatus, context: AlarmListContext) -> None:
    fails = channel.failing_since is not None
    canvas.write_text(1, y, "▲" if fails else " ", DEVIATION)
    canvas.write_text(3, y, sanitize_text(channel.channel, 40), TEXT, width=_LAST_SENT_X - 4)
    last_sent = context.format_time(channel.last_sent) if channel.last_sent else "never"
    canvas.write_text(_LAST_SENT_X, y, last_sent, STRONG if channel.last_sent else DIM)
    for x, count in ((_QUEUED_END_X, channel.waiting), (_LOST_END_X, channel.lost)):
        canvas.write_right(x, y, number_format.format_count(count), STRONG if count else DIM)
    style, width = DEVIATION if fails else DIM, canvas.width - _ERROR_X - 1
    canvas.write_text(_ERROR_X, y, _format_error(channel, context), style, width=width)


def _format_error(channel: ChannelStatus, context: AlarmListContext) -> str:
    """The start of the current failure, or the time of the last one."""
    at = channel.failing_since or channel.last_error
    if at is None:
        return "none"
    since = "since " if channel.failing_since is not None else ""
    return f"{since}{context.format_time(at)}: {clean_line(channel.reason)}"
