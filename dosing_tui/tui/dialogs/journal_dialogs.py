"""Over the alarm journal: which entries are wanted, and one entry whole."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.alarms.models import Entry, Event, Shown
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import number
from dosing_tui.tui.alarms.journal_list import DONE, Sieve, by
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT
from dosing_tui.tui.rendering.priority_style import STATES, mark
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, ReadSheet, Sheet, box, keys_row

_WIDTH, _LABELS, _LONGEST = 74, 10, 60
_COLUMNS, _COLUMN = 3, 22
_DETAIL, _NAMES = 78, 14


class Line(IntEnum):
    """What the keys are about, from top to bottom."""

    TAG = 0
    USER = 1
    EVENTS = 2
    STATES = 3


_EVENTS = tuple(Event)
_STATES = tuple(shown for shown in Shown if shown is not Shown.NORMAL)
_WORDS: Mapping[Line, tuple[str, ...]] = {
    Line.EVENTS: tuple(DONE[event] for event in _EVENTS),
    Line.STATES: tuple(STATES[shown] for shown in _STATES),
}
"""What may be marked."""
_TITLES = {Line.EVENTS: ("Events", "Events: all"), Line.STATES: ("Alarms that are now", "Alarms now: all")}
_MARKED = tuple(_WORDS)
_TEXTS = (Line.TAG, Line.USER)


def _deep(line: Line) -> int:
    """Rows of a group of marks."""
    return -(-len(_WORDS[line]) // _COLUMNS)


class JournalFilterDialog(Sheet[Sieve]):
    """Opens with what is wanted so far."""

    BINDINGS = [
        Binding("tab", "line(1)", "Next", show=False),
        Binding("shift+tab", "line(-1)", "Before", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("c", "clear", "Clear", show=False),
    ]

    def __init__(self, look: Look, wanted: Sieve) -> None:
        super().__init__(look)
        self._fields = (text_field.filled(wanted.tag, _LONGEST), text_field.filled(wanted.user, _LONGEST))
        self._chosen = {
            Line.EVENTS: frozenset(_EVENTS.index(event) for event in wanted.events),
            Line.STATES: frozenset(_STATES.index(shown) for shown in wanted.shown),
        }
        self._line = Line.TAG
        self._at = 0

    @property
    def typing(self) -> Field | None:
        return self._fields[self._line] if self._line in _TEXTS else None

    def put(self, changed: Field) -> None:
        tag, user = self._fields
        self._fields = (changed, user) if self._line is Line.TAG else (tag, changed)

    def action_line(self, step: int) -> None:
        self._line, self._at = Line((self._line + step) % len(Line)), 0
        self.draw()

    def action_move(self, step: int) -> None:
        """Among the marks; from line to line elsewhere, and out of a group of marks at its ends."""
        if self._line in _MARKED and 0 <= self._at + step < len(_WORDS[self._line]):
            self._at += step
        elif 0 <= self._line + step < len(Line):
            self._line = Line(self._line + step)
            self._at = len(_WORDS[self._line]) - 1 if step < 0 and self._line in _MARKED else 0
        self.draw()

    def action_edit(self, key: str) -> None:
        if self._line in _TEXTS:
            super().action_edit(key)
        elif key in ("left", "right"):
            step = _deep(self._line) if key == "right" else -_deep(self._line)
            self._at = self._at + step if 0 <= self._at + step < len(_WORDS[self._line]) else self._at
            self.draw()

    def action_mark(self) -> None:
        self._chosen[self._line] ^= {self._at}
        self.draw()

    def action_clear(self) -> None:
        """Everything is wanted."""
        self._fields = (Field(longest=_LONGEST), Field(longest=_LONGEST))
        self._chosen = dict.fromkeys(_MARKED, frozenset())
        self.draw()

    def action_accept(self) -> None:
        tag, user = (one.text.strip() for one in self._fields)
        events = tuple(_EVENTS[number] for number in sorted(self._chosen[Line.EVENTS]))
        shown = tuple(_STATES[number] for number in sorted(self._chosen[Line.STATES]))
        self.dismiss(Sieve(tag, events, user, shown))

    def rows(self, width: int, height: int) -> Rows:
        canvas = box(_WIDTH, 12 + sum(_deep(line) for line in _MARKED), "Entries of the journal")
        for line, label, hint in (
            (Line.TAG, "Tag", "part of it"), (Line.USER, "User", "whole name, account or role"),
        ):  # fmt: skip
            here = self._line is line
            canvas.text(3, 3 + line, label, LABEL if here else DIM)
            text_field.draw(canvas, 3 + _LABELS, 3 + line, self._fields[line], width=30, focused=here)
            canvas.text(5 + _LABELS + 30, 3 + line, hint, DIM)
        y = 6
        for line in _MARKED:
            self._draw_marks(canvas, y, line)
            y += _deep(line) + 2
        commands = self._line in _MARKED
        keys = (("space", "marks"), ("c", "everything")) if commands else (("↓", "to the events"),)
        keys_row(canvas, canvas.height - 2, ("enter", "applies"), *keys, ("esc", "leaves it as it is"))
        return canvas.rows

    def _draw_marks(self, canvas: Canvas, y: int, line: Line) -> None:
        here, some, deep = self._line is line, bool(self._chosen[line]), _deep(line)
        canvas.text(3, y, _TITLES[line][not some], LABEL if here else DIM)
        for number_, word in enumerate(_WORDS[line]):
            column, row = divmod(number_, deep)
            chosen = number_ in self._chosen[line]
            pen = CHOSEN if here and number_ == self._at else HOT if chosen else TEXT
            text = f"{'[x]' if chosen else '[ ]'} {word}"
            canvas.text(3 + column * _COLUMN, y + 1 + row, text.ljust(_COLUMN - 2), pen)


class JournalDetail(ReadSheet[None]):
    """Whatever the entry says."""

    def __init__(self, look: Look, entry: Entry, zone: tzinfo) -> None:
        super().__init__(look)
        self._entry = entry
        self._zone = zone

    def rows(self, width: int, height: int) -> Rows:
        return detail_rows(self._entry, self._zone)


def detail_rows(entry: Entry, zone: tzinfo) -> Rows:
    room = _DETAIL - _NAMES - 6
    lines = [
        (label if not part else "", line)
        for label, text in _facts(entry, zone)
        if text
        for part, line in enumerate(broken(text, room))
    ]
    message = broken(clean_line(entry.message), _DETAIL - 12)[:2]
    top = 4 + len(message)
    canvas = box(_DETAIL, top + len(lines) + 3, plain(entry.key.tag, 60))
    canvas.text(3, 3, mark(entry.priority, loud=False), DIM)
    for row, said in enumerate(message):
        canvas.text(8, 3 + row, said, LABEL)
    for row, (label, line) in enumerate(lines):
        canvas.text(3, top + row, label, DIM)
        canvas.text(3 + _NAMES, top + row, line, TEXT)
    keys_row(canvas, canvas.height - 2, ("enter", "back to the journal"))
    return canvas.rows


def _facts(entry: Entry, zone: tzinfo) -> Sequence[tuple[str, str]]:
    who = entry.who
    account = f"{plain(who.os_user)} (account)" if who.os_user and who.os_user != by(who) else ""
    role = f"{plain(who.role)} (database role)" if who.role else ""
    people = [by(who) or "the program itself", account, role]
    value = "" if entry.value is None else number(entry.value)
    limit = "" if entry.limit is None else f"limit {number(entry.limit)}"
    return (
        ("Event", f"{DONE[entry.event]}, {entry.priority} priority"),
        ("At", number_format.full_stamp(entry.at, zone)),
        ("Received", number_format.full_stamp(entry.received_at, zone)),
        ("Until", number_format.full_stamp(entry.until, zone) if entry.until else ""),
        ("By", ", ".join(part for part in people if part)),
        ("Entered", "while the database was away: under no database role" if entry.offline else ""),
        ("Comment", clean_line(entry.comment)),
        ("Value", ", ".join(part for part in (value, limit) if part)),
        ("Rule", f"version {entry.rule_version}" + (", latching" if entry.latching else "")),
        ("Number", f"{entry.id} in the journal"),
    )
