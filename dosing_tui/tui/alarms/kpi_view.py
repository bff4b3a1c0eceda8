"""The page of alarm health: each figure beside its target, and a word of judgement. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.domain.alarms.kpis import Health
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.notifications.channel_status import ChannelState
from dosing_tui.tui.alarms.alarm_list import Facts
from dosing_tui.tui.alarms.channel_status_view import draw_channels
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT, Pen, Tone

OK, MANAGEABLE, OVER = "ok", "▲ above target", "■ too many"
_PENS = {OK: DIM, MANAGEABLE: Pen(Tone.WARN, bold=True), OVER: Pen(Tone.ERROR, bold=True), "": DIM}
_SPARE = 8
"""With so many rows left, a blank one between two parts is no waste."""
_LEAST = 3
"""Rows that the channels leave to the most frequent alarms, and their own heading."""
_FIGURE, _TARGET, _MOST, _VERDICT = 32, 46, 58, 68


@dataclass(frozen=True, slots=True)
class HealthNews:
    """What is known of the health; ``trouble`` says why nothing is, '' while it is being asked."""

    health: Health | None = None
    trouble: str = ""
    channels: tuple[ChannelState, ...] | None = None
    """By which people are told; None while that is being asked."""
    unread: str = ""
    """Why they are not newer."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """``verdict`` is '' where there is no target."""

    name: str
    value: str
    target: str = ""
    most: str = ""
    verdict: str = ""


def kpis(found: Health) -> list[Kpi]:
    """The figures with the targets of EEMUA 191 and ISA-18.2."""
    per_day = found.annunciated / found.days
    shares = " / ".join(f"{found.shares[one]:.0f}" for one in reversed(list(Priority)[:3]))
    ack = found.median_ack
    return [
        _judged("Alarms in 10 minutes", per_day / 144, 1, 2, decimals=2),
        _judged("Alarms an hour", per_day / 24, 6, 12, decimals=1),
        _judged("Alarms a day", per_day, 150, 300, decimals=0),
        _judged("Most in 10 minutes", found.peak, 10, 10, decimals=0),
        _judged("Periods with more than 10", found.busy_percent, 1, 5, decimals=1, unit=" %"),
        _judged("Time in flood", found.flood_percent, 1, 5, decimals=1, unit=" %"),
        _judged("Share of the ten most frequent", found.top_percent, 5, 20, decimals=0, unit=" %"),
        _judged("Chattering (3 in a minute)", found.chattering, 0, 0, decimals=0),
        _judged("Stale (active over 24 h)", found.stale, 4, 4, decimals=0),
        Kpi("Low / medium / high", f"{shares} %", "80/15/5"),
        Kpi("Shelved now, times shelved", f"{found.shelved}, {found.shelvings}"),
        _judged("Shelved without an end", found.endless, 0, 0, decimals=0),
        Kpi("Median time to acknowledge", number_format.NOTHING if ack is None else length(ack)),
        Kpi("Unacknowledged over 10 min", str(found.slow)),
    ]


def _judged(name: str, value: float, target: float, most: float, *, decimals: int, unit: str = "") -> Kpi:
    verdict = OK if value <= target else MANAGEABLE if value <= most else OVER
    shown = f"{value:.{decimals}f}{unit}"
    at_most = f"≤ {most:g}{unit}" if most != target else ""
    return Kpi(name, shown, f"≤ {target:g}{unit}" if target else "0", at_most, verdict)


def length(span: timedelta) -> str:
    """
    >>> length(timedelta(seconds=95))
    '1 min 35 s'
    """
    seconds = round(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def health_rows(news: HealthNews, facts: Facts, width: int, height: int) -> Rows:
    """The figures first; the channels and the most frequent alarms share what room is left."""
    canvas = Canvas(width, height)
    if news.health is None:
        canvas.text(2, 1, news.trouble or "reading the journal …", DIM, width=width - 4)
        return canvas.rows
    _heading(canvas, news.health)
    lines = kpis(news.health)
    for y, one in enumerate(lines, start=1):
        canvas.text(1, y, one.name, TEXT)
        canvas.text(_FIGURE, y, one.value, HOT)
        canvas.text(_TARGET, y, one.target, DIM)
        canvas.text(_MOST, y, one.most, DIM)
        if news.health.judged:
            canvas.text(_VERDICT, y, one.verdict, _PENS[one.verdict])
    y = 1 + len(lines)
    y += height - y > _SPARE
    y = draw_channels(canvas, y, news.channels, news.unread, facts, most=max(1, height - y - _LEAST))
    _most_frequent(canvas, y + (height - y > _SPARE), news.health.top)
    return canvas.rows


def _heading(canvas: Canvas, found: Health) -> None:
    pen = Pen(Tone.DIM, Tone.BAND)
    canvas.band(0, pen)
    days = f"{found.days:.0f} days" if found.days >= 2 else f"{found.days * 24:.1f} h"
    canvas.text(1, 0, days if found.judged else f"{days}; it takes 30 to judge", pen)
    for x, title in ((_FIGURE, "Figure"), (_TARGET, "Target"), (_MOST, "At most"), (_VERDICT, "")):
        canvas.text(x, 0, title, pen)


def _most_frequent(canvas: Canvas, y: int, top: Sequence[tuple[AlarmKey, int]]) -> None:
    """The alarms that came most often, as far as there is room."""
    if not top or y + 1 >= canvas.height:
        return
    canvas.text(1, y, "Most frequent", DIM)
    for row, (key, count) in enumerate(top[: canvas.height - y - 1], start=y + 1):
        canvas.right(8, row, number_format.count(count), HOT)
        canvas.text(10, row, plain(key.tag, 100), TEXT)
