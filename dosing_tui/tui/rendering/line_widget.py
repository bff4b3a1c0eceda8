"""A widget made of rows of cells that repaints only the cells that changed."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from rich.segment import Segment
from textual import events
from textual.color import BLACK
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widget import Widget

from dosing_tui.tui.containment.contained_pump import ContainedPump
from dosing_tui.tui.rendering.canvas import Cell, Rows
from dosing_tui.tui.rendering.click_target import KeyTarget, find_key_at
from dosing_tui.tui.rendering.palette import TEXT, build_rich_style
from dosing_tui.tui.rendering.theme import TerminalTheme


class KeyClicked(Message):
    """A key written on the screen was clicked: it is pressed. ``widget``: where it was written."""

    def __init__(self, widget: Widget, target: KeyTarget) -> None:
        super().__init__()
        self.widget, self.target = widget, target


class CellClicked(Message):
    """A click beside the keys, at a cell of a widget; ``is_double``: the second one there."""

    def __init__(self, widget: Widget, x: int, y: int, *, is_double: bool) -> None:
        super().__init__()
        self.widget, self.x, self.y, self.is_double = widget, x, y, is_double


class WheelTurned(Message):
    """``step``: rows, down or up."""

    def __init__(self, widget: Widget, step: int) -> None:
        super().__init__()
        self.widget, self.step = widget, step


WHEEL_ROWS = 3
"""Rows per notch."""


class LineWidget(ContainedPump, Widget):
    """``show_rows`` takes the rows; the theme decides how they are sent."""

    ALLOW_SELECT = False
    # as in Widget, but a new size is no reason to paint twice: these widgets do not scroll
    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)

    def __init__(self, theme: TerminalTheme, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.theme = theme
        self._cell_rows: Rows = []
        self._strips: list[Strip | None] = []
        """None: made when the line is painted."""

    def apply_theme(self, theme: TerminalTheme) -> None:
        """Draw the same cells with another theme."""
        self.theme = theme
        self.replace_rows(self._cell_rows)
        self.refresh()

    def replace_rows(self, rows: Rows) -> None:
        """Show these rows with the next repaint of the whole widget, which the caller requests."""
        self._cell_rows, self._strips = rows, [None] * len(rows)

    def show_rows(self, rows: Rows) -> None:
        """Show these rows. Rows of another shape than before repaint everything."""
        old = self._cell_rows
        same_shape = len(old) == len(rows) and all(len(a) == len(b) for a, b in zip(old, rows, strict=True))
        if not same_shape:
            self.replace_rows(rows)
            self.refresh()
            return
        self._cell_rows = rows
        dirty: list[Region] = []
        strips = self._strips.copy()
        for y, (before, after) in enumerate(zip(old, rows, strict=True)):
            if before == after:
                continue
            moved_from = next((near for near in (y - 1, y + 1) if old[near : near + 1] == [after]), None)
            self._strips[y] = None if moved_from is None else strips[moved_from]
            dirty += [Region(start, y, end - start, 1) for start, end in find_changed_spans(before, after)]
        if dirty:
            self._refresh_cells(dirty)

    def _refresh_cells(self, dirty: Sequence[Region]) -> None:
        """As ``refresh``, without two messages of each widget: the screen's next frame has the cells."""
        is_shown = self.is_attached and self.is_mounted and self.display
        if not is_shown or self not in (screen := self.screen)._compositor:
            self.refresh(*dirty)
            return
        self._set_dirty(*dirty)
        # private to textual, and what its handler of messages.Update does
        screen._dirty_widgets.add(self)
        if not getattr(screen._compositor, "is_held", False):
            screen.check_idle()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        row = self._cell_rows[event.y] if 0 <= event.y < len(self._cell_rows) else []
        target = find_key_at(row, event.x)
        if event.button > 1:
            return
        if target is not None:
            self.post_message(KeyClicked(self, target))
        elif row:
            self.post_message(CellClicked(self, event.x, event.y, is_double=event.chain == 2))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(WheelTurned(self, WHEEL_ROWS))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(WheelTurned(self, -WHEEL_ROWS))

    @property
    def shown_rows(self) -> Rows:
        """The cells that are shown."""
        return self._cell_rows

    def render_lines(self, crop: Region) -> list[Strip]:
        """Not by way of border, padding and background where every cell has its own colours."""
        if not self.theme.palette.is_monochrome:
            strips, width = [self.render_line(y) for y in crop.line_range], self.size.width
            if all(strip.cell_length == width for strip in strips):
                return [strip.crop(*crop.column_span) for strip in strips]
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        self.prepare_rows()
        if y < len(self._strips):
            strip = self._strips[y]
            if strip is None:
                strip = self._strips[y] = self._draw_cells(y, 0, len(self._cell_rows[y]))
            return strip
        return self._create_blank()

    def prepare_rows(self) -> None:
        """Before a line is painted."""

    def render_cells(self, y: int, start: int, end: int, *, width: int) -> Strip:
        """A part of a line of ``width`` cells, as of ``render_lines``; what is beside it is not drawn."""
        self.prepare_rows()
        row = self._cell_rows[y] if y < len(self._cell_rows) else []
        is_cut = len(row) != width or "" in (
            row[start][0],
            *(character for character, _ in row[end : end + 1]),
        )
        if is_cut or self._strips[y] is not None or self.theme.palette.is_monochrome:
            (strip,) = self.render_lines(Region(0, y, width, 1))
            return strip.crop(start, end)
        return self._draw_cells(y, start, end)

    def _draw_cells(self, y: int, start: int, end: int) -> Strip:
        """Blank if it fails, so that the others are seen."""
        row = self._cell_rows[y]
        cells = row if end - start == len(row) else row[start:end]
        drawn = self.run_contained(f"line {y}", lambda: _build_strip(cells, self.theme))
        return self._create_blank() if drawn is None else self._filter_colours(drawn)

    def _filter_colours(self, strip: Strip) -> Strip:
        """As Textual does with each line; once more changes nothing. No cell has the widget's background."""
        if not self.theme.palette.is_monochrome:
            for each in self.get_line_filters():
                strip = strip.apply_filter(each, BLACK)
        return strip

    def _create_blank(self) -> Strip:
        blank = Strip.blank(self.size.width, build_rich_style(self.theme.palette, TEXT))
        return self._filter_colours(blank)


def _build_strip(row: list[Cell], theme: TerminalTheme) -> Strip:
    """Neighbouring cells of one style become one segment."""
    segments = [
        Segment(theme.translate_cells(cell for cell, _ in cells), build_rich_style(theme.palette, style))
        for style, cells in groupby(theme.adapt_cells(row), key=itemgetter(1))
    ]
    return Strip(segments, len(row))


MERGE_GAP = 6
"""Moving the cursor costs about as many bytes as this many unchanged cells."""


def find_changed_spans(old: Sequence[Cell], new: Sequence[Cell]) -> list[tuple[int, int]]:
    """Half-open spans in which two rows of the same length differ; near ones are joined.

    A character of two cells is never cut.
    """
    runs: list[tuple[int, int]] = []
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if runs and x - runs[-1][1] <= MERGE_GAP:
            runs[-1] = (runs[-1][0], x + 1)
        else:
            runs.append((x, x + 1))
    return [_widen_span(old, new, start, end) for start, end in runs]


def _widen_span(old: Sequence[Cell], new: Sequence[Cell], start: int, end: int) -> tuple[int, int]:
    while start > 0 and "" in (old[start][0], new[start][0]):
        start -= 1
    while end < len(new) and "" in (old[end][0], new[end][0]):
        end += 1
    return start, end
