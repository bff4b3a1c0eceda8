"""Enters an operator note: text, author, time, station."""

from collections.abc import Sequence
from datetime import tzinfo

from msgspec.structs import replace

from dosing_tui.domain.panels.operator_notes import (
    MAX_AUTHOR_LENGTH,
    MAX_TEXT_LENGTH,
    NoteDraft,
    clean_note,
    validate_note,
)
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, ChoiceField, FormPart, TextEntry
from dosing_tui.tui.widgets.time_entry import create_time_entry

WHOLE_PLANT = "the whole plant"
_PREVIEW_ROWS = 4


class NoteDialog(FormDialog[NoteDraft]):
    """``defaults``: the time is now or the chart's cursor, the author that of the last note."""

    def __init__(
        self, theme: TerminalTheme, defaults: NoteDraft, *, devices: Sequence[str], zone: tzinfo
    ) -> None:
        self._devices = [None, *dict.fromkeys([*([defaults.device] if defaults.device else []), *devices])]
        self._text = TextEntry(
            label="Text",
            field=text_field.create_field(defaults.text, MAX_TEXT_LENGTH),
            preview_rows=_PREVIEW_ROWS,
        )
        self._author = TextEntry(
            label="Author", field=text_field.create_field(defaults.author, MAX_AUTHOR_LENGTH), is_person=True
        )
        self._time = create_time_entry("Time", defaults.at, zone)
        self._device = ChoiceField(
            label="About",
            options=[sanitize_text(device) if device else WHOLE_PLANT for device in self._devices],
            index=1 if defaults.device else 0,
        )
        fields = [self._author, self._time, self._device]
        parts: list[FormPart] = [self._text, BLANK_ROW, *fields, BLANK_ROW, BLANK_ROW]
        super().__init__(theme, "Note", parts, action="Save")

    def render_rows(self, width: int, height: int) -> Rows:
        self.hint = f"{len(self._text.field.text)} of {MAX_TEXT_LENGTH}"
        return super().render_rows(width, height)

    def build_result(self) -> NoteDraft:
        device = self._devices[self._device.index]
        draft = NoteDraft(self._time.parse_time(), self._text.field.text, self._author.field.text, device)
        if error := validate_note(draft):
            raise InvalidEntryError(error)
        return replace(clean_note(draft), device=device)
