"""A modal dialog drawn on one canvas over the dashboard, and the parts that dialogs have in common."""

from typing import TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells, wrap_text
from dosing_tui.tui.rendering.click_target import KeyTarget, parse_key
from dosing_tui.tui.rendering.line_widget import CellClicked, KeyClicked, LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, FRAME, LABEL, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

Result = TypeVar("Result")
KEY_STYLE = CellStyle(ColourRole.KEY, bold=True)
SELECTED_STYLE = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True)
"""The row or value that has the focus."""


class CanvasDialog(ModalScreen[Result], ClosableScreen[Result]):
    """``enter`` and ``esc`` close it without a result, unless a subclass gives ``enter`` one.

    It shows ``rows``; a subclass whose rows change has its own ``render_rows``.
    """

    wheel_moves_cursor = False
    """It has a list in which the arrow keys move."""
    BINDINGS = [
        Binding("escape", "leave", "Cancel", show=False),
        Binding("enter", "accept", "Accept", show=False),
    ]

    def __init__(self, theme: TerminalTheme, rows: Rows | None = None) -> None:
        super().__init__()
        self._dialog = LineWidget(theme)
        self._rows = rows or []

    def render_rows(self, width: int, height: int) -> Rows:
        """Draw the dialog for a window of ``width`` x ``height`` cells."""
        return self._rows

    def take_input(self, key: str, text: str | None) -> bool:
        """Take a key before the bindings do; False leaves it to them.

        ``text`` is what the key prints, None if nothing. Pasted text has the key ''.
        """
        return False

    def compose(self) -> ComposeResult:
        yield self._dialog

    def on_mount(self) -> None:
        self.draw_dialog()

    def on_resize(self, event: events.Resize) -> None:
        self.draw_dialog()

    def draw_dialog(self) -> None:
        rows = self.render_rows(*self.app.size)
        self._dialog.styles.width, self._dialog.styles.height = len(rows[0]), len(rows)
        self._dialog.show_rows(rows)

    def take_click(self, x: int, y: int) -> bool:
        """Take a click beside the keys, at a cell of the dialog; False where nothing is."""
        return False

    @on(CellClicked)
    def _act_on_click(self, event: CellClicked) -> None:
        if self.take_click(event.x, event.y) and not self.is_closed:
            self.draw_dialog()

    @on(WheelTurned)
    def _act_on_wheel(self, event: WheelTurned) -> None:
        """As the arrow keys."""
        if self.wheel_moves_cursor:
            key = KeyTarget("down" if event.step > 0 else "up", None)
            self.post_message(KeyClicked(self._dialog, key))

    def take_key(self, key: str, text: str | None) -> bool:
        is_taken = self.take_input(key, text)
        if is_taken and not self.is_closed:
            self.draw_dialog()
        return is_taken

    def action_accept(self) -> None:
        self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)


def create_box(width: int, height: int, title: str, *, hint: str = "Esc Cancel") -> Canvas:
    """An empty frame with its title."""
    canvas = Canvas(width, height)
    across = "─" * (width - 2)
    canvas.write_text(0, 0, f"╭{across}╮", FRAME)
    canvas.write_text(0, height - 1, f"╰{across}╯", FRAME)
    for y in range(1, height - 1):
        canvas.set_cell(0, y, "│", FRAME)
        canvas.set_cell(width - 1, y, "│", FRAME)
    canvas.write_text(3, 1, title, LABEL)
    _draw_hint(canvas, hint)
    return canvas


def _draw_hint(canvas: Canvas, hint: str) -> None:
    """At the right of the title; names of keys can be clicked."""
    x = canvas.width - 3 - len(hint)
    for number, word in enumerate(hint.split(" ")):
        is_key = len(word) > 1 and word[:1].isupper() and parse_key(word) is not None
        x = canvas.write_text(x + bool(number), 1, word, KEY_STYLE if is_key else DIM)


def draw_keys(canvas: Canvas, y: int, *keys: tuple[str, str]) -> None:
    """Keys and their actions, side by side."""
    x = 3
    for key, action in keys:
        x = canvas.write_text(x, y, key, KEY_STYLE)
        x = canvas.write_text(x + 1, y, action, DIM) + 3


def draw_message(canvas: Canvas, y: int, text: str, *, is_error: bool, rows: int = 1) -> None:
    """One sentence over at most so many rows; an error has its mark."""
    room, text = canvas.width - 6, f"▲ {text}" if is_error else text
    # what fits keeps its columns
    lines = [text] if rows == 1 or len(split_cells(text)) <= room else wrap_text(text, room)
    style = DEVIATION if is_error else TEXT
    draw_lines(canvas, 3, y, lines[: rows - 1], style)
    canvas.write_text(3, y + min(len(lines), rows) - 1, " ".join(lines[rows - 1 :]), style, width=room)


def draw_lines(canvas: Canvas, x: int, y: int, lines: list[str], style: CellStyle = TEXT) -> int:
    """One line per row; returns the row below."""
    for row, line in enumerate(lines, start=y):
        canvas.write_text(x, row, line, style)
    return y + len(lines)


def wrap_labelled_text(label: str, text: str, width: int) -> list[tuple[str, str]]:
    """The text broken into lines of ``width`` cells, the label beside the first one."""
    return [("" if number else label, line) for number, line in enumerate(wrap_text(text, width))]
