"""What people have entered or asked for and the console could not do."""

from collections.abc import Sequence
from datetime import tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.requests.operator_entries import EntryFailure
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog, create_box, draw_keys
from dosing_tui.tui.widgets.form_fields import FORM_WIDTH

_TIME_WIDTH, _MAX_LENGTH = 10, 400
_ADVICE = "A form that was not stored opens filled in: press its key again."


class FailuresDialog(CanvasDialog[None]):
    """The newest first. Closed, they count as seen."""

    takes_keys_typed_ahead = False

    def __init__(self, theme: TerminalTheme, failures: Sequence[EntryFailure], zone: tzinfo) -> None:
        super().__init__(theme)
        self._failures, self._zone = failures, zone

    def render_rows(self, width: int, height: int) -> Rows:
        return render_failures(self._failures, self._zone, height)


def render_failures(failures: Sequence[EntryFailure], zone: tzinfo, height: int) -> Rows:
    """As many as ``height`` rows have room for."""
    lines: list[tuple[str, str]] = []
    shown = 0
    for failure in reversed(failures):
        parts = wrap_text(clean_line(failure.sentence, _MAX_LENGTH), FORM_WIDTH - _TIME_WIDTH - 6)
        if shown and len(lines) + len(parts) > height - 9:
            break
        at = number_format.format_clock(failure.at, zone)
        lines += [(at if number == 0 else "", part) for number, part in enumerate(parts)]
        shown += 1
    hidden = len(failures) - shown
    canvas = create_box(FORM_WIDTH, len(lines) + bool(hidden) + 8, "Not stored, not done", hint="Esc Close")
    for y, (at, part) in enumerate(lines, start=3):
        canvas.write_text(3, y, at, DIM)
        canvas.write_text(3 + _TIME_WIDTH, y, part, TEXT)
    if hidden:
        canvas.write_text(3 + _TIME_WIDTH, 3 + len(lines), f"and {count_noun(hidden, 'earlier one')}", DIM)
    canvas.write_text(3, canvas.height - 4, _ADVICE, DIM)
    draw_keys(canvas, canvas.height - 2, ("Enter", "Seen"))
    return canvas.rows
