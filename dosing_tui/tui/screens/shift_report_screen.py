"""The shift report on the screen: scrolled, changed to another shift, saved."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from textual import events, on
from textual.app import ComposeResult
from textual.screen import ModalScreen

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.tui.keys.bindings import MODAL_KEYS, REPORT_KEYS
from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.layout.geometry import count_page_rows
from dosing_tui.tui.layout.message_rows import render_message
from dosing_tui.tui.rendering.canvas import Canvas, Rows, wrap_text
from dosing_tui.tui.rendering.line_widget import LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, TEXT, CellStyle
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

_RULE_CHARACTERS = frozenset("=-")


class ShiftReportPage(Struct, frozen=True):
    """The lines of the page and of its details, or a message while there are none."""

    lines: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    message: str = "The report is being made ..."


class ShiftReportScreen(ModalScreen[None], ClosableScreen[None]):
    """The handover on one page, and the report behind it; both come with ``show_page``.

    Keys call ``select_shift`` (-1, 1), ``reload``, ``save`` and ``sign`` (a ``HandoverStep``).
    """

    BINDINGS = [*REPORT_KEYS, *MODAL_KEYS]
    page_title = "Shift report"

    def __init__(
        self, theme: TerminalTheme, hints: Sequence[KeyHint], *, select_shift: Callable[[int], None],
        reload: Callable[[], None], save: Callable[[], None], sign: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self._report = LineWidget(theme, id="report")
        self._hints = hints
        self.action_leaf, self.action_again, self.action_save = select_shift, reload, save
        self.action_sign = sign
        self._page = ShiftReportPage()
        self._has_details = False
        self._first_line = 0
        self._message_text = ""

    def compose(self) -> ComposeResult:
        yield self._report

    def on_mount(self) -> None:
        self.draw_report()

    def on_resize(self, event: events.Resize) -> None:
        self.draw_report()

    def show_page(self, page: ShiftReportPage) -> None:
        """The scroll position stays."""
        self._page, self._message_text = page, ""
        self.draw_report()

    def show_message(self, sentence: str) -> None:
        """In place of the keys, until the next key."""
        self._message_text = clean_line(sentence)
        self.draw_report()

    @property
    def visible_lines(self) -> int:
        """Visible rows of the report."""
        return count_page_rows(self.app.size.height)

    @property
    def _lines(self) -> tuple[str, ...]:
        return self._page.details if self._has_details else self._page.lines

    def draw_report(self) -> None:
        width, height = self.app.size
        foot = (
            render_message(self._message_text, width, height)
            if self._message_text
            else render_footer(self._hints, width)
        )
        self._first_line = max(0, min(self._first_line, len(self._lines) - self.visible_lines))
        shown = replace(self._page, lines=self._lines)
        visible = max(1, self.visible_lines + 1 - len(foot))
        rows = render_page(shown, self._first_line, width, visible) + foot
        self._report.styles.width, self._report.styles.height = width, len(rows)
        self._report.show_rows(rows)

    @on(WheelTurned)
    def _scroll_report(self, event: WheelTurned) -> None:
        self.action_step(event.step)

    # keys

    def action_step(self, rows: int) -> None:
        self._move_to(self._first_line + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self._first_line + pages * (self.visible_lines - 1))

    def action_end(self, last: bool) -> None:
        self._move_to(len(self._lines) if last else 0)

    def action_details(self) -> None:
        self._has_details = not self._has_details
        self._move_to(0)

    def _move_to(self, top: int) -> None:
        self._first_line, self._message_text = top, ""
        self.draw_report()


def render_page(page: ShiftReportPage, first_line: int, width: int, height: int) -> Rows:
    """``height`` rows from ``first_line`` on, centred in a wide window."""
    canvas = Canvas(width, height)
    lines = page.lines or tuple(wrap_text(page.message, max(1, width - 4)))
    x = max(0, (width - max(map(len, lines), default=0)) // 2)
    hidden = len(lines) - first_line - height
    # the last row is for their number alone: nothing is written over a line
    seen = lines[first_line : first_line + (height - 1 if hidden > 0 else height)]
    for y, line in enumerate(seen):
        following = lines[first_line + y + 1 : first_line + y + 2]
        canvas.write_text(x, y, line, _choose_style(line, following))
    if hidden > 0:
        canvas.write_right(width, height - 1, f" {count_noun(hidden + 1, 'more line')} ", DIM)
    return canvas.rows


def _choose_style(line: str, following: Sequence[str]) -> CellStyle:
    """Headings are underlined with rule characters; lines that begin with "! " are abnormal."""
    if line.startswith("! "):
        return DEVIATION
    if line and set(line) <= _RULE_CHARACTERS:
        return DIM
    if following and line and line == line.upper() and set(following[0] or " ") <= _RULE_CHARACTERS:
        return LABEL
    return TEXT
