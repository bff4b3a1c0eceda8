"""Says which of many alarms were left as they are, and why; it stays until it was read."""

from collections.abc import Sequence

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import ReadOnlyDialog, create_box, draw_keys

_WIDTH, _MAX_LISTED = 74, 5


class SkippedAlarmsDialog(ReadOnlyDialog[None]):
    def __init__(
        self, theme: TerminalTheme, title: str, reasons: Sequence[str], *, storage_note: str
    ) -> None:
        """``reasons``: a sentence for each alarm; ``storage_note``: where what was done waits, '' if it is journaled."""
        super().__init__(theme)
        self._title = title
        self._reasons = reasons
        self._storage_note = storage_note

    def render_rows(self, width: int, height: int) -> Rows:
        said = [wrap_text(clean_line(one), _WIDTH - 8) for one in self._reasons[:_MAX_LISTED]]
        more = len(self._reasons) - len(said)
        deep = sum(len(lines) for lines in said) + bool(more) + bool(self._storage_note)
        canvas = create_box(_WIDTH, deep + 7, self._title, hint="esc closes")
        canvas.write_text(3, 3, "Left as they are:", DIM)
        y = 4
        for lines in said:
            for number, line in enumerate(lines):
                canvas.write_text(5 if number else 3, y, line if number else f"· {line}", TEXT)
                y += 1
        if more:
            canvas.write_text(3, y, f"and {more} more", DIM)
        if self._storage_note:
            canvas.write_text(3, canvas.height - 4, self._storage_note, DIM)
        draw_keys(canvas, canvas.height - 2, ("enter", "back to the alarms"))
        return canvas.rows
