"""Asks the operator for a note about a moment: text, author, time, station."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.panels.operator_notes import (
    MAX_AUTHOR_LENGTH,
    MAX_TEXT_LENGTH,
    NoteDraft,
    clean_note,
    validate_note,
)
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import SELECTED_STYLE, FormDialog, create_box, draw_keys, draw_message

WHOLE_PLANT = "the whole plant"
_WIDTH, _LABEL_WIDTH = 74, 10
_PREVIEW_LINES = 4
"""Lines of the note that are shown again, whole, under its field."""


class NoteField(IntEnum):
    """What the keys are about, from top to bottom."""

    TEXT = 0
    AUTHOR = 1
    TIME = 2
    DEVICE = 3


@dataclass(frozen=True, slots=True)
class NoteForm:
    """A note as it is being entered. ``device_index`` counts in ``devices``; 0 is the whole plant."""

    default_time: datetime
    fields: tuple[TextField, TextField, TextField]
    devices: tuple[str, ...] = ()
    device_index: int = 0
    current_field: NoteField = NoteField.TEXT


def create_form(defaults: NoteDraft, devices: Sequence[str], zone: tzinfo) -> NoteForm:
    """To be filled in from what is known: the moment, the author, perhaps the station and a text."""
    known = tuple(dict.fromkeys([*([defaults.device] if defaults.device else []), *devices]))
    return NoteForm(
        default_time=defaults.at,
        fields=(
            text_field.create_field(defaults.text, MAX_TEXT_LENGTH),
            text_field.create_field(defaults.author, MAX_AUTHOR_LENGTH),
            text_field.create_field(number_format.format_full_timestamp(defaults.at, zone), 25),
        ),
        devices=known,
        device_index=1 if defaults.device else 0,
    )


def parse_time(form: NoteForm, zone: tzinfo) -> datetime | None:
    """The time that stands in its field, in the plant's zone; None if it cannot be read."""
    text = form.fields[NoteField.TIME].text.strip()
    if text == number_format.format_full_timestamp(form.default_time, zone):
        return form.default_time  # to the microsecond, and in the right one of two equal hours
    try:
        written = datetime.fromisoformat(text)
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def build_draft(form: NoteForm, zone: tzinfo) -> NoteDraft | str:
    """The note, or why it is none yet."""
    at = parse_time(form, zone)
    if at is None:
        return "The time is written like 2026-11-24 06:00:00, in the plant's zone."
    made = NoteDraft(
        at=at,
        text=form.fields[NoteField.TEXT].text,
        author=form.fields[NoteField.AUTHOR].text,
        device=form.devices[form.device_index - 1] if form.device_index else None,
    )
    return validate_note(made) or replace(clean_note(made), device=made.device)


def render_note(form: NoteForm, error: str, width: int = _WIDTH) -> Rows:
    canvas = create_box(
        width, 15 + _PREVIEW_LINES, "Note", hint=f"{len(form.fields[0].text)} of {MAX_TEXT_LENGTH}"
    )
    room = width - _LABEL_WIDTH - 6
    for line, label in zip(NoteField, ("Text", "Author", "Time", "About"), strict=True):
        y = _locate_field(line)
        canvas.write_text(3, y, label, LABEL if line is form.current_field else DIM)
        if line is NoteField.DEVICE:
            _draw_device(canvas, form, room)
        else:
            text_field.draw_field(
                canvas,
                3 + _LABEL_WIDTH,
                y,
                form.fields[line],
                width=room,
                is_focused=line is form.current_field,
            )
    for number, shown in enumerate(wrap_text(form.fields[NoteField.TEXT].text, room)[-_PREVIEW_LINES:]):
        canvas.write_text(3 + _LABEL_WIDTH, 4 + number, shown, TEXT)
    draw_message(canvas, canvas.height - 4, error, is_error=bool(error))
    draw_keys(canvas, canvas.height - 2, ("enter", "saves"), ("tab", "next line"), ("esc", "leaves, unsaved"))
    return canvas.rows


def _locate_field(line: NoteField) -> int:
    return 3 if line is NoteField.TEXT else 4 + _PREVIEW_LINES + line


def _draw_device(canvas: Canvas, form: NoteForm, room: int) -> None:
    name = sanitize_text(form.devices[form.device_index - 1]) if form.device_index else WHOLE_PLANT
    pen = SELECTED_STYLE if form.current_field is NoteField.DEVICE else TEXT
    canvas.write_text(3 + _LABEL_WIDTH, _locate_field(NoteField.DEVICE), f"← {name} →", pen, width=room)


class NoteDialog(FormDialog[NoteDraft]):
    """``given`` holds what is known before: ``at`` now or the chart's cursor, the author of the last note."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(
        self, theme: TerminalTheme, defaults: NoteDraft, *, devices: Sequence[str], zone: tzinfo
    ) -> None:
        super().__init__(theme)
        self._zone = zone
        self._form = create_form(defaults, devices, zone)
        self._error = ""

    @property
    def active_field(self) -> TextField | None:
        line = self._form.current_field
        return None if line is NoteField.DEVICE else self._form.fields[line]

    def update_field(self, new_field: TextField) -> None:
        first, second, third = (
            new_field if line == self._form.current_field else old
            for line, old in enumerate(self._form.fields)
        )
        self._form = replace(self._form, fields=(first, second, third))
        self._error = ""

    def render_rows(self, width: int, height: int) -> Rows:
        return render_note(self._form, self._error)

    def action_line(self, step: int) -> None:
        self._form = replace(
            self._form, current_field=NoteField((self._form.current_field + step) % len(NoteField))
        )
        self.draw_dialog()

    def action_edit(self, key: str) -> None:
        """On the line of the stations ← and → choose one."""
        if self._form.current_field is NoteField.DEVICE and key in ("left", "right"):
            count = len(self._form.devices) + 1
            step = 1 if key == "right" else -1
            self._form = replace(self._form, device_index=(self._form.device_index + step) % count)
            self.draw_dialog()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        made = build_draft(self._form, self._zone)
        if isinstance(made, NoteDraft):
            self.dismiss(made)
        else:
            self._error = made
            self.draw_dialog()
