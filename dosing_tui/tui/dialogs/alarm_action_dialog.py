"""Asks before something is done with alarms: a comment or reason, the name, how long they are shelved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.alarms.operator_commands import MAX_COMMENT_LENGTH
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.tui.alarms.alarm_actions import get_priority
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, format_mark
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import SELECTED_STYLE, FormDialog, create_box, draw_keys, draw_message

_WIDTH, _LABEL_WIDTH, _MAX_LISTED = 74, 10, 4
_TITLES = {
    AlarmEvent.ACKNOWLEDGE: "Acknowledge",
    AlarmEvent.RESET: "Reset",
    AlarmEvent.SHELVE: "Shelve",
    AlarmEvent.UNSHELVE: "End the shelving",
    AlarmEvent.REMOVE_FROM_SERVICE: "Take out of service",
    AlarmEvent.RETURN_TO_SERVICE: "Put back into service",
}
_CONSEQUENCES = {
    AlarmEvent.ACKNOWLEDGE: "You have seen it and see to it. It stays listed while its condition lasts.",
    AlarmEvent.RESET: "The latched alarm ends: whatever happened has been dealt with.",
    AlarmEvent.SHELVE: "It is not announced for so long, on no console; then it comes back by itself.",
    AlarmEvent.UNSHELVE: "It is announced again at once if its condition holds.",
    AlarmEvent.REMOVE_FROM_SERVICE: "It is not announced any more, on no console, until somebody puts it back.",
    AlarmEvent.RETURN_TO_SERVICE: "It is announced again at once if its condition holds.",
}
_REASON_REQUIRED = frozenset({AlarmEvent.SHELVE, AlarmEvent.REMOVE_FROM_SERVICE})


class AlarmActionField(IntEnum):
    """What the keys are about, from top to bottom."""

    COMMENT = 0
    NAME = 1
    DURATION = 2


@dataclass(frozen=True, slots=True)
class AlarmActionInput:
    """What the operator answered."""

    comment: str
    name: str
    duration: timedelta


@dataclass(frozen=True, slots=True)
class AlarmActionPrompt:
    """``durations`` to choose from; empty where the event has none."""

    event: AlarmEvent
    views: tuple[AlarmView, ...]
    durations: tuple[timedelta, ...] = ()
    is_new_shift: bool = False
    """The shift has changed: the name is asked for before all."""


class AlarmActionDialog(FormDialog[AlarmActionInput]):
    """``enter`` answers what is asked; a reason has to be given where the event needs one."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(self, theme: TerminalTheme, prompt: AlarmActionPrompt, *, name: str) -> None:
        super().__init__(theme)
        self._prompt = prompt
        self._fields = (
            TextField(max_length=MAX_COMMENT_LENGTH),
            text_field.create_field(name, MAX_AUTHOR_LENGTH),
        )
        self._current_field = AlarmActionField.NAME if prompt.is_new_shift else AlarmActionField.COMMENT
        self._duration_index = min(1, len(prompt.durations) - 1)
        self._error = ""

    @property
    def active_field(self) -> TextField | None:
        return None if self._current_field is AlarmActionField.DURATION else self._fields[self._current_field]

    def update_field(self, new_field: TextField) -> None:
        comment, name = self._fields
        self._fields = (
            (new_field, name) if self._current_field is AlarmActionField.COMMENT else (comment, new_field)
        )
        self._error = ""

    def action_line(self, step: int) -> None:
        lines = (
            list(AlarmActionField)
            if self._prompt.durations
            else [AlarmActionField.COMMENT, AlarmActionField.NAME]
        )
        self._current_field = lines[(lines.index(self._current_field) + step) % len(lines)]
        self.draw_dialog()

    def action_edit(self, key: str) -> None:
        """On the line of the durations ← and → choose one."""
        if self._current_field is AlarmActionField.DURATION and key in ("left", "right"):
            step = 1 if key == "right" else -1
            self._duration_index = max(0, min(self._duration_index + step, len(self._prompt.durations) - 1))
            self.draw_dialog()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        comment, name = (one.text.strip() for one in self._fields)
        if self._prompt.event in _REASON_REQUIRED and not comment:
            self._error = "A reason is needed."
            self.draw_dialog()
            return
        durations = self._prompt.durations
        self.dismiss(
            AlarmActionInput(comment, name, durations[self._duration_index] if durations else timedelta())
        )

    def render_rows(self, width: int, height: int) -> Rows:
        asked = self._prompt
        consequence = wrap_text(_CONSEQUENCES[asked.event], _WIDTH - 6)
        named = min(len(asked.views), _MAX_LISTED) + (len(asked.views) > _MAX_LISTED)
        top = 4 + named + len(consequence)
        canvas = create_box(_WIDTH, top + 8 + bool(asked.durations), _format_title(asked))
        _draw_alarms(canvas, asked.views)
        for number, line in enumerate(consequence):
            canvas.write_text(3, 4 + named + number, line, DIM)
        self._draw_fields(canvas, top + 1)
        anew = "The shift has changed: who are you?" if asked.is_new_shift else ""
        draw_message(canvas, canvas.height - 4, self._error or anew, is_error=bool(self._error))
        does = _TITLES[asked.event].lower()
        draw_keys(canvas, canvas.height - 2, ("enter", does), ("tab", "next line"), ("esc", "leaves"))
        return canvas.rows

    def _draw_fields(self, canvas: Canvas, top: int) -> None:
        labels = ("Reason" if self._prompt.event in _REASON_REQUIRED else "Comment", "Name")
        for line, (label, one) in enumerate(zip(labels, self._fields, strict=True)):
            here = line == self._current_field
            canvas.write_text(3, top + line, label, LABEL if here else DIM)
            text_field.draw_field(
                canvas, 3 + _LABEL_WIDTH, top + line, one, width=_WIDTH - _LABEL_WIDTH - 6, is_focused=here
            )
        if self._prompt.durations:
            here = self._current_field is AlarmActionField.DURATION
            canvas.write_text(3, top + AlarmActionField.DURATION, "For", LABEL if here else DIM)
            length = number_format.format_bucket_width(self._prompt.durations[self._duration_index])
            most = number_format.format_bucket_width(self._prompt.durations[-1])
            x = canvas.write_text(
                3 + _LABEL_WIDTH,
                top + AlarmActionField.DURATION,
                f"← {length} →",
                SELECTED_STYLE if here else TEXT,
            )
            canvas.write_text(x + 2, top + AlarmActionField.DURATION, f"{most} at most", DIM)


def _format_title(prompt: AlarmActionPrompt) -> str:
    title, count = _TITLES[prompt.event], len(prompt.views)
    return f"{title} {count} alarms?" if count > 1 else f"{title}?"


def _draw_alarms(canvas: Canvas, views: Sequence[AlarmView]) -> None:
    """The first few; of how many more."""
    for number, view in enumerate(views[:_MAX_LISTED]):
        priority = get_priority(view)
        canvas.write_text(
            3,
            3 + number,
            format_mark(priority, is_unacknowledged=False),
            CellStyle(PRIORITY_MARKS[priority].colour, bold=True),
        )
        text = clean_line(view.message) or view.state.key.tag
        canvas.write_text(8, 3 + number, text, TEXT, width=_WIDTH - 11)
    if len(views) > _MAX_LISTED:
        canvas.write_text(8, 3 + _MAX_LISTED, f"and {len(views) - _MAX_LISTED} more in sight", DIM)
