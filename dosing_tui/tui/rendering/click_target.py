"""What a click on a row of cells means: a key with its label, or a tab. Pure.

Keys are written in the colour of their own role, so that whatever draws a key can be clicked.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from textual.keys import _character_to_key

from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.palette import ColourRole

_KEY_NAMES = {
    "esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "↑": "up", "↓": "down", "←": "left", "→": "right",
}  # fmt: skip
_NAMED_KEYS = frozenset(
    {"enter", "escape", "tab", "space", "backspace", "delete", "home", "end", "up", "down", "left", "right",
     "pageup", "pagedown"}
)  # fmt: skip
_KEY_RANGE = re.compile(r"\d-\d")
_GAP = "  "
"""Ends a label."""


class KeyTarget(NamedTuple):
    """A key of Textual, and what it prints; None if nothing."""

    key: str
    text: str | None


class Span(NamedTuple):
    """Half-open, in cells."""

    start: int
    end: int


def find_key_at(row: Sequence[Cell], x: int) -> KeyTarget | None:
    """The key whose name or label is at ``x``; None beside them."""
    keys = [at for at in range(min(x + 1, len(row))) if _is_key(row[at])]
    if not keys or x >= len(row):
        return None
    start, end = keys[-1], keys[-1] + 1
    while start > 0 and _is_key(row[start - 1]):
        start -= 1
    while end < len(row) and _is_key(row[end]):
        end += 1
    label = _read_text(row, end, x + 1)
    is_past_label = label.endswith(" ") and (x + 1 == len(row) or row[x + 1][0] == " ")
    if _GAP in label or is_past_label:
        return None
    return parse_key(_read_text(row, start, end).strip())


def parse_key(label: str) -> KeyTarget | None:
    """The key that a footer or a dialog names; for a range of screens the palette, which lists them.

    >>> parse_key("Esc"), parse_key("?"), parse_key("1–7")
    (KeyTarget(key='escape', text=None), KeyTarget(key='question_mark', text='?'), None)
    >>> parse_key("1-7")
    KeyTarget(key='ctrl+p', text=None)
    """
    if _KEY_RANGE.fullmatch(label):
        return KeyTarget("ctrl+p", None)
    lower = label.lower()
    modifiers, _, last = lower.rpartition("+") if len(lower) > 1 else ("", "", lower)
    name = _KEY_NAMES.get(last, last)
    if modifiers:
        return KeyTarget(f"{modifiers}+{name}", None)
    if name in _NAMED_KEYS or (name[:1] == "f" and name[1:].isdigit()):
        return KeyTarget(name, " " if name == "space" else None)
    if len(label) == 1 and label.isprintable():
        return KeyTarget(_character_to_key(label), label)
    return None


def list_tabs(row: Sequence[Cell]) -> list[Span]:
    """The texts of a row that are two blanks apart, without keys and their labels."""
    text, spans, x = "".join(cell or " " for cell, _ in row), [], 0
    for part in text.split(_GAP):
        start = x + len(part) - len(part.lstrip())
        end = x + len(part.rstrip())
        if end > start and find_key_at(row, start) is None:
            spans.append(Span(start, end))
        x += len(part) + len(_GAP)
    return spans


def find_selected_tab(row: Sequence[Cell]) -> Span | None:
    return next((tab for tab in list_tabs(row) if row[tab.start][1].bg is ColourRole.SELECTION), None)


def find_selected_row(rows: Sequence[Sequence[Cell]], x: int) -> int | None:
    """Number of the highlighted row of a list, as seen in column ``x``."""
    return next(
        (y for y, row in enumerate(rows) if x < len(row) and row[x][1].bg is ColourRole.SELECTION), None
    )


def _is_key(cell: Cell) -> bool:
    return cell[1].fg is ColourRole.KEY


def _read_text(row: Sequence[Cell], start: int, end: int) -> str:
    return "".join(cell for cell, _ in row[start:end])
