"""How the channels are doing by which people are told of alarms, a row each. Pure."""

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, sanitize_text
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole

_LAST_SENT_X, _QUEUED_END_X, _LOST_END_X, _ERROR_X = 14, 31, 37, 39
"""Where a column begins; of the two figures, where it ends."""
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
    """From row ``y`` on, ``max_rows`` of them; answers the row below."""
    canvas.write_text(1, y, "Notification", DIM)
    if not channels:
        none = "no channel is set up: nobody is told of alarms"
        canvas.write_text(_LAST_SENT_X, y, error or ("asking …" if channels is None else none), DIM)
        return y + 1
    for x, title in ((_LAST_SENT_X, "Last told"), (_ERROR_X, "Last error")):
        canvas.write_text(x, y, title, DIM)
    for x, title in ((_QUEUED_END_X, "Waiting"), (_LOST_END_X, "Lost")):
        canvas.write_right(x, y, title, DIM)
    more = len(channels) - max_rows
    said = f"▲ {error}" if error else f"{number_format.format_count(more)} more" if more > 0 else ""
    x = _ERROR_X + len("Last error") + 2
    canvas.write_text(x, y, said, FAILURE_STYLE if error else DIM, width=canvas.width - x - 1)
    shown = channels[:max_rows]
    for row, one in enumerate(shown, start=y + 1):
        _draw_channel(canvas, row, one, context)
    return y + 1 + len(shown)


def _draw_channel(canvas: Canvas, y: int, channel: ChannelStatus, context: AlarmListContext) -> None:
    fails = channel.failing_since is not None
    canvas.write_text(1, y, "▲" if fails else " ", FAILURE_STYLE)
    canvas.write_text(3, y, sanitize_text(channel.channel, 40), TEXT, width=_LAST_SENT_X - 4)
    told = (
        "never"
        if channel.last_sent is None
        else number_format.format_timestamp(channel.last_sent, context.zone, now=context.now)
    )
    canvas.write_text(_LAST_SENT_X, y, told, STRONG if channel.last_sent else DIM)
    for x, count in ((_QUEUED_END_X, channel.waiting), (_LOST_END_X, channel.lost)):
        canvas.write_right(x, y, number_format.format_count(count), STRONG if count else DIM)
    canvas.write_text(
        _ERROR_X,
        y,
        _format_error(channel, context),
        FAILURE_STYLE if fails else DIM,
        width=canvas.width - _ERROR_X - 1,
    )


def _format_error(channel: ChannelStatus, context: AlarmListContext) -> str:
    """Since when it fails; else when it failed last, which is over."""
    at = channel.failing_since or channel.last_error
    if at is None:
        return "none"
    begins = "since " if channel.failing_since is not None else ""
    return f"{begins}{number_format.format_timestamp(at, context.zone, now=context.now)}: {clean_line(channel.reason)}"
