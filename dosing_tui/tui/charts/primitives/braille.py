"""Lines of several series on one plot, in braille: the only place that knows plotext.

plotext 6 ends the process at a value that is not finite, and loses seconds at one far outside its limits:
what it is given here are always finite pixels inside the plot. Where it cannot be loaded there are no lines.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import Pen, Tone

log = logging.getLogger(__name__)

Points = Sequence[tuple[float, float]]
"""Across and up, each from 0 to 1."""

PENS = (Pen(Tone.HOT), Pen(Tone.CREST), Pen(Tone.BAR), Pen(Tone.SPARK), Pen(Tone.DIM))
"""Shades alone: a colour would say that something is wrong. Markers and names tell the rest."""
MARKERS = "●○×+□◇•–"
"""Stand on the points of a series, where there is room."""
_CELL = re.compile(r"\x1b\[([0-9;]*)m")
_ACROSS, _UP = 2, 4
"""Pixels of a braille cell."""


@cache
def _plotext() -> Any:  # plotext has no type hints
    """The library, or None where it cannot be loaded. Takes 0.1 s the first time."""
    try:
        import plotext
    except (ImportError, OSError):
        log.warning("plotext cannot be loaded: there are no lines", exc_info=True)
        return None
    plotext.terminal.limit(False, False)
    return plotext


def load() -> None:
    """Load the library before it is needed; for any thread."""
    _plotext()


def pen_of(number: int) -> Pen:
    return PENS[number % len(PENS)]


def marker_of(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


def lines(series: Sequence[Sequence[Points]], width: int, height: int) -> Rows:
    """Each series as its unbroken pieces. The first series lies on top."""
    canvas = Canvas(width, height)
    if width < 1 or height < 1 or not any(series):
        return canvas.rows
    frozen = tuple(tuple(tuple(piece) for piece in pieces) for pieces in series)
    for y, row in enumerate(_drawn(frozen, width, height).splitlines()[:height]):
        for x, (cell, number) in enumerate(_cells(row)):
            if number is not None and cell != " ":
                canvas.put(x, y, cell, pen_of(number))
    return canvas.rows


@lru_cache(maxsize=8)
def _drawn(series: tuple[tuple[tuple[tuple[float, float], ...], ...], ...], width: int, height: int) -> str:
    """The same picture is asked for again whenever the cursor moves."""
    library = _plotext()
    return "" if library is None else _plotted(library, series, width, height)


def _plotted(library: Any, series: Sequence[Sequence[Points]], width: int, height: int) -> str:
    """The global figure is the only one its documentation knows: cleared each time, used by one thread."""
    figure = library.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(width, height)
    figure.axes(False)
    across, up = width * _ACROSS - 1, height * _UP - 1
    for axis, sides, last in (("x", ("lower", "upper"), across), ("y", ("left", "right"), up)):
        for side in sides:
            figure.ruler(axis, side).lim(-0.5, last + 0.5).ticks([], [])
    for number in range(len(series) - 1, -1, -1):
        # the colour is no colour: it comes back as the number of the series
        marker = library.marker("braille", (number, 0, 0))
        for piece in series[number]:
            xs, ys = zip(*_pixels(piece, across, up), strict=True)
            figure.draw(figure.signal(list(xs), list(ys), marker=marker).lines(True))
    return str(figure.build().string())


def _pixels(piece: Points, across: int, up: int) -> Iterator[tuple[int, int]]:
    for x, y in piece:
        yield round(max(0.0, min(1.0, x)) * across), round(max(0.0, min(1.0, y)) * up)


def _cells(row: str) -> Iterator[tuple[str, int | None]]:
    """Each character with the number of its series."""
    number: int | None = None
    end = 0
    for code in _CELL.finditer(row):
        yield from ((cell, number) for cell in row[end : code.start()])
        parts = code[1].split(";")
        number = int(parts[2]) if parts[:2] == ["38", "2"] else None
        end = code.end()
    yield from ((cell, number) for cell in row[end:])
