"""One tile of the overview: a content in a frame, at whatever size it is given."""

from textual import events

from dosing_tui.console.canvas import Rows
from dosing_tui.console.content import AnyContent, Frame, framed
from dosing_tui.console.layout import Place, TileId
from dosing_tui.console.look import Look
from dosing_tui.console.widgets.lines import LineWidget


class Tile(LineWidget, can_focus=True):
    """Shows the content it is given, and nothing again that it shows already."""

    def __init__(self, name: TileId, look: Look) -> None:
        super().__init__(look, id=name.value)
        self.tile = name
        self.frame = Frame.FULL
        self._content: AnyContent | None = None
        self._room = (0, 0)

    def show(self, content: AnyContent) -> None:
        if content != self._content:
            self._content = content
            self.draw()

    def place(self, place: Place, frame: Frame) -> None:
        """Be there. Drawn at once: old cells in the new room would cost a frame."""
        self.styles.offset = (place.x, place.y)
        self.styles.width, self.styles.height = place.width, place.height
        if (place.width, place.height, frame) != (*self._room, self.frame):
            self._room, self.frame = (place.width, place.height), frame
            self.draw()

    def draw(self) -> None:
        """Draw what was last shown, for the present room, frame and focus."""
        width, height = self._room
        if self._content is not None and width > 4 and height > 1:
            self.put(self.painted(self._content, width, height))

    def painted(self, content: AnyContent, width: int, height: int) -> Rows:
        return framed(content, width, height, frame=self.frame, focused=self.has_focus)

    def on_focus(self, event: events.Focus) -> None:
        self.draw()

    def on_blur(self, event: events.Blur) -> None:
        self.draw()
