"""One alarm in full: value, limit, state, trend; cause, consequence and action by its rule (ISA-18.2)."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from msgspec.structs import replace
from textual.binding import Binding

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line, count_cells
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendQuery, build_trend_query
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_fields import draw_value, list_rule_fields, list_state_fields
from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState, render_trend
from dosing_tui.tui.keys.bindings import ALARM_KEYS
from dosing_tui.tui.layout.footer import KeyHint
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, CellStyle
from dosing_tui.tui.rendering.priority_style import MARK_WIDTH, PRIORITY_MARKS, format_mark
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import (
    CanvasDialog,
    create_box,
    draw_keys,
    draw_lines,
    wrap_labelled_text,
)

_WIDTH, _LABEL_WIDTH = 78, 13
_TEXT_X = 4 + MARK_WIDTH
"""Where the message begins, behind the priority."""
_MAX_TITLE_CELLS = 60
"""Of the tag in the dialog's frame; a longer one is whole among the fields."""
_MAX_TAG_CELLS = 240
_SCROLL_KEYS = "↑↓"
_FRAME_ROWS = 9
"""Rows beside the message and the fields: frame, title, value, keys and blanks."""
MAX_TEXT_ROWS, MIN_TREND_ROWS, MAX_TREND_ROWS = 24, 9, 16
"""Limits of the rows of text, and of the trend below it."""
_SHORT_MESSAGE_ROWS = 3
_PAGE_ROWS = 6
"""Rows of a page without text beside its message; the trend replaces the text."""
TREND_INTERVAL_S = 15.0
"""Interval of the trend's query."""


class AlarmDetailScreen(CanvasDialog[AlarmAction]):
    """Result: the requested action, or None. ``find_alarm`` returns the alarm's present state."""

    BINDINGS = [
        *(binding for binding in ALARM_KEYS if binding.id != "alarm-all"),
        Binding("tab,shift+tab", "turn", "Trend", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
    ]
    wheel_moves_cursor = True

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
        self._first_line = 0
        """Of the text, where it is longer than the window."""

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

    def action_scroll(self, step: int) -> None:
        self._first_line = max(0, self._first_line + step)
        self.draw_dialog()

    def render_rows(self, width: int, height: int) -> Rows:
        lines = self._build_field_lines()
        message_rows = len(_wrap_message(self._view))
        text_rows = min(MAX_TEXT_ROWS, height, _FRAME_ROWS + message_rows + len(lines))
        lines, hints = self._scroll_lines(lines, text_rows - _FRAME_ROWS - message_rows + 1)
        trend_height = min(MAX_TREND_ROWS, height - text_rows) if self._trend.query else 0
        if self._trend.query and trend_height < MIN_TREND_ROWS:
            hints = [KeyHint("tab", "Words" if self._trend_visible else "Trend"), *hints]
            trend_height = 0
            if self._trend_visible:
                hints = [hint for hint in hints if hint.keys != _SCROLL_KEYS]
                lines, text_rows = [], _PAGE_ROWS + max(message_rows, _SHORT_MESSAGE_ROWS)
                trend_height = MAX_TEXT_ROWS - text_rows
        title = sanitize_text(self.alarm_key.tag, _MAX_TITLE_CELLS)
        canvas = create_box(_WIDTH, text_rows + trend_height, title)
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

    def _scroll_lines(
        self, lines: list[tuple[str, str]], room: int
    ) -> tuple[list[tuple[str, str]], Sequence[KeyHint]]:
        """The lines in view, and the keys; where lines are out of sight, with those that scroll."""
        first = self._first_line = max(0, min(self._first_line, len(lines) - room))
        if len(lines) <= room:
            return lines, self._hints
        return lines[first : first + room], [KeyHint(_SCROLL_KEYS, "More"), *self._hints]

    def _build_field_lines(self) -> list[tuple[str, str]]:
        room = _WIDTH - _LABEL_WIDTH - 6
        tag = sanitize_text(self.alarm_key.tag, _MAX_TAG_CELLS)
        facts = [("Tag", tag)] if count_cells(tag) > _MAX_TITLE_CELLS else []
        facts += list_state_fields(self._view, self._clock(), self._zone) + list_rule_fields(self._view)
        if self._trend.query is None:
            facts.append(("Trend", "None: this alarm is about an event, not of a value over time."))
        return [pair for label, text in facts if text for pair in wrap_labelled_text(label, text, room)]


def _wrap_message(view: AlarmView) -> list[str]:
    return wrap_text(clean_line(view.message), _WIDTH - _TEXT_X - 3)


def _draw_message(canvas: Canvas, view: AlarmView) -> None:
    priority = view.state.priority
    loud = view.state.state_name in UNACKNOWLEDGED_STATES
    style = CellStyle(PRIORITY_MARKS[priority].colour, bold=True)
    canvas.write_text(3, 3, format_mark(priority, is_unacknowledged=loud), style)
    draw_lines(canvas, _TEXT_X, 3, _wrap_message(view), LABEL)


def _draw_text(canvas: Canvas, view: AlarmView, lines: Sequence[tuple[str, str]], text_rows: int) -> None:
    """The value, and as many lines as ``text_rows`` have room for."""
    y = 5 + len(_wrap_message(view))
    draw_value(canvas, _TEXT_X, y - 2, view)
    shown = lines[: text_rows - y - 2]
    draw_lines(canvas, 3, y, [label for label, _ in shown], DIM)
    draw_lines(canvas, 3 + _LABEL_WIDTH, y, [line for _, line in shown])


def _draw_hints(canvas: Canvas, hints: Sequence[KeyHint]) -> None:
    """With short labels where the long ones do not fit."""
    wide = sum(len(hint.keys) + len(hint.label) + 4 for hint in hints) <= _WIDTH - 4
    labels = [(hint.keys, hint.label if wide else hint.short_label or hint.label) for hint in hints]
    draw_keys(canvas, canvas.height - 2, *labels)
