"""A line of text that is being typed: what keys do to it, and how it is drawn. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.tui.rendering.canvas import Canvas, split_cells
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

_FIELD_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_FOCUS_STYLE = CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND)
_CURSOR_STYLE = CellStyle(ColourRole.BACKGROUND, ColourRole.BAR)


@dataclass(frozen=True, slots=True)
class TextField:
    """``cursor`` stands before the character of that number; ``max_length`` bounds the characters."""

    text: str = ""
    cursor: int = 0
    max_length: int = 60


def create_field(text: str, max_length: int = 60) -> TextField:
    """A field with this text in it, the cursor behind it."""
    return insert_text(TextField(max_length=max_length), text)


def insert_text(field: TextField, text: str) -> TextField:
    """With what was typed or pasted at the cursor: harmless characters, as far as there is room."""
    allowed = "".join(filter(_is_printable, " ".join(text.splitlines()).replace("\t", " ")))
    put = allowed[: max(0, field.max_length - len(field.text))]
    whole = field.text[: field.cursor] + put + field.text[field.cursor :]
    return replace(field, text=whole, cursor=field.cursor + len(put))


def apply_key(field: TextField, key: str) -> TextField:
    """After an editing key; a key that is none changes nothing."""
    change = _KEY_EDITS.get(key)
    return field if change is None else change(field)


def draw_field(canvas: Canvas, x: int, y: int, field: TextField, *, width: int, is_focused: bool) -> None:
    """Scrolled so that the cursor is in sight."""
    before, after = split_cells(field.text[: field.cursor]), split_cells(field.text[field.cursor :])
    first = max(0, len(before) - width + 1)
    shown = [*before, *after, " "][first : first + width]
    if shown and shown[0] == "":
        shown[0] = " "  # the second half of a wide character
    pen = _FOCUS_STYLE if is_focused else _FIELD_STYLE
    canvas.write_text(x, y, " " * width, pen)
    for number, character in enumerate(shown):
        canvas.set_cell(
            x + number, y, character, _CURSOR_STYLE if is_focused and number == len(before) - first else pen
        )


def _is_printable(character: str) -> bool:
    return character == " " or clean_text(character) == character


def _delete_range(field: TextField, first: int, last: int) -> TextField:
    return replace(field, text=field.text[:first] + field.text[last:], cursor=first)


def _move_cursor(field: TextField, cursor: int) -> TextField:
    return replace(field, cursor=min(max(cursor, 0), len(field.text)))


_KEY_EDITS: dict[str, Callable[[TextField], TextField]] = {
    "left": lambda field: _move_cursor(field, field.cursor - 1),
    "right": lambda field: _move_cursor(field, field.cursor + 1),
    "home": lambda field: _move_cursor(field, 0),
    "end": lambda field: _move_cursor(field, len(field.text)),
    "backspace": lambda field: _delete_range(field, max(0, field.cursor - 1), field.cursor),
    "delete": lambda field: _delete_range(field, field.cursor, field.cursor + 1),
    "ctrl+u": lambda field: _delete_range(field, 0, len(field.text)),
}
EDITING_KEYS = tuple(_KEY_EDITS)
"""The keys that ``apply_key`` knows."""
