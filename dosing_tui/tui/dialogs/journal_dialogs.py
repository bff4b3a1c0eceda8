"""Over the alarm journal: which entries are wanted, and one entry whole."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName, JournalEntry
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import format_number
from dosing_tui.tui.alarms.journal_list import EVENT_LABELS, JournalFilterForm, format_operator
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT
from dosing_tui.tui.rendering.priority_style import STATE_LABELS, format_mark
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import (
    SELECTED_STYLE,
    FormDialog,
    ReadOnlyDialog,
    create_box,
    draw_keys,
)

_WIDTH, _LABEL_WIDTH, _MAX_LENGTH = 74, 10, 60
_COLUMNS, _COLUMN_WIDTH = 3, 22
_DETAIL_WIDTH, _NAME_WIDTH = 78, 14


class JournalFilterField(IntEnum):
    """What the keys are about, from top to bottom."""

    TAG = 0
    USER = 1
    EVENTS = 2
    STATES = 3


_EVENTS = tuple(AlarmEvent)
_STATES = tuple(shown for shown in AlarmStateName if shown is not AlarmStateName.NORMAL)
_OPTION_LABELS: Mapping[JournalFilterField, tuple[str, ...]] = {
    JournalFilterField.EVENTS: tuple(EVENT_LABELS[event] for event in _EVENTS),
    JournalFilterField.STATES: tuple(STATE_LABELS[shown] for shown in _STATES),
}
"""What may be marked."""
_TITLES = {
    JournalFilterField.EVENTS: ("Events", "Events: all"),
    JournalFilterField.STATES: ("Alarms that are now", "Alarms now: all"),
}
_OPTION_FIELDS = tuple(_OPTION_LABELS)
_TEXT_FIELDS = (JournalFilterField.TAG, JournalFilterField.USER)


def _count_option_rows(line: JournalFilterField) -> int:
    """Rows of a group of marks."""
    return -(-len(_OPTION_LABELS[line]) // _COLUMNS)


class JournalFilterDialog(FormDialog[JournalFilterForm]):
    """Opens with what is wanted so far."""

    BINDINGS = [
        Binding("tab", "line(1)", "Next", show=False),
        Binding("shift+tab", "line(-1)", "Before", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("c", "clear", "Clear", show=False),
    ]

    def __init__(self, theme: TerminalTheme, form: JournalFilterForm) -> None:
        super().__init__(theme)
        self._fields = (
            text_field.create_field(form.tag, _MAX_LENGTH),
            text_field.create_field(form.user, _MAX_LENGTH),
        )
        self._selected_options = {
            JournalFilterField.EVENTS: frozenset(_EVENTS.index(event) for event in form.events),
            JournalFilterField.STATES: frozenset(_STATES.index(shown) for shown in form.states),
        }
        self._current_field = JournalFilterField.TAG
        self._option_index = 0

    @property
    def active_field(self) -> TextField | None:
        return self._fields[self._current_field] if self._current_field in _TEXT_FIELDS else None

    def update_field(self, new_field: TextField) -> None:
        tag, user = self._fields
        self._fields = (
            (new_field, user) if self._current_field is JournalFilterField.TAG else (tag, new_field)
        )

    def action_line(self, step: int) -> None:
        self._current_field, self._option_index = (
            JournalFilterField((self._current_field + step) % len(JournalFilterField)),
            0,
        )
        self.draw_dialog()

    def action_move(self, step: int) -> None:
        """Among the marks; from line to line elsewhere, and out of a group of marks at its ends."""
        if self._current_field in _OPTION_FIELDS and 0 <= self._option_index + step < len(
            _OPTION_LABELS[self._current_field]
        ):
            self._option_index += step
        elif 0 <= self._current_field + step < len(JournalFilterField):
            self._current_field = JournalFilterField(self._current_field + step)
            self._option_index = (
                len(_OPTION_LABELS[self._current_field]) - 1
                if step < 0 and self._current_field in _OPTION_FIELDS
                else 0
            )
        self.draw_dialog()

    def action_edit(self, key: str) -> None:
        if self._current_field in _TEXT_FIELDS:
            super().action_edit(key)
        elif key in ("left", "right"):
            step = (
                _count_option_rows(self._current_field)
                if key == "right"
                else -_count_option_rows(self._current_field)
            )
            self._option_index = (
                self._option_index + step
                if 0 <= self._option_index + step < len(_OPTION_LABELS[self._current_field])
                else self._option_index
            )
            self.draw_dialog()

    def action_mark(self) -> None:
        self._selected_options[self._current_field] ^= {self._option_index}
        self.draw_dialog()

    def action_clear(self) -> None:
        """Everything is wanted."""
        self._fields = (TextField(max_length=_MAX_LENGTH), TextField(max_length=_MAX_LENGTH))
        self._selected_options = dict.fromkeys(_OPTION_FIELDS, frozenset())
        self.draw_dialog()

    def action_accept(self) -> None:
        tag, user = (one.text.strip() for one in self._fields)
        events = tuple(
            _EVENTS[number] for number in sorted(self._selected_options[JournalFilterField.EVENTS])
        )
        shown = tuple(_STATES[number] for number in sorted(self._selected_options[JournalFilterField.STATES]))
        self.dismiss(JournalFilterForm(tag, events, user, shown))

    def render_rows(self, width: int, height: int) -> Rows:
        canvas = create_box(
            _WIDTH, 12 + sum(_count_option_rows(line) for line in _OPTION_FIELDS), "Entries of the journal"
        )
        for line, label, hint in (
            (JournalFilterField.TAG, "Tag", "part of it"),
            (JournalFilterField.USER, "User", "whole name, account or role"),
        ):
            here = self._current_field is line
            canvas.write_text(3, 3 + line, label, LABEL if here else DIM)
            text_field.draw_field(
                canvas, 3 + _LABEL_WIDTH, 3 + line, self._fields[line], width=30, is_focused=here
            )
            canvas.write_text(5 + _LABEL_WIDTH + 30, 3 + line, hint, DIM)
        y = 6
        for line in _OPTION_FIELDS:
            self._draw_options(canvas, y, line)
            y += _count_option_rows(line) + 2
        commands = self._current_field in _OPTION_FIELDS
        keys = (("space", "marks"), ("c", "everything")) if commands else (("↓", "to the events"),)
        draw_keys(canvas, canvas.height - 2, ("enter", "applies"), *keys, ("esc", "leaves it as it is"))
        return canvas.rows

    def _draw_options(self, canvas: Canvas, y: int, line: JournalFilterField) -> None:
        here, some, deep = (
            self._current_field is line,
            bool(self._selected_options[line]),
            _count_option_rows(line),
        )
        canvas.write_text(3, y, _TITLES[line][not some], LABEL if here else DIM)
        for number_, word in enumerate(_OPTION_LABELS[line]):
            column, row = divmod(number_, deep)
            chosen = number_ in self._selected_options[line]
            pen = SELECTED_STYLE if here and number_ == self._option_index else STRONG if chosen else TEXT
            text = f"{'[x]' if chosen else '[ ]'} {word}"
            canvas.write_text(3 + column * _COLUMN_WIDTH, y + 1 + row, text.ljust(_COLUMN_WIDTH - 2), pen)


class JournalEntryDialog(ReadOnlyDialog[None]):
    """Whatever the entry says."""

    def __init__(self, theme: TerminalTheme, entry: JournalEntry, zone: tzinfo) -> None:
        super().__init__(theme)
        self._entry = entry
        self._zone = zone

    def render_rows(self, width: int, height: int) -> Rows:
        return render_entry(self._entry, self._zone)


def render_entry(entry: JournalEntry, zone: tzinfo) -> Rows:
    room = _DETAIL_WIDTH - _NAME_WIDTH - 6
    lines = [
        (label if not part else "", line)
        for label, text in _list_entry_fields(entry, zone)
        if text
        for part, line in enumerate(wrap_text(text, room))
    ]
    message = wrap_text(clean_line(entry.message), _DETAIL_WIDTH - 12)[:2]
    top = 4 + len(message)
    canvas = create_box(_DETAIL_WIDTH, top + len(lines) + 3, sanitize_text(entry.key.tag, 60))
    canvas.write_text(3, 3, format_mark(entry.priority, is_unacknowledged=False), DIM)
    for row, said in enumerate(message):
        canvas.write_text(8, 3 + row, said, LABEL)
    for row, (label, line) in enumerate(lines):
        canvas.write_text(3, top + row, label, DIM)
        canvas.write_text(3 + _NAME_WIDTH, top + row, line, TEXT)
    draw_keys(canvas, canvas.height - 2, ("enter", "back to the journal"))
    return canvas.rows


def _list_entry_fields(entry: JournalEntry, zone: tzinfo) -> Sequence[tuple[str, str]]:
    who = entry.who
    account = (
        f"{sanitize_text(who.os_user)} (account)"
        if who.os_user and who.os_user != format_operator(who)
        else ""
    )
    role = f"{sanitize_text(who.role)} (database role)" if who.role else ""
    people = [format_operator(who) or "the program itself", account, role]
    value = "" if entry.value is None else format_number(entry.value)
    limit = "" if entry.limit is None else f"limit {format_number(entry.limit)}"
    return (
        ("Event", f"{EVENT_LABELS[entry.event]}, {entry.priority} priority"),
        ("At", number_format.format_full_timestamp(entry.at, zone)),
        ("Received", number_format.format_full_timestamp(entry.received_at, zone)),
        ("Until", number_format.format_full_timestamp(entry.until, zone) if entry.until else ""),
        ("By", ", ".join(part for part in people if part)),
        ("Entered", "while the database was away: under no database role" if entry.offline else ""),
        ("Comment", clean_line(entry.comment)),
        ("Value", ", ".join(part for part in (value, limit) if part)),
        ("Rule", f"version {entry.rule_version}" + (", latching" if entry.latching else "")),
        ("Number", f"{entry.id} in the journal"),
    )
