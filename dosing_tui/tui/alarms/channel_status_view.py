"""How the channels are doing by which people are told of alarms, a row each. Pure."""

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.channel_status import ChannelState
from dosing_tui.tui.alarms.alarm_list import Facts
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT, Pen, Tone

_TOLD, _WAITING, _LOST, _ERROR = 14, 31, 37, 39
"""Where a column begins; of the two figures, where it ends."""
FAILS = Pen(Tone.WARN, bold=True)


def draw_channels(
    canvas: Canvas, y: int, channels: tuple[ChannelState, ...] | None, unread: str, facts: Facts, *, most: int
) -> int:
    """From row ``y`` on, ``most`` of them; answers the row below."""
    canvas.text(1, y, "Notification", DIM)
    if not channels:
        none = "no channel is set up: nobody is told of alarms"
        canvas.text(_TOLD, y, unread or ("asking …" if channels is None else none), DIM)
        return y + 1
    for x, title in ((_TOLD, "Last told"), (_ERROR, "Last error")):
        canvas.text(x, y, title, DIM)
    for x, title in ((_WAITING, "Waiting"), (_LOST, "Lost")):
        canvas.right(x, y, title, DIM)
    more = len(channels) - most
    said = f"▲ {unread}" if unread else f"{number_format.count(more)} more" if more > 0 else ""
    x = _ERROR + len("Last error") + 2
    canvas.text(x, y, said, FAILS if unread else DIM, width=canvas.width - x - 1)
    shown = channels[:most]
    for row, one in enumerate(shown, start=y + 1):
        _draw_channel(canvas, row, one, facts)
    return y + 1 + len(shown)


def _draw_channel(canvas: Canvas, y: int, one: ChannelState, facts: Facts) -> None:
    fails = one.failing_since is not None
    canvas.text(1, y, "▲" if fails else " ", FAILS)
    canvas.text(3, y, plain(one.channel, 40), TEXT, width=_TOLD - 4)
    told = "never" if one.last_sent is None else number_format.stamp(one.last_sent, facts.zone, now=facts.now)
    canvas.text(_TOLD, y, told, HOT if one.last_sent else DIM)
    for x, count in ((_WAITING, one.waiting), (_LOST, one.lost)):
        canvas.right(x, y, number_format.count(count), HOT if count else DIM)
    canvas.text(_ERROR, y, _trouble(one, facts), FAILS if fails else DIM, width=canvas.width - _ERROR - 1)


def _trouble(one: ChannelState, facts: Facts) -> str:
    """Since when it fails; else when it failed last, which is over."""
    at = one.failing_since or one.last_error
    if at is None:
        return "none"
    begins = "since " if one.failing_since is not None else ""
    return f"{begins}{number_format.stamp(at, facts.zone, now=facts.now)}: {clean_line(one.reason)}"
