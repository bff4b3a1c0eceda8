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
from dosing_tui.tui.rendering.palette import DIM, LABEL, LINE, Pen, Tone
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look

Result = TypeVar("Result")
KEY = Pen(Tone.CREST, bold=True)
CHOSEN = Pen(Tone.HOT, Tone.SELECT, bold=True)
"""The row that the keys are about."""
FAULT = Pen(Tone.WARN, bold=True)
EDIT_KEYS = [Binding(key, f"edit('{key}')", show=False) for key in text_field.EDITING]


class Sheet(ModalScreen[Result]):
    """``enter`` gives a result, ``esc`` gives None."""

    BINDINGS = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("enter", "accept", "Accept", show=False),
        *EDIT_KEYS,
    ]

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._sheet = LineWidget(look)

    @abstractmethod
    def rows(self, width: int, height: int) -> Rows:
        """The dialog as it is now, in a window of this size."""

    @abstractmethod
    def action_accept(self) -> None:
        """Dismiss with a result, or show why there is none."""

    @property
    @abstractmethod
    def typing(self) -> Field | None:
        """The field that is typed into; None while letters are commands."""

    @abstractmethod
    def put(self, changed: Field) -> None:
        """Take the field as it is after a key."""

    def compose(self) -> ComposeResult:
        yield self._sheet

    def on_mount(self) -> None:
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        self.draw()

    def draw(self) -> None:
        rows = self.rows(*self.app.size)
        self._sheet.styles.width, self._sheet.styles.height = len(rows[0]), len(rows)
        self._sheet.put(rows)

    async def on_key(self, event: events.Key) -> None:
        # no binding can name every letter; in a field each of them is text before it is a command
        if self.typing is not None and event.is_printable and event.character is not None:
            event.stop()
            self._type(event.character)
        elif (bound := self.active_bindings.get(event.key)) is not None and bound.node is self:
            # textual looks at bindings when letters that came behind them are taken already: over a slow line
            # they come in one packet, and the name would stand in the comment
            event.stop()
            await self.run_action(bound.binding.action)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type(event.text)

    def _type(self, text: str) -> None:
        if self.typing is not None:
            self.put(text_field.typed(self.typing, text))
            self.draw()

    def action_edit(self, key: str) -> None:
        if self.typing is not None:
            self.put(text_field.edited(self.typing, key))
            self.draw()

    def action_leave(self) -> None:
        self.dismiss(None)


class ReadSheet(Sheet[Result]):
    """Only read: ``enter`` and ``esc`` close it."""

    @property
    def typing(self) -> Field | None:
        return None

    def put(self, changed: Field) -> None:
        """Nothing is typed here."""

    def action_accept(self) -> None:
        self.dismiss(None)


def box(width: int, height: int, title: str, *, hint: str = "esc leaves") -> Canvas:
    """An empty frame with its title."""
    canvas = Canvas(width, height)
    across = "─" * (width - 2)
    canvas.text(0, 0, f"╭{across}╮", LINE)
    canvas.text(0, height - 1, f"╰{across}╯", LINE)
    for y in range(1, height - 1):
        canvas.put(0, y, "│", LINE)
        canvas.put(width - 1, y, "│", LINE)
    canvas.text(3, 1, title, LABEL)
    canvas.right(width - 3, 1, hint, DIM)
    return canvas


def keys_row(canvas: Canvas, y: int, *keys: tuple[str, str]) -> None:
    """Keys and what they do, side by side."""
    x = 3
    for key, does in keys:
        x = canvas.text(x, y, key, KEY)
        x = canvas.text(x + 1, y, does, DIM) + 3


def say(canvas: Canvas, y: int, text: str, *, fault: bool) -> None:
    """One sentence, with the shape of a fault if it is one."""
    if fault:
        canvas.text(3, y, f"▲ {text}", FAULT, width=canvas.width - 6)
    else:
        canvas.text(3, y, text, width=canvas.width - 6)
