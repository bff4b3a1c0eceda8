"""The alarms that an action for many alarms has skipped, with the reasons. It stays until it is closed."""

from collections.abc import Sequence

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog, create_box, draw_keys, draw_lines
from dosing_tui.tui.widgets.form_fields import FORM_WIDTH

_MAX_LISTED = 5


class SkippedAlarmsDialog(CanvasDialog[None]):
    def __init__(
        self, theme: TerminalTheme, title: str, reasons: Sequence[str], *, storage_note: str
    ) -> None:
        """``reasons``: one sentence per alarm; ``storage_note``: where entries wait for the journal."""
        super().__init__(theme)
        self._title = title
        self._reasons = reasons
        self._storage_note = storage_note

    def render_rows(self, width: int, height: int) -> Rows:
        lines = []
        for reason in self._reasons[:_MAX_LISTED]:
            first, *others = wrap_text(clean_line(reason), FORM_WIDTH - 8) or [""]
            lines += [f"· {first}", *(f"  {line}" for line in others)]
        more = len(self._reasons) - _MAX_LISTED
        notes = [f"and {more} more"] if more > 0 else []
        canvas = create_box(
            FORM_WIDTH, len(lines) + len(notes) + bool(self._storage_note) + 7, self._title, hint="Esc Close"
        )
        canvas.write_text(3, 3, "Skipped:", DIM)
        y = draw_lines(canvas, 3, 4, lines)
        draw_lines(canvas, 3, y, notes, DIM)
        canvas.write_text(3, canvas.height - 4, self._storage_note, DIM)
        draw_keys(canvas, canvas.height - 2, ("Enter", "Back to alarms"))
        return canvas.rows
