"""Over the alarm journal: which entries are wanted, and one entry whole."""

from collections.abc import Sequence
from datetime import tzinfo
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.console import field, words
from dosing_tui.console.alarmlist import number
from dosing_tui.console.canvas import Canvas, Rows, broken, plain
from dosing_tui.console.field import Field
from dosing_tui.console.journal import DONE, Sieve, by
from dosing_tui.console.look import Look
from dosing_tui.console.pens import DIM, HOT, LABEL, TEXT
from dosing_tui.console.screens.sheet import CHOSEN, Sheet, box, keys_row
from dosing_tui.console.urgency import mark
from dosing_tui.plant.alarms.records import Entry, Event
from dosing_tui.plant.text import clean_line

_WIDTH, _LABELS, _LONGEST = 74, 10, 60
_COLUMNS, _COLUMN = 3, 22
_EVENTS = tuple(Event)
_DEEP = -(-len(_EVENTS) // _COLUMNS)
_DETAIL, _NAMES = 78, 14


class Line(IntEnum):
    """What the keys are about, from top to bottom."""

    TAG = 0
    USER = 1
    EVENTS = 2


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
        self._fields = (field.filled(wanted.tag, _LONGEST), field.filled(wanted.user, _LONGEST))
        self._chosen = frozenset(wanted.events)
        self._line = Line.TAG
        self._at = 0

    @property
    def typing(self) -> Field | None:
        return None if self._line is Line.EVENTS else self._fields[self._line]

    def put(self, changed: Field) -> None:
        tag, user = self._fields
        self._fields = (changed, user) if self._line is Line.TAG else (tag, changed)

    def action_line(self, step: int) -> None:
        self._line = Line((self._line + step) % len(Line))
        self.draw()

    def action_move(self, step: int) -> None:
        """Among the events; from line to line elsewhere, and out of the events at their top."""
        if self._line is not Line.EVENTS or (self._at == 0 and step < 0):
            self._line = Line(max(0, min(self._line + step, Line.EVENTS)))
        else:
            self._at = min(self._at + step, len(_EVENTS) - 1)
        self.draw()

    def action_edit(self, key: str) -> None:
        if self._line is not Line.EVENTS:
            super().action_edit(key)
        elif key in ("left", "right"):
            step = _DEEP if key == "right" else -_DEEP
            self._at = self._at + step if 0 <= self._at + step < len(_EVENTS) else self._at
            self.draw()

    def action_mark(self) -> None:
        self._chosen ^= {_EVENTS[self._at]}
        self.draw()

    def action_clear(self) -> None:
        """Everything is wanted."""
        self._fields, self._chosen = (Field(longest=_LONGEST), Field(longest=_LONGEST)), frozenset()
        self.draw()

    def action_accept(self) -> None:
        tag, user = (one.text.strip() for one in self._fields)
        self.dismiss(Sieve(tag, tuple(event for event in _EVENTS if event in self._chosen), user))

    def rows(self, width: int, height: int) -> Rows:
        canvas = box(_WIDTH, 10 + _DEEP, "Entries of the journal")
        for line, label, hint in (
            (Line.TAG, "Tag", "part of it"), (Line.USER, "User", "whole name, account or role"),
        ):  # fmt: skip
            here = self._line is line
            canvas.text(3, 3 + line, label, LABEL if here else DIM)
            field.draw(canvas, 3 + _LABELS, 3 + line, self._fields[line], width=30, focused=here)
            canvas.text(5 + _LABELS + 30, 3 + line, hint, DIM)
        self._draw_events(canvas, 6)
        commands = self._line is Line.EVENTS
        keys = (("space", "marks"), ("c", "everything")) if commands else (("↓", "to the events"),)
        keys_row(canvas, canvas.height - 2, ("enter", "applies"), *keys, ("esc", "leaves it as it is"))
        return canvas.rows

    def _draw_events(self, canvas: Canvas, y: int) -> None:
        here = self._line is Line.EVENTS
        canvas.text(3, y, "Events" if self._chosen else "Events: all", LABEL if here else DIM)
        for number_, event in enumerate(_EVENTS):
            column, row = divmod(number_, _DEEP)
            chosen = event in self._chosen
            pen = CHOSEN if here and number_ == self._at else HOT if chosen else TEXT
            text = f"{'[x]' if chosen else '[ ]'} {DONE[event]}"
            canvas.text(3 + column * _COLUMN, y + 1 + row, text.ljust(_COLUMN - 2), pen)


class JournalDetail(Sheet[None]):
    """Whatever the entry says."""

    def __init__(self, look: Look, entry: Entry, zone: tzinfo) -> None:
        super().__init__(look)
        self._entry = entry
        self._zone = zone

    @property
    def typing(self) -> Field | None:
        return None

    def put(self, changed: Field) -> None:
        """Nothing is typed here."""

    def action_accept(self) -> None:
        self.dismiss(None)

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
        ("At", words.full_stamp(entry.at, zone)),
        ("Received", words.full_stamp(entry.received_at, zone)),
        ("Until", words.full_stamp(entry.until, zone) if entry.until else ""),
        ("By", ", ".join(part for part in people if part)),
        ("Entered", "while the database was away: under no database role" if entry.offline else ""),
        ("Comment", clean_line(entry.comment)),
        ("Value", ", ".join(part for part in (value, limit) if part)),
        ("Rule", f"version {entry.rule_version}" + (", latching" if entry.latching else "")),
        ("Number", f"{entry.id} in the journal"),
    )
