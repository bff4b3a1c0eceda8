"""A page of lines over the dashboard whose figures are read in the background: the doctor's, maintenance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from msgspec import Struct
from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import DosingError
from dosing_tui.tui.keys.bindings import MODAL_KEYS, SCROLL_KEYS
from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.layout.geometry import count_page_rows
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.line_widget import LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DIM, CellStyle
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

Value = TypeVar("Value")


class PageSpan(NamedTuple):
    """A text from a column on, at most ``width`` cells."""

    x: int
    text: str
    style: CellStyle
    width: int


PageLine: TypeAlias = tuple[PageSpan, ...]
"""Blank without a span."""


class PageState(Struct, Generic[Value], frozen=True):
    """``value``: what was read last, None before. ``message``: what the page does, or why it could not."""

    value: Value | None = None
    message: str = ""
    has_failed: bool = False


class PageContent(Protocol[Value]):
    """What is on a page, and how it is drawn."""

    @property
    def max_width(self) -> int:
        """Cells; the page is centred in a wider window."""

    @property
    def reading_text(self) -> str:
        """Shown while ``read`` runs."""

    @property
    def failure_text(self) -> str:
        """Shown after an unexpected error."""

    def read(self) -> Value:
        """In a worker thread. Raises: DosingError with a sentence for the page."""

    def list_lines(self, state: PageState[Value], width: int) -> Sequence[PageLine]:
        """Pure, but for this content's settings."""


@dataclass
class PageLoaded(Message):
    """``value`` is None if it could not be read; ``error`` says why."""

    value: Any  # of the page that posts it to itself
    error: str


class ReportPage(ModalScreen[None], ClosableScreen[None], Generic[Value]):
    """The content is read by ``submit`` when the page is opened, and at each reload: once at a time."""

    BINDINGS = [*SCROLL_KEYS, *MODAL_KEYS]

    def __init__(
        self, theme: TerminalTheme, hints: Sequence[KeyHint], *, content: PageContent[Value],
        submit: Callable[[Callable[[], object]], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self._page = LineWidget(theme, id="report")
        self._hints, self._content, self._submit = hints, content, submit
        self._is_reading = False
        self._state: PageState[Value] = PageState()
        self._first_line = 0

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self.action_again()

    def on_resize(self, event: events.Resize) -> None:
        self.draw_page()

    def _read_content(self) -> None:
        """In a worker thread; the page also hears of a failure, which the thread's owner reports."""
        if self.is_closed:
            return
        value, error = None, self._content.failure_text
        try:
            value = self._content.read()
        except DosingError as failure:
            error = str(failure)
        finally:
            self.post_message(PageLoaded(value, error))

    @on(PageLoaded)
    def show_value(self, loaded: PageLoaded) -> None:
        self._is_reading = False
        if loaded.value is None:
            self._state = PageState(self._state.value, loaded.error, has_failed=True)
        else:
            self._state = PageState(loaded.value)
        self.draw_page()

    @property
    def visible_lines(self) -> int:
        """Rows of the page above the keys."""
        return count_page_rows(self.app.size.height)

    def draw_page(self) -> None:
        width, height = self.app.size.width, self.visible_lines
        page_width = min(width, self._content.max_width)
        lines = self._content.list_lines(self._state, page_width)
        self._first_line = max(0, min(self._first_line, len(lines) - height))
        left = max(1, (width - page_width) // 2)
        rows = render_lines(lines, self._first_line, left, width, height) + render_footer(self._hints, width)
        self._page.styles.width, self._page.styles.height = width, len(rows)
        self._page.show_rows(rows)

    @on(WheelTurned)
    def _scroll_page(self, event: WheelTurned) -> None:
        self.action_step(event.step)

    # keys

    def action_step(self, rows: int) -> None:
        self._first_line += rows
        self.draw_page()

    def action_page(self, pages: int) -> None:
        self.action_step(pages * (self.visible_lines - 1))

    def action_end(self, last: bool) -> None:
        self._first_line = 1_000_000 if last else 0
        self.draw_page()

    def action_again(self) -> None:
        """Nothing while the content is being read."""
        if self._is_reading:
            return
        self._is_reading = True
        self._state = PageState(self._state.value, self._content.reading_text)
        self.draw_page()
        self._submit(self._read_content)


def render_lines(lines: Sequence[PageLine], first: int, left: int, width: int, height: int) -> Rows:
    """``left``: the column where the page begins."""
    canvas = Canvas(width, height)
    hidden = len(lines) - first - height
    # the last row is for their number alone: nothing is written over a line
    shown = height - 1 if hidden > 0 else height
    for y, line in enumerate(lines[first : first + shown]):
        for span in line:
            canvas.write_text(left + span.x, y, span.text, span.style, width=span.width)
    if hidden > 0:
        canvas.write_right(width, height - 1, f" {count_noun(hidden + 1, 'more line')} ", DIM)
    return canvas.rows
