"""Says which of many alarms were left as they are, and why; it stays until it was read."""

from collections.abc import Sequence

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering.canvas import Rows, broken
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import ReadSheet, box, keys_row

_WIDTH, _NAMED = 74, 5


class LeftDialog(ReadSheet[None]):
    def __init__(self, look: Look, title: str, left: Sequence[str], *, kept: str) -> None:
        """``left``: a sentence for each alarm; ``kept``: where what was done waits, '' if it is journaled."""
        super().__init__(look)
        self._title = title
        self._left = left
        self._kept = kept

    def rows(self, width: int, height: int) -> Rows:
        said = [broken(clean_line(one), _WIDTH - 8) for one in self._left[:_NAMED]]
        more = len(self._left) - len(said)
        deep = sum(len(lines) for lines in said) + bool(more) + bool(self._kept)
        canvas = box(_WIDTH, deep + 7, self._title, hint="esc closes")
        canvas.text(3, 3, "Left as they are:", DIM)
        y = 4
        for lines in said:
            for number, line in enumerate(lines):
                canvas.text(5 if number else 3, y, line if number else f"· {line}", TEXT)
                y += 1
        if more:
            canvas.text(3, y, f"and {more} more", DIM)
        if self._kept:
            canvas.text(3, canvas.height - 4, self._kept, DIM)
        keys_row(canvas, canvas.height - 2, ("enter", "back to the alarms"))
        return canvas.rows
