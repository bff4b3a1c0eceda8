"""Asks before something is done with alarms: a comment or reason, the name, how long they are shelved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.alarms.models import Event
from dosing_tui.domain.alarms.operator_commands import COMMENT_LONGEST
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.operator_notes import AUTHOR_LONGEST
from dosing_tui.tui.alarms.alarm_actions import urgency
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, Pen
from dosing_tui.tui.rendering.priority_style import MARKS, mark
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, Sheet, box, keys_row, say

_WIDTH, _LABELS, _NAMED = 74, 10, 4
_TITLES = {
    Event.ACKNOWLEDGE: "Acknowledge",
    Event.RESET: "Reset",
    Event.SHELVE: "Shelve",
    Event.UNSHELVE: "End the shelving",
    Event.REMOVE: "Take out of service",
    Event.RESTORE: "Put back into service",
}
_CONSEQUENCES = {
    Event.ACKNOWLEDGE: "You have seen it and see to it. It stays listed while its condition lasts.",
    Event.RESET: "The latched alarm ends: whatever happened has been dealt with.",
    Event.SHELVE: "It is not announced for so long, on no console; then it comes back by itself.",
    Event.UNSHELVE: "It is announced again at once if its condition holds.",
    Event.REMOVE: "It is not announced any more, on no console, until somebody puts it back.",
    Event.RESTORE: "It is announced again at once if its condition holds.",
}
_REASONED = frozenset({Event.SHELVE, Event.REMOVE})


class Line(IntEnum):
    """What the keys are about, from top to bottom."""

    COMMENT = 0
    NAME = 1
    DURATION = 2


@dataclass(frozen=True, slots=True)
class Given:
    """What the operator answered."""

    comment: str
    name: str
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Question:
    """``durations`` to choose from; empty where the event has none."""

    event: Event
    views: tuple[AlarmView, ...]
    durations: tuple[timedelta, ...] = ()
    relieved: bool = False
    """The shift has changed: the name is asked for before all."""


class AlarmDialog(Sheet[Given]):
    """``enter`` answers what is asked; a reason has to be given where the event needs one."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(self, look: Look, asked: Question, *, name: str) -> None:
        super().__init__(look)
        self._asked = asked
        self._fields = (Field(longest=COMMENT_LONGEST), text_field.filled(name, AUTHOR_LONGEST))
        self._line = Line.NAME if asked.relieved else Line.COMMENT
        self._duration = min(1, len(asked.durations) - 1)
        self._sentence = ""

    @property
    def typing(self) -> Field | None:
        return None if self._line is Line.DURATION else self._fields[self._line]

    def put(self, changed: Field) -> None:
        comment, name = self._fields
        self._fields = (changed, name) if self._line is Line.COMMENT else (comment, changed)
        self._sentence = ""

    def action_line(self, step: int) -> None:
        lines = list(Line) if self._asked.durations else [Line.COMMENT, Line.NAME]
        self._line = lines[(lines.index(self._line) + step) % len(lines)]
        self.draw()

    def action_edit(self, key: str) -> None:
        """On the line of the durations ← and → choose one."""
        if self._line is Line.DURATION and key in ("left", "right"):
            step = 1 if key == "right" else -1
            self._duration = max(0, min(self._duration + step, len(self._asked.durations) - 1))
            self.draw()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        comment, name = (one.text.strip() for one in self._fields)
        if self._asked.event in _REASONED and not comment:
            self._sentence = "A reason is needed."
            self.draw()
            return
        durations = self._asked.durations
        self.dismiss(Given(comment, name, durations[self._duration] if durations else timedelta()))

    def rows(self, width: int, height: int) -> Rows:
        asked = self._asked
        consequence = broken(_CONSEQUENCES[asked.event], _WIDTH - 6)
        named = min(len(asked.views), _NAMED) + (len(asked.views) > _NAMED)
        top = 4 + named + len(consequence)
        canvas = box(_WIDTH, top + 8 + bool(asked.durations), _title(asked))
        _draw_views(canvas, asked.views)
        for number, line in enumerate(consequence):
            canvas.text(3, 4 + named + number, line, DIM)
        self._draw_fields(canvas, top + 1)
        anew = "The shift has changed: who are you?" if asked.relieved else ""
        say(canvas, canvas.height - 4, self._sentence or anew, fault=bool(self._sentence))
        does = _TITLES[asked.event].lower()
        keys_row(canvas, canvas.height - 2, ("enter", does), ("tab", "next line"), ("esc", "leaves"))
        return canvas.rows

    def _draw_fields(self, canvas: Canvas, top: int) -> None:
        labels = ("Reason" if self._asked.event in _REASONED else "Comment", "Name")
        for line, (label, one) in enumerate(zip(labels, self._fields, strict=True)):
            here = line == self._line
            canvas.text(3, top + line, label, LABEL if here else DIM)
            text_field.draw(canvas, 3 + _LABELS, top + line, one, width=_WIDTH - _LABELS - 6, focused=here)
        if self._asked.durations:
            here = self._line is Line.DURATION
            canvas.text(3, top + Line.DURATION, "For", LABEL if here else DIM)
            length = number_format.span(self._asked.durations[self._duration])
            most = number_format.span(self._asked.durations[-1])
            x = canvas.text(3 + _LABELS, top + Line.DURATION, f"← {length} →", CHOSEN if here else TEXT)
            canvas.text(x + 2, top + Line.DURATION, f"{most} at most", DIM)


def _title(asked: Question) -> str:
    title, count = _TITLES[asked.event], len(asked.views)
    return f"{title} {count} alarms?" if count > 1 else f"{title}?"


def _draw_views(canvas: Canvas, views: Sequence[AlarmView]) -> None:
    """The first few; of how many more."""
    for number, view in enumerate(views[:_NAMED]):
        priority = urgency(view)
        canvas.text(3, 3 + number, mark(priority, loud=False), Pen(MARKS[priority].tone, bold=True))
        text = clean_line(view.message) or view.state.key.tag
        canvas.text(8, 3 + number, text, TEXT, width=_WIDTH - 11)
    if len(views) > _NAMED:
        canvas.text(8, 3 + _NAMED, f"and {len(views) - _NAMED} more in sight", DIM)
