"""A form: declared as parts from top to bottom, validated and submitted as one result."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID, uuid4

from msgspec import Struct

from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog, Result, create_box, draw_keys, draw_message
from dosing_tui.tui.widgets.form_fields import FORM_WIDTH, FormField, FormPart, TextEntry

KeyLabels = Sequence[tuple[str, str]]
NEW_PERSON = "the sign-on or the shift has ended since this was opened"
_FIELD_STEPS = {"tab": 1, "down": 1, "shift+tab": -1, "up": -1}


class FormValues(Struct, frozen=True):
    """``entry_id``: sent again, what was entered is stored once. ``texts``: by the fields' labels."""

    entry_id: UUID
    texts: Mapping[str, str]


class InvalidEntryError(Exception):
    """The form cannot be submitted; the message is shown in it."""


class FormDialog(CanvasDialog[Result]):
    """``tab`` and the arrows move between the fields, ``enter`` submits ``build_result``, ``esc`` cancels."""

    form_width = FORM_WIDTH
    first_row = 3
    gap = 1
    """Blank rows above and below the message."""
    hint = "Esc Cancel"
    """The text at the right of the title."""
    is_cyclic = True
    """The arrows lead from the last field to the first one; ``tab`` always does."""

    def __init__(self, theme: TerminalTheme, title: str, parts: Sequence[FormPart], *, action: str) -> None:
        """``action``: what ``enter`` does, in the imperative."""
        super().__init__(theme)
        self._title = title
        self._parts = parts
        self._fields = [part for part in parts if isinstance(part, FormField)]
        self._action = action
        self._focused_field = self._fields[0]
        self.entry_id = uuid4()
        """Of what is entered here."""
        self.has_new_person: Callable[[], bool] = lambda: False
        """Whether another person may have come to the console since it was opened; asked at ``enter``."""
        self._error = ""
        self._notice = ""
        """A message while there is no error."""

    @abstractmethod
    def build_result(self) -> Result:
        """The result of the fields. Raises InvalidEntryError for values that do not make one."""

    def get_values(self) -> FormValues:
        """Without names of persons and PINs."""
        texts = {field.label: field.kept_text for field in self._fields}
        return FormValues(self.entry_id, {label: text for label, text in texts.items() if text is not None})

    def restore_values(self, values: FormValues, notice: str) -> None:
        """As they were in a form of the same kind; ``notice`` is shown until the first edit."""
        self.entry_id, self._error = values.entry_id, notice
        for field in self._fields:
            if field.label in values.texts:
                field.restore_text(values.texts[field.label])
        self._focused_field = next((field for field in self._fields if field.error), self._focused_field)

    def list_keys(self) -> KeyLabels:
        return ("Enter", self._action), ("Tab", "Next field"), ("Esc", "Cancel")

    def format_message(self) -> tuple[str, bool]:
        """The sentence below the fields, and whether it is an error."""
        return self._error or self._notice, bool(self._error)

    def take_input(self, key: str, text: str | None) -> bool:
        is_applied = self._focused_field.take_input(key, text)
        if is_applied:
            self._error = ""
        elif key in _FIELD_STEPS:
            self._focus_next_field(key)
        return is_applied or key in _FIELD_STEPS

    def take_click(self, x: int, y: int) -> bool:
        """The field at this row has the focus, and the click."""
        top = self.first_row
        for part in self._parts:
            if top <= y < top + part.height and isinstance(part, FormField):
                self._focused_field = part
                part.take_click(x, y - top)
                self._error = ""
                return True
            top += part.height
        return False

    def _focus_next_field(self, key: str) -> None:
        index = self._fields.index(self._focused_field) + _FIELD_STEPS[key]
        if self.is_cyclic or "tab" in key or 0 <= index < len(self._fields):
            self._focused_field = self._fields[index % len(self._fields)]
            self._focused_field.receive_focus(key)

    def action_accept(self) -> None:
        """Submit, or show why that is not possible, with the focus on the field concerned."""
        try:
            self._expect_same_person()
            for field in self._fields:
                if field.error:
                    self._focused_field = field
                    raise InvalidEntryError(field.error)
            self.dismiss(self.build_result())
        except InvalidEntryError as error:
            self._error = str(error)
            self.draw_dialog()

    def _expect_same_person(self) -> None:
        """Else names and PINs are entered again. Raises: InvalidEntryError."""
        personal = [field for field in self._fields if isinstance(field, TextEntry) and field.is_personal]
        if personal and self.has_new_person():
            for field in personal:
                field.restore_text("")
            self._focused_field = personal[0]
            raise InvalidEntryError(f"Enter {personal[0].label.lower()} again: {NEW_PERSON}.")

    def render_rows(self, width: int, height: int) -> Rows:
        rows = sum(part.height for part in self._parts)
        height = self.first_row + rows + 2 * self.gap + 3
        canvas = create_box(self.form_width, height, self._title, hint=self.hint)
        y = self.first_row
        for part in self._parts:
            part.draw_part(canvas, y, is_focused=part is self._focused_field)
            y += part.height
        text, is_error = self.format_message()
        draw_message(canvas, y + self.gap, text, is_error=is_error, rows=1 + self.gap)
        draw_keys(canvas, canvas.height - 2, *self.list_keys())
        return canvas.rows
