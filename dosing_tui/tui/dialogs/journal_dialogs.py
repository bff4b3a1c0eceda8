"""Dialogs of the alarm journal: the filter of its entries, and one entry in full."""

from collections.abc import Sequence
from datetime import tzinfo

from textual.binding import Binding

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName, JournalEntry
from dosing_tui.domain.labels.alarm_labels import describe_alarm
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.journal_list import EVENT_LABELS, JournalFilterForm, format_operator
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.priority_style import MARK_WIDTH, STATE_LABELS, format_mark
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import create_box, draw_keys, draw_lines, wrap_labelled_text
from dosing_tui.tui.widgets.form_dialog import FormDialog, KeyLabels
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormPart, OptionGroup, TextEntry

_MAX_LENGTH, _ENTRY_WIDTH = 60, 30
_DETAIL_WIDTH, _NAME_WIDTH = 78, 14
_EVENTS = tuple(AlarmEvent)
_STATES = tuple(state for state in AlarmStateName if state is not AlarmStateName.NORMAL)


class JournalFilterDialog(FormDialog[JournalFilterForm]):
    """Opens with the current filter."""

    BINDINGS = [Binding("c", "clear", "Clear", show=False)]
    gap = 0
    is_cyclic = False

    def __init__(self, theme: TerminalTheme, form: JournalFilterForm) -> None:
        self._tag, self._user = (
            TextEntry(
                label=label, field=text_field.create_field(text, _MAX_LENGTH), width=_ENTRY_WIDTH, hint=hint
            )
            for label, text, hint in (
                ("Tag", form.tag, "part of it"), ("User", form.user, "whole name, account or role"),
            )
        )  # fmt: skip
        self._events = OptionGroup(
            label="Events", all_label="Events: all", options=[EVENT_LABELS[event] for event in _EVENTS],
            marked=frozenset(map(_EVENTS.index, form.events)),
        )  # fmt: skip
        self._states = OptionGroup(
            label="Alarms that are now", all_label="Alarms now: all",
            options=[STATE_LABELS[state] for state in _STATES],
            marked=frozenset(map(_STATES.index, form.states)),
        )  # fmt: skip
        parts: list[FormPart] = [self._tag, self._user, BLANK_ROW, self._events, BLANK_ROW, self._states]
        super().__init__(theme, "Journal entries", parts, action="Apply")

    def list_keys(self) -> KeyLabels:
        is_marking = self._focused_field in (self._events, self._states)
        keys = [("Space", "Mark"), ("c", "Clear all")] if is_marking else [("↓", "Events")]
        return ("Enter", "Apply"), *keys, ("Esc", "Cancel")

    def action_clear(self) -> None:
        """Show all entries."""
        for entry in (self._tag, self._user):
            entry.field = text_field.TextField(max_length=_MAX_LENGTH)
        for group in (self._events, self._states):
            group.marked = frozenset()
        self.draw_dialog()

    def build_result(self) -> JournalFilterForm:
        events = tuple(_EVENTS[number] for number in sorted(self._events.marked))
        states = tuple(_STATES[number] for number in sorted(self._states.marked))
        return JournalFilterForm(self._tag.text, events, self._user.text, states)


def render_entry(entry: JournalEntry, zone: tzinfo) -> Rows:
    """Every field of one entry."""
    room = _DETAIL_WIDTH - _NAME_WIDTH - 6
    fields = [
        line for label, text in _list_entry_fields(entry, zone)
        for line in wrap_labelled_text(label, text, room)
    ]  # fmt: skip
    message = wrap_text(describe_alarm(entry.key, entry.message).text, _DETAIL_WIDTH - MARK_WIDTH - 7)[:2]
    top = 4 + len(message)
    canvas = create_box(
        _DETAIL_WIDTH, top + len(fields) + 3, sanitize_text(entry.key.tag, 60), hint="Esc Close"
    )
    canvas.write_text(3, 3, format_mark(entry.priority, is_unacknowledged=False), DIM)
    draw_lines(canvas, 4 + MARK_WIDTH, 3, message, LABEL)
    draw_lines(canvas, 3, top, [label for label, _ in fields], DIM)
    draw_lines(canvas, 3 + _NAME_WIDTH, top, [text for _, text in fields], TEXT)
    draw_keys(canvas, canvas.height - 2, ("Enter", "Back to journal"))
    return canvas.rows


def _list_entry_fields(entry: JournalEntry, zone: tzinfo) -> Sequence[tuple[str, str]]:
    who = entry.who
    has_account = bool(who.os_user) and who.os_user != format_operator(who)
    account = f"{sanitize_text(who.os_user)} (account)" if has_account else ""
    role = f"{sanitize_text(who.role)} (database role)" if who.role else ""
    people = [format_operator(who) or "none (automatic)", account, role]
    label = describe_alarm(entry.key, entry.message)
    value = "" if entry.value is None else format_alarm_value(entry.key.rule, entry.value)
    limit = "" if entry.limit is None else f"limit {format_alarm_value(entry.key.rule, entry.limit)}"
    return (
        ("Station", label.station),
        ("Tag", label.tag),
        ("Event", f"{EVENT_LABELS[entry.event]}, {entry.priority} priority"),
        ("Time", number_format.format_full_timestamp(entry.at, zone)),
        ("Received", number_format.format_full_timestamp(entry.received_at, zone)),
        ("Until", number_format.format_full_timestamp(entry.until, zone) if entry.until else ""),
        ("Operator", ", ".join(part for part in people if part)),
        ("Entered", "while the database was unavailable, without a database role" if entry.offline else ""),
        ("Comment", clean_line(entry.comment)),
        ("Value", ", ".join(part for part in (value, limit) if part)),
        ("Rule", f"version {entry.rule_version}" + (", latching" if entry.latching else "")),
        ("Entry", f"{entry.id} in the journal"),
    )
