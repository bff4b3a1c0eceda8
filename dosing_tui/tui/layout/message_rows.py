"""The rows of a message at the foot of a screen. Pure."""

from dosing_tui.tui.layout.bar_parts import BAR_STYLE, STRONG_STYLE
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cut_middle, split_cells, wrap_text

SCREEN_SHARE = 4
"""A message takes at most one row in so many."""


def render_message(text: str, width: int, screen_height: int) -> Rows:
    """The result of an action, in place of the keys: over as many rows as it needs.

    Where there are not enough its middle is left out: its beginning says what failed, its end what to do.
    """
    room, most = max(1, width - 2), max(1, screen_height // SCREEN_SHARE)
    # what fits keeps its columns
    lines = [text] if len(split_cells(text)) <= room else wrap_text(text, room)
    cells = room * most
    while len(lines) > most and cells > 1:
        lines = wrap_text(cut_middle(text, cells, head=(cells - 1) * 3 // 5), room)
        cells -= max(1, room // 8)
    canvas = Canvas(width, max(1, min(len(lines), most)), BAR_STYLE)
    for y, line in enumerate(lines[:most]):
        canvas.write_text(1, y, line, STRONG_STYLE, width=width - 2)
    return canvas.rows
