"""An editable line of text: its editing keys, and its drawing. Pure."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.tui.rendering.canvas import Canvas, split_cells
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

_FIELD_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_FOCUS_STYLE = CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND)
_CURSOR_STYLE = CellStyle(ColourRole.BACKGROUND, ColourRole.BAR)


class TextField(Struct, frozen=True):
    """``cursor`` is before the character with that index; ``max_length`` counts characters."""

    text: str = ""
    cursor: int = 0
    max_length: int = 60


def create_field(text: str, max_length: int = 60) -> TextField:
    """A field with this text, the cursor behind it."""
    return insert_text(TextField(max_length=max_length), text)


def insert_text(field: TextField, text: str) -> TextField:
    """Insert typed or pasted text at the cursor: printable characters, as far as there is room."""
    allowed = "".join(filter(_is_printable, " ".join(text.splitlines()).replace("\t", " ")))
    inserted = allowed[: max(0, field.max_length - len(field.text))]
    whole = field.text[: field.cursor] + inserted + field.text[field.cursor :]
    return replace(field, text=whole, cursor=field.cursor + len(inserted))


def is_edit(key: str, text: str | None) -> bool:
    """The key prints ``text``, or edits."""
    return text is not None or key in _KEY_EDITS


def apply_key(field: TextField, key: str, text: str | None = None) -> TextField:
    """The field after a key that prints ``text``; one that neither prints nor edits changes nothing."""
    if text is not None:
        return insert_text(field, text)
    edit = _KEY_EDITS.get(key)
    return field if edit is None else edit(field)


def draw_field(canvas: Canvas, x: int, y: int, field: TextField, *, width: int, is_focused: bool) -> None:
    """Draw ``width`` cells of the text, scrolled to the cursor."""
    before, after = split_cells(field.text[: field.cursor]), split_cells(field.text[field.cursor :])
    first = max(0, len(before) - width + 1)
    shown = [*before, *after, " "][first : first + width]
    if shown and shown[0] == "":
        shown[0] = " "  # the second half of a wide character
    style = _FOCUS_STYLE if is_focused else _FIELD_STYLE
    canvas.write_text(x, y, " " * width, style)
    for number, character in enumerate(shown):
        is_cursor = is_focused and number == len(before) - first
        canvas.set_cell(x + number, y, character, _CURSOR_STYLE if is_cursor else style)


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
"""The keys that edit the text."""
