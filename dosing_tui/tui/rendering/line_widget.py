"""A widget made of rows of cells that repaints only the cells that changed."""

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from dosing_tui.tui.rendering.canvas import Cell, Rows
from dosing_tui.tui.rendering.changed_spans import changed_runs
from dosing_tui.tui.rendering.palette import TEXT, style
from dosing_tui.tui.rendering.theme import Look


class LineWidget(Widget):
    """``put`` takes the rows; what they are sent as depends on the look it wears."""

    ALLOW_SELECT = False
    # as in Widget, but a new size is no reason to paint twice: these widgets do not scroll
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)

    def __init__(self, look: Look, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look
        self._shown: Rows = []
        self._strips: list[Strip | None] = []
        """None: made when the line is painted."""

    def wear(self, look: Look) -> None:
        """Draw the same cells in another look."""
        self.look = look
        self.fill(self._shown)
        self.refresh()

    def fill(self, rows: Rows) -> None:
        """Show these rows with the next painting of the whole widget, which the caller knows to come."""
        self._shown, self._strips = rows, [None] * len(rows)

    def put(self, rows: Rows) -> None:
        """Show these rows. Rows of another shape than before repaint everything."""
        old = self._shown
        same_shape = len(old) == len(rows) and all(len(a) == len(b) for a, b in zip(old, rows, strict=True))
        if not same_shape:
            self.fill(rows)
            self.refresh()
            return
        self._shown = rows
        dirty: list[Region] = []
        for y, (before, after) in enumerate(zip(old, rows, strict=True)):
            runs = changed_runs(before, after)
            if runs:
                self._strips[y] = None
                dirty += [Region(start, y, end - start, 1) for start, end in runs]
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            strip = self._strips[y]
            if strip is None:
                strip = self._strips[y] = _strip(self._shown[y], self.look)
            return strip
        return Strip.blank(self.size.width, style(self.look.palette, TEXT))


def _strip(row: list[Cell], look: Look) -> Strip:
    """Neighbouring cells of one pen become one segment."""
    segments: list[Segment] = []
    text, pen = "", None
    for cell, next_pen in map(look.worn, row):
        if next_pen != pen:
            if text and pen is not None:
                segments.append(Segment(text, style(look.palette, pen)))
            text, pen = "", next_pen
        text += look.character(cell) if cell else ""
    if text and pen is not None:
        segments.append(Segment(text, style(look.palette, pen)))
    return Strip(segments, len(row))
