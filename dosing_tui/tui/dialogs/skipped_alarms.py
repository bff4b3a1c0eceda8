"""The alarms that an action for many alarms has skipped, with the reasons. It stays until it is closed."""

from collections.abc import Sequence

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM
from dosing_tui.tui.widgets.canvas_dialog import create_box, draw_keys, draw_lines
from dosing_tui.tui.widgets.form_fields import FORM_WIDTH

_MAX_LISTED = 5


def render_skipped_alarms(title: str, reasons: Sequence[str], *, storage_note: str) -> Rows:
    """``reasons``: one sentence per alarm; ``storage_note``: where entries wait for the journal."""
    lines = []
    for reason in reasons[:_MAX_LISTED]:
        first, *others = wrap_text(clean_line(reason), FORM_WIDTH - 8) or [""]
        lines += [f"· {first}", *(f"  {line}" for line in others)]
    more = len(reasons) - _MAX_LISTED
    notes = [f"and {more} more"] if more > 0 else []
    canvas = create_box(FORM_WIDTH, len(lines) + len(notes) + bool(storage_note) + 7, title, hint="Esc Close")
    canvas.write_text(3, 3, "Skipped:", DIM)
    draw_lines(canvas, 3, draw_lines(canvas, 3, 4, lines), notes, DIM)
    canvas.write_text(3, canvas.height - 4, storage_note, DIM)
    draw_keys(canvas, canvas.height - 2, ("Enter", "Back to alarms"))
    return canvas.rows
