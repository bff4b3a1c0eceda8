"""The parts that a form is declared with: text, text entry, a choice of one, options to mark."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, split_cells, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.widgets.canvas_dialog import SELECTED_STYLE, draw_lines

FORM_WIDTH, LABEL_WIDTH = 74, 10
TEXT_WIDTH, ENTRY_WIDTH = FORM_WIDTH - 6, FORM_WIDTH - LABEL_WIDTH - 6
_OPTION_COLUMNS, _OPTION_WIDTH = 3, 22


class FormPart(Protocol):
    """Rows of a form."""

    @property
    def height(self) -> int: ...

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None: ...


class FormText(Struct, frozen=True):
    """Lines to read."""

    lines: Sequence[str]
    style: CellStyle = DIM
    x: int = 3

    @property
    def height(self) -> int:
        return len(self.lines)

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        draw_lines(canvas, self.x, y, list(self.lines), self.style)


def wrap_form_text(text: str, style: CellStyle = DIM) -> FormText:
    """A paragraph as wide as the form; no row for an empty one."""
    return FormText(wrap_text(text, TEXT_WIDTH), style)


BLANK_ROW = FormText(("",))


@dataclass(eq=False, kw_only=True)
class FormField(ABC):
    """A part that can have the focus."""

    label: str

    @property
    def height(self) -> int:
        return 1

    @property
    def error(self) -> str:
        """Why this field's value cannot be submitted; '' if it can."""
        return ""

    @property
    def kept_text(self) -> str | None:
        """What a form that was not stored opens with again; None: nothing of it."""
        return None

    def restore_text(self, text: str) -> None:  # noqa: B027 - most fields need nothing
        """``text`` is the ``kept_text`` of the same field in an earlier form."""

    def receive_focus(self, key: str) -> None:  # noqa: B027 - most fields need nothing
        """``key`` moved the focus here."""

    @abstractmethod
    def take_input(self, key: str, text: str | None) -> bool:
        """Apply a key, or the text it prints; False where it means nothing to this field."""

    def take_click(self, x: int, y: int) -> None:  # noqa: B027 - most fields need nothing
        """A click at column ``x`` of the form and row ``y`` of the field."""

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        canvas.write_text(3, y, self.label, LABEL if is_focused else DIM)


@dataclass(eq=False, kw_only=True)
class TextEntry(FormField):
    """One line of text, scrolled to its cursor."""

    field: TextField
    required: str = ""
    """The sentence shown when it is submitted empty; '' where it may be empty."""
    label_width: int = LABEL_WIDTH
    width: int = ENTRY_WIDTH
    hint: str = ""
    preview_rows: int = 0
    """Rows below it that repeat the end of a long text, wrapped."""
    is_secret: bool = False
    is_person: bool = False
    """The name of the person who submits the form; it is not left there for the next one."""

    @property
    def text(self) -> str:
        return self.field.text.strip()

    @property
    def is_personal(self) -> bool:
        return self.is_secret or self.is_person

    @property
    def kept_text(self) -> str | None:
        return None if self.is_personal else self.field.text

    def restore_text(self, text: str) -> None:
        self.field = text_field.create_field(text, self.field.max_length)

    @property
    def height(self) -> int:
        return 1 + self.preview_rows

    @property
    def error(self) -> str:
        return "" if self.text else self.required

    def take_input(self, key: str, text: str | None) -> bool:
        self.field = text_field.apply_key(self.field, key, text)
        return text_field.is_edit(key, text)

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        super().draw_part(canvas, y, is_focused=is_focused)
        x = 3 + self.label_width
        shown = replace(self.field, text="•" * len(self.field.text)) if self.is_secret else self.field
        text_field.draw_field(canvas, x, y, shown, width=self.width, is_focused=is_focused)
        canvas.write_text(x + self.width + 2, y, self.hint, DIM)
        if self.preview_rows:
            draw_lines(canvas, x, y + 1, wrap_text(self.field.text, self.width)[-self.preview_rows :])


@dataclass(eq=False, kw_only=True)
class ChoiceField(FormField):
    """One of several values; the left and right arrows choose, letters find."""

    options: Sequence[str]
    index: int = 0
    is_cyclic: bool = True
    """The first value follows the last one."""
    hint: str = ""
    values: Sequence[str] = ()
    """What each option stands for, where its text depends on the other options."""
    _searched: str = ""
    _is_gone: bool = False

    @property
    def kept_text(self) -> str:
        return (self.values or self.options)[self.index]

    def restore_text(self, text: str) -> None:
        """Where it is no longer an option, one has to be chosen."""
        values = list(self.values or self.options)
        self._is_gone = text not in values
        self.index = self.index if self._is_gone else values.index(text)

    @property
    def error(self) -> str:
        return f"What was chosen is gone: choose the {self.label.lower()}." if self._is_gone else ""

    def receive_focus(self, key: str) -> None:
        self._searched = ""

    def take_input(self, key: str, text: str | None) -> bool:
        if key not in ("left", "right"):
            return bool(key and text) and self._find_option(str(text).casefold())
        self._is_gone, self._searched = False, ""
        index, last = self.index + (1 if key == "right" else -1), len(self.options) - 1
        self.index = index % len(self.options) if self.is_cyclic else max(0, min(index, last))
        return True

    def _find_option(self, character: str) -> bool:
        """Choose the next option with the letters typed so far, or with this one; best where a word begins.

        False if there is none.
        """
        texts = [f" {option.casefold()}" for option in self.options]
        for searched, first in ((self._searched + character, self.index), (character, self.index + 1)):
            numbers = [number % len(texts) for number in range(first, first + len(texts))]
            found = [number for number in numbers if f" {searched}" in texts[number]]
            found += [number for number in numbers if searched in texts[number]]
            if found:
                self.index, self._searched, self._is_gone = found[0], searched, False
                return True
        return False

    def take_click(self, x: int, y: int) -> None:
        """On its arrows: the value before or after."""
        start = 3 + LABEL_WIDTH
        end = start + len(split_cells(f"← {self.options[self.index]} →"))
        if start <= x < end:
            self.take_input("left" if x < start + 2 else "right", None)

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        super().draw_part(canvas, y, is_focused=is_focused)
        text, style = f"← {self.options[self.index]} →", SELECTED_STYLE if is_focused else TEXT
        x = canvas.write_text(3 + LABEL_WIDTH, y, text, style, width=ENTRY_WIDTH)
        canvas.write_text(x + 2, y, self.hint, DIM)


@dataclass(eq=False, kw_only=True)
class OptionGroup(FormField):
    """Options to mark, in columns; none marked means all. Space marks, the arrows move the cursor."""

    options: Sequence[str]
    all_label: str
    """The label while none is marked."""
    marked: frozenset[int] = field(default_factory=frozenset)
    index: int = 0

    @property
    def row_count(self) -> int:
        return -(-len(self.options) // _OPTION_COLUMNS)

    @property
    def height(self) -> int:
        return 1 + self.row_count

    def receive_focus(self, key: str) -> None:
        self.index = len(self.options) - 1 if key == "up" else 0

    def take_input(self, key: str, text: str | None) -> bool:
        if key == "space":
            self.marked ^= {self.index}
            return True
        steps = {"down": 1, "up": -1, "right": self.row_count, "left": -self.row_count}
        if key not in steps or not 0 <= self.index + steps[key] < len(self.options):
            return False
        self.index += steps[key]
        return True

    def take_click(self, x: int, y: int) -> None:
        """On an option: mark it, or remove the mark."""
        column, row = (x - 3) // _OPTION_WIDTH, y - 1
        index = column * self.row_count + row
        if 0 <= column < _OPTION_COLUMNS and 0 <= row < self.row_count and index < len(self.options):
            self.index = index
            self.take_input("space", None)

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        canvas.write_text(3, y, self.label if self.marked else self.all_label, LABEL if is_focused else DIM)
        for number, option in enumerate(self.options):
            column, row = divmod(number, self.row_count)
            style = STRONG if number in self.marked else TEXT
            text = f"{format_mark_box(is_marked=number in self.marked)} {option}".ljust(_OPTION_WIDTH - 2)
            canvas.write_text(
                3 + column * _OPTION_WIDTH, y + 1 + row, text,
                SELECTED_STYLE if is_focused and number == self.index else style,
            )  # fmt: skip


def format_mark_box(*, is_marked: bool) -> str:
    return "[x]" if is_marked else "[ ]"
