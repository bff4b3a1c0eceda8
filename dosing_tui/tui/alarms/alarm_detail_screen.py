"""One alarm, whole: its value against its limit, and what its rule says of cause, consequence, action."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from textual.binding import Binding

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.alarm_trend_query import TrendQuery, trend_query
from dosing_tui.tui.alarms.alarm_actions import Wish
from dosing_tui.tui.alarms.alarm_list import left, number, who
from dosing_tui.tui.alarms.alarm_trend import TrendNews, trend_rows
from dosing_tui.tui.keys.bindings import ALARM_KEYS
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT, Pen, Tone
from dosing_tui.tui.rendering.priority_style import MARKS, STATES, mark
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import ReadSheet, box, keys_row

_WIDTH, _LABELS, _BAR = 78, 13, 30
SHORT, LEAST, TALLEST = 24, 9, 16
"""Rows of the words at most; of the trend below them at least, and at most."""
TREND_S = 15.0
"""So often the trend is read again."""
AskTrend = Callable[[TrendQuery, Callable[[TrendNews], None]], None]
"""Somebody reads it, and gives it to the second in the screen's thread."""


class AlarmDetail(ReadSheet[Wish]):
    """Answers with what is to be done, None for nothing. ``find`` gives the alarm as it is now."""

    BINDINGS = [
        *(binding for binding in ALARM_KEYS if binding.id != "alarm-all"),
        Binding("tab,shift+tab", "turn", "Trend", show=False),
    ]

    def __init__(
        self, look: Look, view: AlarmView, hints: Sequence[KeyHint], *,
        find: Callable[[AlarmKey], AlarmView | None], clock: Callable[[], datetime], zone: tzinfo,
        ask_trend: AskTrend,
    ) -> None:  # fmt: skip
        super().__init__(look)
        self._view = view
        self._hints = hints
        self._find = find
        self._clock = clock
        self._zone = zone
        self._ask_trend = ask_trend
        self._gone = False
        self._trend = TrendNews(trend_query(view.state, clock()))
        self._turned = False
        """Where there is no room for both: the trend, not the words."""

    def on_mount(self) -> None:
        self._read_trend()
        self.set_interval(TREND_S, self._read_trend)

    def _read_trend(self) -> None:
        asked = trend_query(self._view.state, self._clock())
        if asked is not None:
            self._ask_trend(asked, self._take_trend)

    def _take_trend(self, news: TrendNews) -> None:
        """What was drawn stays where there is nothing newer."""
        if news.points is None and self._trend.points is not None:
            news = replace(self._trend, trouble=news.trouble)
        self._trend = news
        if self.is_mounted:
            self.draw()

    def look_again(self) -> None:
        """The alarm may have another value, or be another state's."""
        found = self._find(self._view.state.key)
        self._gone = found is None
        self._view = found or self._view
        self.draw()

    def action_wish(self, wish: str) -> None:
        self.dismiss(Wish(wish))

    def action_turn(self) -> None:
        self._turned = not self._turned
        self.draw()

    def rows(self, width: int, height: int) -> Rows:
        said = Said(self._view, self._trend, self._clock(), self._zone, gone=self._gone)
        room = min(TALLEST, height - words_height(said))
        if self._trend.asked is None:
            return words_page(said, self._hints)
        if room >= LEAST:
            return words_page(said, self._hints, trend=room)
        turns = KeyHint("tab", "Words" if self._turned else "Trend")
        if self._turned:
            return trend_page(said, [turns, *self._hints])
        return words_page(said, [turns, *self._hints])


@dataclass(frozen=True, slots=True)
class Said:
    """What the detail tells."""

    view: AlarmView
    trend: TrendNews
    now: datetime
    zone: tzinfo
    gone: bool = False


def trend_page(said: Said, hints: Sequence[KeyHint]) -> Rows:
    """The chart in place of the words."""
    canvas = box(_WIDTH, SHORT, plain(said.view.state.key.tag, 60))
    _draw_message(canvas, said.view)
    canvas.paste(3, 6, trend_rows(said.trend, said.view, said.zone, _WIDTH - 6, SHORT - 9))
    _foot(canvas, said, hints)
    return canvas.rows


def words_height(said: Said) -> int:
    """Rows of the page without a chart."""
    return min(SHORT, 9 + len(_message(said.view)) + len(_lines(said)))


def words_page(said: Said, hints: Sequence[KeyHint], *, trend: int = 0) -> Rows:
    """The words, and below them so many rows of the chart."""
    message, lines = _message(said.view), _lines(said)
    top, height = 4 + len(message), words_height(said)
    canvas = box(_WIDTH, height + trend, plain(said.view.state.key.tag, 60))
    _draw_message(canvas, said.view)
    _draw_value(canvas, top - 1, said.view)
    for row, (label, line) in enumerate(lines[: height - top - 4]):
        canvas.text(3, top + 1 + row, label, DIM)
        canvas.text(3 + _LABELS, top + 1 + row, line, TEXT)
    if trend:
        canvas.paste(3, height - 3, trend_rows(said.trend, said.view, said.zone, _WIDTH - 6, trend))
    _foot(canvas, said, hints)
    return canvas.rows


def _message(view: AlarmView) -> list[str]:
    return broken(clean_line(view.message), _WIDTH - 12)[:2]


def _lines(said: Said) -> list[tuple[str, str]]:
    room = _WIDTH - _LABELS - 6
    facts = [*_facts(said.view, said.now, said.zone), *_rule(said.view)]
    if said.trend.asked is None:
        facts.append(("Trend", "None: this alarm tells of an event, not of a value over time."))
    return [pair for label, text in facts if text for pair in _labelled(label, text, room)]


def _draw_message(canvas: Canvas, view: AlarmView) -> None:
    priority = view.state.priority
    loud = view.state.shown in UNACKNOWLEDGED
    canvas.text(3, 3, mark(priority, loud=loud), Pen(MARKS[priority].tone, bold=True))
    for row, line in enumerate(_message(view)):
        canvas.text(8, 3 + row, line, LABEL)


def _foot(canvas: Canvas, said: Said, hints: Sequence[KeyHint]) -> None:
    if said.gone:
        canvas.right(_WIDTH - 3, canvas.height - 3, "normal again", HOT)
    wide = sum(len(hint.keys) + len(hint.label) + 4 for hint in hints) <= _WIDTH - 4
    labels = [(hint.keys, hint.label if wide else hint.short or hint.label) for hint in hints]
    keys_row(canvas, canvas.height - 2, *labels)


def _labelled(label: str, text: str, room: int) -> list[tuple[str, str]]:
    return [(label if not number else "", line) for number, line in enumerate(broken(text, room))]


def _facts(view: AlarmView, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    state, hiding = view.state, view.state.hiding
    first = ", first of its group" if view.first_out else ""
    raised = ""
    if state.raised_at is not None:
        times = f", {state.count} times since it was normal" if state.count > 1 else ""
        raised = f"{number_format.full_stamp(state.raised_at, zone)}{times}"
    acked = ""
    if state.acked_at is not None:
        comment = f": {clean_line(state.comment)}" if state.comment else ""
        acked = f"{number_format.full_stamp(state.acked_at, zone)} by {who(state.acked_by)}{comment}"
    hidden = ""
    if hiding is not None:
        person = f" by {who(hiding.who)}" if who(hiding.who) else ""
        ends = f", {left(hiding.until, now)} left" if hiding.until else ""
        hidden = f"{number_format.full_stamp(hiding.since, zone)}{person}{ends}: {clean_line(hiding.why)}"
    return [
        ("State", f"{STATES[state.shown]}, {state.priority} priority{first}"),
        ("Raised", raised), ("Acknowledged", acked), ("Hidden", hidden),
    ]  # fmt: skip


def _rule(view: AlarmView) -> list[tuple[str, str]]:
    rule = view.rule
    if rule is None:
        return [("Rule", "Not known here: another release raised this alarm.")]
    return [("Cause", rule.cause), ("Consequence", rule.consequence), ("Action", rule.action)]


def _draw_value(canvas: Canvas, y: int, view: AlarmView) -> None:
    """The value as a bar, the limit as a tick on it."""
    if view.value is None or view.limit is None:
        return
    end = max(abs(view.value), abs(view.limit)) * 1.2 or 1.0
    filled, tick = (round(abs(part) / end * (_BAR - 1)) for part in (view.value, view.limit))
    canvas.text(8, y, " " * _BAR, Pen(bg=Tone.TRACK))
    canvas.text(8, y, "▇" * filled, Pen(Tone.BAR, Tone.TRACK))
    canvas.put(8 + tick, y, "│", Pen(Tone.HOT, Tone.TRACK, bold=True))
    x = canvas.text(8 + _BAR + 2, y, number(view.value), HOT)
    canvas.text(x, y, f"   limit {number(view.limit)}", DIM)
