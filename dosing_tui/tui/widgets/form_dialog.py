"""A dialog that is drawn as one sheet of cells over the plant, and typed into."""

from abc import abstractmethod
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import DIM, FRAME, LABEL, CellStyle, ColourRole
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme

Result = TypeVar("Result")
KEY_STYLE = CellStyle(ColourRole.ACCENT, bold=True)
SELECTED_STYLE = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True)
"""The row that the keys are about."""
ERROR_STYLE = CellStyle(ColourRole.WARN, bold=True)
EDIT_KEYS = [Binding(key, f"edit('{key}')", show=False) for key in text_field.EDITING_KEYS]


class FormDialog(ModalScreen[Result]):
    """``enter`` gives a result, ``esc`` gives None."""

    BINDINGS = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("enter", "accept", "Accept", show=False),
        *EDIT_KEYS,
    ]

    def __init__(self, theme: TerminalTheme) -> None:
        super().__init__()
        self._dialog = LineWidget(theme)

    @abstractmethod
    def render_rows(self, width: int, height: int) -> Rows:
        """The dialog as it is now, in a window of this size."""

    @abstractmethod
    def action_accept(self) -> None:
        """Dismiss with a result, or show why there is none."""

    @property
    @abstractmethod
    def active_field(self) -> TextField | None:
        """The field that is typed into; None while letters are commands."""

    @abstractmethod
    def update_field(self, new_field: TextField) -> None:
        """Take the field as it is after a key."""

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

    async def on_key(self, event: events.Key) -> None:
        # no binding can name every letter; in a field each of them is text before it is a command
        if self.active_field is not None and event.is_printable and event.character is not None:
            event.stop()
            self._insert_text(event.character)
        elif (bound := self.active_bindings.get(event.key)) is not None and bound.node is self:
            # textual looks at bindings when letters that came behind them are taken already: over a slow line
            # they come in one packet, and the name would stand in the comment
            event.stop()
            await self.run_action(bound.binding.action)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._insert_text(event.text)

    def _insert_text(self, text: str) -> None:
        if self.active_field is not None:
            self.update_field(text_field.insert_text(self.active_field, text))
            self.draw_dialog()

    def action_edit(self, key: str) -> None:
        if self.active_field is not None:
            self.update_field(text_field.apply_key(self.active_field, key))
            self.draw_dialog()

    def action_leave(self) -> None:
        self.dismiss(None)


class ReadOnlyDialog(FormDialog[Result]):
    """Only read: ``enter`` and ``esc`` close it."""

    @property
    def active_field(self) -> TextField | None:
        return None

    def update_field(self, new_field: TextField) -> None:
        """Nothing is typed here."""

    def action_accept(self) -> None:
        self.dismiss(None)


def create_box(width: int, height: int, title: str, *, hint: str = "esc leaves") -> Canvas:
    """An empty frame with its title."""
    canvas = Canvas(width, height)
    across = "─" * (width - 2)
    canvas.write_text(0, 0, f"╭{across}╮", FRAME)
    canvas.write_text(0, height - 1, f"╰{across}╯", FRAME)
    for y in range(1, height - 1):
        canvas.set_cell(0, y, "│", FRAME)
        canvas.set_cell(width - 1, y, "│", FRAME)
    canvas.write_text(3, 1, title, LABEL)
    canvas.write_right(width - 3, 1, hint, DIM)
    return canvas


def draw_keys(canvas: Canvas, y: int, *keys: tuple[str, str]) -> None:
    """Keys and what they do, side by side."""
    x = 3
    for key, does in keys:
        x = canvas.write_text(x, y, key, KEY_STYLE)
        x = canvas.write_text(x + 1, y, does, DIM) + 3


def draw_message(canvas: Canvas, y: int, text: str, *, is_error: bool) -> None:
    """One sentence, with the shape of a fault if it is one."""
    if is_error:
        canvas.write_text(3, y, f"▲ {text}", ERROR_STYLE, width=canvas.width - 6)
    else:
        canvas.write_text(3, y, text, width=canvas.width - 6)
