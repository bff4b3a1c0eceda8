"""A line of text that is being typed: what keys do to it, and how it is drawn. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.tui.rendering.canvas import Canvas, cells
from dosing_tui.tui.rendering.palette import Pen, Tone

_GROUND = Pen(Tone.TEXT, Tone.BAND)
_FOCUSED = Pen(Tone.HOT, Tone.BAND)
_CURSOR = Pen(Tone.GROUND, Tone.BAR)


@dataclass(frozen=True, slots=True)
class Field:
    """``cursor`` stands before the character of that number; ``longest`` bounds the characters."""

    text: str = ""
    cursor: int = 0
    longest: int = 60


def filled(text: str, longest: int = 60) -> Field:
    """A field with this text in it, the cursor behind it."""
    return typed(Field(longest=longest), text)


def typed(field: Field, text: str) -> Field:
    """With what was typed or pasted at the cursor: harmless characters, as far as there is room."""
    allowed = "".join(filter(_harmless, " ".join(text.splitlines()).replace("\t", " ")))
    put = allowed[: max(0, field.longest - len(field.text))]
    whole = field.text[: field.cursor] + put + field.text[field.cursor :]
    return replace(field, text=whole, cursor=field.cursor + len(put))


def edited(field: Field, key: str) -> Field:
    """After an editing key; a key that is none changes nothing."""
    change = _EDITS.get(key)
    return field if change is None else change(field)


def draw(canvas: Canvas, x: int, y: int, field: Field, *, width: int, focused: bool) -> None:
    """Scrolled so that the cursor is in sight."""
    before, after = cells(field.text[: field.cursor]), cells(field.text[field.cursor :])
    first = max(0, len(before) - width + 1)
    shown = [*before, *after, " "][first : first + width]
    if shown and shown[0] == "":
        shown[0] = " "  # the second half of a wide character
    pen = _FOCUSED if focused else _GROUND
    canvas.text(x, y, " " * width, pen)
    for number, character in enumerate(shown):
        canvas.put(x + number, y, character, _CURSOR if focused and number == len(before) - first else pen)


def _harmless(character: str) -> bool:
    return character == " " or clean_text(character) == character


def _without(field: Field, first: int, last: int) -> Field:
    return replace(field, text=field.text[:first] + field.text[last:], cursor=first)


def _moved(field: Field, cursor: int) -> Field:
    return replace(field, cursor=min(max(cursor, 0), len(field.text)))


_EDITS: dict[str, Callable[[Field], Field]] = {
    "left": lambda field: _moved(field, field.cursor - 1),
    "right": lambda field: _moved(field, field.cursor + 1),
    "home": lambda field: _moved(field, 0),
    "end": lambda field: _moved(field, len(field.text)),
    "backspace": lambda field: _without(field, max(0, field.cursor - 1), field.cursor),
    "delete": lambda field: _without(field, field.cursor, field.cursor + 1),
    "ctrl+u": lambda field: _without(field, 0, len(field.text)),
}
EDITING = tuple(_EDITS)
"""The keys that ``edited`` knows."""
