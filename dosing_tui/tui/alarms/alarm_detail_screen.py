"""One alarm in full: value, limit, state, trend; cause, consequence and action by its rule (ISA-18.2)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from textual.binding import Binding

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendQuery, build_trend_query
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_list import format_operator, format_remaining_time
from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState, render_trend
from dosing_tui.tui.keys.bindings import ALARM_KEYS
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, STATE_LABELS, format_mark
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import (
    CanvasDialog,
    create_box,
    draw_keys,
    draw_lines,
    wrap_labelled_text,
)

_WIDTH, _LABEL_WIDTH, _BAR_WIDTH = 78, 13, 30
MAX_TEXT_ROWS, MIN_TREND_ROWS, MAX_TREND_ROWS = 24, 9, 16
"""Limits of the rows of text, and of the trend below it."""
_MESSAGE_ROWS = 9
"""Rows of a page without text, where the trend is in its place."""
TREND_INTERVAL_S = 15.0
"""Interval of the trend's query."""


class AlarmDetailScreen(CanvasDialog[AlarmAction]):
    """Result: the requested action, or None. ``find_alarm`` returns the alarm's present state."""

    BINDINGS = [
        *(binding for binding in ALARM_KEYS if binding.id != "alarm-all"),
        Binding("tab,shift+tab", "turn", "Trend", show=False),
    ]

    def __init__(
        self, theme: TerminalTheme, view: AlarmView, hints: Sequence[KeyHint], *,
        find_alarm: Callable[[AlarmKey], AlarmView | None], clock: Callable[[], datetime], zone: tzinfo,
        load_trend: Callable[[AlarmTrendQuery], None],
    ) -> None:  # fmt: skip
        super().__init__(theme)
        self._view = view
        self._hints = hints
        self._find_alarm = find_alarm
        self._clock = clock
        self._zone = zone
        self._load_trend = load_trend
        self._is_cleared = False
        self._trend = AlarmTrendState(build_trend_query(view.state, clock()))
        self._trend_visible = False
        """In a window too small for both: the trend is shown in place of the text."""

    @property
    def alarm_key(self) -> AlarmKey:
        """The alarm that is shown."""
        return self._view.state.key

    def on_mount(self) -> None:
        self._request_trend()
        self.set_interval(TREND_INTERVAL_S, self._request_trend)

    def _request_trend(self) -> None:
        if (query := build_trend_query(self._view.state, self._clock())) is not None:
            self._load_trend(query)

    def show_trend(self, news: AlarmTrendState) -> None:
        """After an error the last trend stays."""
        if news.points is None and self._trend.points is not None:
            news = replace(self._trend, error=news.error)
        self._trend = news
        if self.is_mounted:
            self.draw_dialog()

    def refresh_alarm(self) -> None:
        """Show the alarm's present value and state."""
        found = self._find_alarm(self._view.state.key)
        self._is_cleared = found is None
        self._view = found or self._view
        self.draw_dialog()

    def action_wish(self, wish: str) -> None:
        self.dismiss(AlarmAction(wish))

    def action_turn(self) -> None:
        self._trend_visible = not self._trend_visible
        self.draw_dialog()

    def render_rows(self, width: int, height: int) -> Rows:
        lines, hints = self._build_field_lines(), self._hints
        text_rows = min(MAX_TEXT_ROWS, 9 + len(_wrap_message(self._view)) + len(lines))
        trend_height = min(MAX_TREND_ROWS, height - text_rows) if self._trend.query else 0
        if self._trend.query and trend_height < MIN_TREND_ROWS:
            hints = [KeyHint("tab", "Words" if self._trend_visible else "Trend"), *hints]
            trend_height = 0
            if self._trend_visible:
                lines, text_rows, trend_height = [], _MESSAGE_ROWS, MAX_TEXT_ROWS - _MESSAGE_ROWS
        canvas = create_box(_WIDTH, text_rows + trend_height, sanitize_text(self.alarm_key.tag, 60))
        _draw_message(canvas, self._view)
        if lines:
            _draw_text(canvas, self._view, lines, text_rows)
        if trend_height:
            chart = render_trend(self._trend, self._view, self._zone, _WIDTH - 6, trend_height)
            canvas.paste_rows(3, text_rows - 3, chart)
        if self._is_cleared:
            canvas.write_right(_WIDTH - 3, canvas.height - 3, "normal again", STRONG)
        _draw_hints(canvas, hints)
        return canvas.rows

    def _build_field_lines(self) -> list[tuple[str, str]]:
        room = _WIDTH - _LABEL_WIDTH - 6
        facts = _list_state_fields(self._view, self._clock(), self._zone) + _list_rule_fields(self._view)
        if self._trend.query is None:
            facts.append(("Trend", "None: this alarm tells of an event, not of a value over time."))
        return [pair for label, text in facts if text for pair in wrap_labelled_text(label, text, room)]


def _wrap_message(view: AlarmView) -> list[str]:
    return wrap_text(clean_line(view.message), _WIDTH - 12)[:2]


def _draw_message(canvas: Canvas, view: AlarmView) -> None:
    priority = view.state.priority
    loud = view.state.state_name in UNACKNOWLEDGED_STATES
    style = CellStyle(PRIORITY_MARKS[priority].colour, bold=True)
    canvas.write_text(3, 3, format_mark(priority, is_unacknowledged=loud), style)
    draw_lines(canvas, 8, 3, _wrap_message(view), LABEL)


def _draw_text(canvas: Canvas, view: AlarmView, lines: Sequence[tuple[str, str]], text_rows: int) -> None:
    """The value, and as many lines as ``text_rows`` have room for."""
    y = 5 + len(_wrap_message(view))
    _draw_value(canvas, y - 2, view)
    shown = lines[: text_rows - y - 3]
    draw_lines(canvas, 3, y, [label for label, _ in shown], DIM)
    draw_lines(canvas, 3 + _LABEL_WIDTH, y, [line for _, line in shown])


def _draw_hints(canvas: Canvas, hints: Sequence[KeyHint]) -> None:
    """With short labels where the long ones do not fit."""
    wide = sum(len(hint.keys) + len(hint.label) + 4 for hint in hints) <= _WIDTH - 4
    labels = [(hint.keys, hint.label if wide else hint.short_label or hint.label) for hint in hints]
    draw_keys(canvas, canvas.height - 2, *labels)


def _list_state_fields(view: AlarmView, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    state, hiding = view.state, view.state.hiding
    first = ", first of its group" if view.is_first_out else ""
    raised = ""
    if state.raised_at is not None:
        times = f", {state.count} times since it was normal" if state.count > 1 else ""
        raised = f"{number_format.format_full_timestamp(state.raised_at, zone)}{times}"
    acked = ""
    if state.acked_at is not None:
        comment = f": {clean_line(state.comment)}" if state.comment else ""
        acked_at = number_format.format_full_timestamp(state.acked_at, zone)
        acked = f"{acked_at} by {format_operator(state.acked_by)}{comment}"
    hidden = ""
    if hiding is not None:
        person = f" by {format_operator(hiding.who)}" if format_operator(hiding.who) else ""
        ends = f", {format_remaining_time(hiding.until, now)} left" if hiding.until else ""
        since = number_format.format_full_timestamp(hiding.since, zone)
        hidden = f"{since}{person}{ends}: {clean_line(hiding.why)}"
    return [
        ("State", f"{STATE_LABELS[state.state_name]}, {state.priority} priority{first}"),
        ("Raised", raised), ("Acknowledged", acked), ("Hidden", hidden),
    ]  # fmt: skip


def _list_rule_fields(view: AlarmView) -> list[tuple[str, str]]:
    if (rule := view.rule) is None:
        return [("Rule", "Not known here: another release raised this alarm.")]
    return [("Cause", rule.cause), ("Consequence", rule.consequence), ("Action", rule.action)]


def _draw_value(canvas: Canvas, y: int, view: AlarmView) -> None:
    """The value as a bar, the limit as a mark on it."""
    if view.value is None or view.limit is None:
        return
    end = max(abs(view.value), abs(view.limit)) * 1.2 or 1.0
    filled, tick = (round(abs(part) / end * (_BAR_WIDTH - 1)) for part in (view.value, view.limit))
    canvas.write_text(8, y, " " * _BAR_WIDTH, CellStyle(bg=ColourRole.TRACK))
    canvas.write_text(8, y, "▇" * filled, CellStyle(ColourRole.BAR, ColourRole.TRACK))
    canvas.set_cell(8 + tick, y, "│", CellStyle(ColourRole.STRONG, ColourRole.TRACK, bold=True))
    x = canvas.write_text(8 + _BAR_WIDTH + 2, y, format_alarm_value(view.state.key.rule, view.value), STRONG)
    canvas.write_text(x, y, f"   limit {format_alarm_value(view.state.key.rule, view.limit)}", DIM)
