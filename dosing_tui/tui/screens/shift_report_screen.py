"""The report of a shift on the screen: read, leafed through by shifts, saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.keys.bindings import keys_of
from dosing_tui.tui.layout.status_and_footer import KeyHint, footer_rows, said_row
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, Pen, Tone
from dosing_tui.tui.rendering.theme import Look

ABOVE = 2
"""Rows of the screen below that stay in sight: its status and the alarms."""
REPORT_KEYS = (
    Binding("left_square_bracket", "leaf(-1)", "Shift before"),
    Binding("right_square_bracket", "leaf(1)", "after"),
    Binding("down,j", "step(1)", "Down", show=False),
    Binding("up,k", "step(-1)", "Up", show=False),
    Binding("pagedown,space", "page(1)", "Page down"),
    Binding("pageup", "page(-1)", "up"),
    Binding("home", "end(False)", "First", show=False),
    Binding("end", "end(True)", "Last", show=False),
    Binding("e", "save", "Save text, HTML"),
    Binding("r", "again", "Refresh"),
    Binding("escape,S", "leave", "Back"),
)
"""They stand at the page's foot, as far as they do not go without saying."""
_MARKED = Pen(Tone.WARN, bold=True)
_RULES = frozenset("=-")


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown: the report's lines, or a sentence where there is none."""

    lines: tuple[str, ...] = ()
    sentence: str = "The report is being made ..."


class ShiftPage(ModalScreen[None]):
    """``leaf`` is asked for another shift, ``anew`` for the same again, ``save`` to write it to files."""

    BINDINGS = [*REPORT_KEYS]

    def __init__(
        self, look: Look, *, leaf: Callable[[int], None], anew: Callable[[], None],
        save: Callable[[], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self._sheet = LineWidget(look, id="report")
        self._hints = [_hint(binding) for binding in REPORT_KEYS if binding.show]
        self._leaf, self._anew, self._save = leaf, anew, save
        self._page = Page()
        self._top = 0
        self._said = ""

    def compose(self) -> ComposeResult:
        yield self._sheet

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        self.draw()

    def show(self, page: Page) -> None:
        """Where the operator was reading stays in sight."""
        self._page, self._said = page, ""
        self.draw()

    def say(self, sentence: str) -> None:
        """In place of the keys, until the next one."""
        self._said = clean_line(sentence)
        self.draw()

    @property
    def room(self) -> int:
        """Rows of the report in sight."""
        return max(1, self.app.size.height - ABOVE - 1)

    def draw(self) -> None:
        width = self.app.size.width
        self._top = max(0, min(self._top, len(self._page.lines) - self.room))
        rows = page_rows(self._page, self._top, width, self.room)
        rows += said_row(self._said, width) if self._said else footer_rows(self._hints, width)
        self._sheet.styles.width, self._sheet.styles.height = width, len(rows)
        self._sheet.put(rows)

    # keys

    def action_step(self, rows: int) -> None:
        self._move(self._top + rows)

    def action_page(self, pages: int) -> None:
        self._move(self._top + pages * (self.room - 1))

    def action_end(self, last: bool) -> None:
        self._move(len(self._page.lines) if last else 0)

    def _move(self, top: int) -> None:
        self._top, self._said = top, ""
        self.draw()

    def action_leaf(self, step: int) -> None:
        self._leaf(step)

    def action_again(self) -> None:
        self._anew()

    def action_save(self) -> None:
        self._save()

    def action_leave(self) -> None:
        self.dismiss(None)


def page_rows(page: Page, top: int, width: int, height: int) -> Rows:
    """The part of the report from line ``top`` on, in the middle of a wide window."""
    canvas = Canvas(width, height)
    lines = page.lines or tuple(broken(page.sentence, max(1, width - 4)))
    x = max(0, (width - max(map(len, lines), default=0)) // 2)
    seen = lines[top : top + height]
    for y, line in enumerate(seen):
        following = lines[top + y + 1 : top + y + 2]
        canvas.text(x, y, line, _pen(line, following))
    if top + height < len(lines):
        canvas.right(width - 1, height - 1, f" {len(lines) - top - height} more lines", DIM)
    return canvas.rows


def _pen(line: str, following: Sequence[str]) -> Pen:
    """Headings stand above a line of their length; what is marked is abnormal."""
    if line.startswith("! "):
        return _MARKED
    if line and set(line) <= _RULES:
        return DIM
    if following and line and line == line.upper() and set(following[0] or " ") <= _RULES:
        return LABEL
    return TEXT


def _hint(binding: Binding) -> KeyHint:
    return KeyHint(keys_of(binding, {}).split(" ")[0], binding.description)
