"""The scope bar: range and filters in words, and the keys that change them. Pure."""

from msgspec import Struct

from dosing_tui.tui.layout.bar_parts import (
    BAR_STYLE,
    DIM_STYLE,
    KEY_STYLE,
    STRONG_STYLE,
    BarParts,
    measure_parts,
)
from dosing_tui.tui.layout.footer import KeyHint, measure_hints, shorten_hint
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cut_middle


class ScopeSummary(Struct, frozen=True):
    """The selected range and filters in words; ``is_live``: new readings belong to the range."""

    range: str = ""
    is_live: bool = True
    filters: str = ""
    keys: tuple[str, str] = (".", "/")
    """Keys for the live range and for the filters."""


def render_scope_bar(summary: ScopeSummary, width: int) -> Rows:
    """Range and filters on the left, keys on the right as far as there is room: no word is cut for a key."""
    canvas = Canvas(width, 1, BAR_STYLE)
    left = _list_scope(summary, has_history=True)
    if measure_parts(left) > width - 2:
        left = _list_scope(summary, has_history=False)
    keys = [KeyHint(summary.keys[0], "back to live", "live"), KeyHint(summary.keys[1], "filter")]
    keys = keys if summary.range else keys[1:]
    room = width - 3 - measure_parts(left)
    forms = (keys, [shorten_hint(hint) for hint in keys], keys[:1], [shorten_hint(keys[0])])
    hints = next((form for form in forms if measure_hints(form, 2) <= room), [])
    end = width - 1 - (measure_hints(hints, 2) if hints else 0)
    x = 1
    for text, style in left:
        # a filter without room keeps its end, in which stations differ
        kept = max(0, end - x - 1)
        x = canvas.write_text(x, 0, cut_middle(text, kept, head=kept // 2), style, width=kept)
    for hint in hints:
        end = canvas.write_text(end, 0, hint.keys, KEY_STYLE)
        end = canvas.write_text(end, 0, f" {hint.label}", DIM_STYLE) + 2
    return canvas.rows


def _list_scope(summary: ScopeSummary, *, has_history: bool) -> BarParts:
    """``has_history``: a range of the past says so."""
    live = " (live)" if summary.is_live else " (historical)" if has_history else ""
    parts = [("Range ", DIM_STYLE), (summary.range, STRONG_STYLE), (f"{live}   ", DIM_STYLE)]
    filters = [("Only ", DIM_STYLE), (summary.filters, STRONG_STYLE)]
    return [*(parts if summary.range else []), *(filters if summary.filters else [])]
