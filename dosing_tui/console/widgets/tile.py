"""One tile of the overview: a content in a frame, at whatever size it is given."""

from textual import events

from dosing_tui.console.canvas import Rows
from dosing_tui.console.content import AnyContent, Frame, framed
from dosing_tui.console.layout import TileId
from dosing_tui.console.look import Look
from dosing_tui.console.widgets.lines import LineWidget


class Tile(LineWidget, can_focus=True):
    """Shows the content it is given, and nothing again that it shows already."""

    def __init__(self, name: TileId, look: Look) -> None:
        super().__init__(look, id=name.value)
        self.tile = name
        self.frame = Frame.FULL
        self._content: AnyContent | None = None

    def show(self, content: AnyContent) -> None:
        if content != self._content:
            self._content = content
            self.draw()

    def draw(self) -> None:
        """Draw what was last shown, for the present size, frame and focus."""
        width, height = self.size
        if self._content is not None and width > 4 and height > 1:
            self.put(self.painted(self._content, width, height))

    def painted(self, content: AnyContent, width: int, height: int) -> Rows:
        return framed(content, width, height, frame=self.frame, focused=self.has_focus)

    def on_resize(self, event: events.Resize) -> None:
        self.draw()

    def on_focus(self, event: events.Focus) -> None:
        self.draw()

    def on_blur(self, event: events.Blur) -> None:
        self.draw()
