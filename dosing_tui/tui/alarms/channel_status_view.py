"""Delivery status of each notification channel, one row each. Pure."""

from datetime import datetime

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, sanitize_text
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole

_LAST_SENT_X, _QUEUED_END_X, _LOST_END_X, _ERROR_X = 14, 31, 37, 39
"""The first column of a text, the column behind a figure."""
FAILURE_STYLE = CellStyle(ColourRole.WARN, bold=True)


def draw_channels(
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
    canvas.write_text(x, y, text, FAILURE_STYLE if error else DIM, width=canvas.width - x - 1)
    for channel in channels[:max_rows]:
        y += 1
        _draw_channel(canvas, y, channel, context)
    return y + 1


def _draw_channel(canvas: Canvas, y: int, channel: ChannelStatus, context: AlarmListContext) -> None:
    fails = channel.failing_since is not None
    canvas.write_text(1, y, "▲" if fails else " ", FAILURE_STYLE)
    canvas.write_text(3, y, sanitize_text(channel.channel, 40), TEXT, width=_LAST_SENT_X - 4)
    last_sent = _format_time(channel.last_sent, context) if channel.last_sent else "never"
    canvas.write_text(_LAST_SENT_X, y, last_sent, STRONG if channel.last_sent else DIM)
    for x, count in ((_QUEUED_END_X, channel.waiting), (_LOST_END_X, channel.lost)):
        canvas.write_right(x, y, number_format.format_count(count), STRONG if count else DIM)
    style, width = FAILURE_STYLE if fails else DIM, canvas.width - _ERROR_X - 1
    canvas.write_text(_ERROR_X, y, _format_error(channel, context), style, width=width)


def _format_error(channel: ChannelStatus, context: AlarmListContext) -> str:
    """The start of the current failure, or the time of the last one."""
    at = channel.failing_since or channel.last_error
    if at is None:
        return "none"
    since = "since " if channel.failing_since is not None else ""
    return f"{since}{_format_time(at, context)}: {clean_line(channel.reason)}"


def _format_time(time: datetime, context: AlarmListContext) -> str:
    return number_format.format_timestamp(time, context.zone, now=context.now)
