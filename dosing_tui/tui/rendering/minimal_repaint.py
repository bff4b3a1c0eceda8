"""Sends the changed cells only, and of their styles what differs from the cell before.

Textual itself repaints a changed row from the left edge of its widget on: on a busy screen two thirds of all
bytes. It also names both colours with each run of cells, and resets them after it: half of what is left.
For a few cells it goes through the lines of all widgets between the first and the last of them: most of the
time that a frame takes. Here each changed span is asked of the one widget that it lies in.
This rests on names private to textual and rich: where textual's are not as expected, its own way is taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from dosing_tui.tui.rendering.line_widget import LineWidget

if TYPE_CHECKING:
    from textual._compositor import ChopsUpdate


class ChangedSpan(NamedTuple):
    """Changed cells of one row of the screen, from column ``x`` on."""

    x: int
    y: int
    strip: Strip


class ChangedCellsUpdate(CompositorUpdate):
    """The cells of these spans, and nothing else."""

    def __init__(self, spans: Iterable[ChangedSpan]) -> None:
        self._spans = spans

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, strip in self._spans:
            yield from (Control.move_to(x, y).segment, *strip)

    def render_segments(self, console: Console) -> str:
        pen = Pen(console._color_system or ColorSystem.TRUECOLOR)
        written: list[str] = []
        for x, y, strip in self._spans:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            written += [pen.format_run(text, style) for text, style, _ in strip]
        written.append(pen.format_run("", None))
        return "".join(written)


def cut_chops(update: "ChopsUpdate") -> Iterator[ChangedSpan]:
    """The same cells as of Textual's update, cut at both ends of what changed."""
    for y, start, end in update.spans:
        chops = zip(update.chop_ends[y], update.chops[y].items(), strict=False)
        for chop_end, (chop_start, strip) in chops:
            first, last = max(start, chop_start), min(end, chop_end)
            if strip is not None and first < last:
                yield ChangedSpan(first, y, strip.crop(first - chop_start, last - chop_start))


class StyleCodes(NamedTuple):
    """SGR parameters; '' for the terminal's default."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


class Pen:
    """Knows the style that the terminal has now; it begins and has to end with the default."""

    def __init__(self, color_system: ColorSystem) -> None:
        self._color_system = color_system
        self._codes = StyleCodes()

    def format_run(self, text: str, style: Style | None) -> str:
        """The text in this style."""
        before, after = self._codes, split_codes(style, self._color_system) if style else StyleCodes()
        if after == before:
            return text
        self._codes = after
        is_reset_needed = after.attributes != before.attributes or any(
            old and not new for old, new in zip(before, after, strict=True)
        )
        if is_reset_needed:
            codes = ["0" if before != StyleCodes() else "", *after]
        else:
            codes = [new for old, new in zip(before, after, strict=True) if new != old]
        return f"\x1b[{';'.join(code for code in codes if code) or '0'}m{text}"


@lru_cache(maxsize=4096)
def split_codes(style: Style, color_system: ColorSystem) -> StyleCodes:
    """The parameters that rich writes for a style, as three parts."""
    return StyleCodes(
        style.without_color._make_ansi_codes(color_system),
        Style(color=style.color)._make_ansi_codes(color_system),
        Style(bgcolor=style.bgcolor)._make_ansi_codes(color_system),
    )


class PlacedRow(NamedTuple):
    """Where a row of a widget is on the screen: its columns, and its number within the widget."""

    start: int
    end: int
    widget: LineWidget
    y: int


class ChangedCellsCompositor(Compositor):
    _placed: Mapping[Widget, tuple[Region, Region]] | None = None
    """The widgets that ``_rows`` were made of."""
    _rows: Mapping[int, Sequence[PlacedRow]] = {}
    is_held = False
    """Widgets need not ask for the next frame: it comes when all is drawn."""

    def render_partial_update(self) -> Any:  # the return type of the base class is private, too
        if (spans := self._cut_rows()) is not None:
            self._dirty_regions.clear()
            return ChangedCellsUpdate(spans) if spans else None
        update = super().render_partial_update()
        has_parts = all(hasattr(update, name) for name in ("spans", "chops", "chop_ends"))
        return ChangedCellsUpdate(list(cut_chops(update))) if update is not None and has_parts else update

    def _cut_rows(self) -> list[ChangedSpan] | None:
        """Of the widgets made of rows. None if anything else is to be drawn."""
        if self._placed is not self.visible_widgets:
            self._placed = self.visible_widgets
            self._rows = place_rows(self._placed)
        found: list[ChangedSpan] = []
        for y, start, end in self._regions_to_spans(self._dirty_regions):
            drawn_to = start
            for row in self._rows.get(y, ()):
                if row.end <= drawn_to or row.start >= end:
                    continue
                if row.start > drawn_to:
                    return None
                last = min(end, row.end)
                part, width = (drawn_to - row.start, last - row.start), row.end - row.start
                found.append(ChangedSpan(drawn_to, y, row.widget.render_cells(row.y, *part, width=width)))
                drawn_to = last
            if drawn_to < end:
                return None
        return found


def place_rows(visible: Mapping[Widget, tuple[Region, Region]]) -> Mapping[int, Sequence[PlacedRow]]:
    """By row of the screen, from left to right. Without the rows where something else is, or lies above."""
    parents = {ancestor for widget in visible for ancestor in widget.ancestors}
    rows: dict[int, list[PlacedRow]] = defaultdict(list)
    mixed: set[int] = set()
    for widget, (place, clip) in visible.items():
        if widget in parents:
            continue
        is_plain = clip.contains_region(place)
        for y in place.line_range:
            if isinstance(widget, LineWidget) and is_plain:
                rows[y].append(PlacedRow(place.x, place.right, widget, y - place.y))
            else:
                mixed.add(y)
    for y, placed in rows.items():
        placed.sort(key=itemgetter(0))
        if any(one.end > other.start for one, other in pairwise(placed)):
            mixed.add(y)
    return {y: placed for y, placed in rows.items() if y not in mixed}


@contextmanager
def paint_together(screen: Screen[Any]) -> Iterator[None]:
    """What is drawn within it is painted at its end.

    Textual has each widget send the screen a message, after which a timer paints: three wakes of the program.
    """
    compositor = screen._compositor
    if not isinstance(compositor, ChangedCellsCompositor):
        yield
        return
    compositor.is_held = True
    try:
        yield
    finally:
        compositor.is_held = False
        if screen._dirty_widgets:
            screen._on_timer_update()


def install_compositor(screen: Screen[Any]) -> bool:
    """Install the compositor in a new screen; False if this version of textual does not fit."""
    if type(getattr(screen, "_compositor", None)) is not Compositor:
        return False
    screen._compositor = ChangedCellsCompositor()
    return True
