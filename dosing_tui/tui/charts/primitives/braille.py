"""Lines of several series on one plot, in braille: the only module that uses plotext.

plotext 6 ends the process at a value that is not finite, and loses seconds at one far outside its limits:
what it is given here are always finite pixels inside the plot. Where it cannot be loaded there are no lines.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

log = logging.getLogger(__name__)

Polyline = Sequence[tuple[float, float]]
"""Across and up, each from 0 to 1."""

SERIES_STYLES = (
    CellStyle(ColourRole.STRONG),
    CellStyle(ColourRole.ACCENT),
    CellStyle(ColourRole.BAR),
    CellStyle(ColourRole.SPARKLINE),
    CellStyle(ColourRole.DIM),
)
"""Shades only: colours are for abnormal values. Markers and names identify the series."""
SERIES_MARKERS = "●○×+□◇•–=%&$"
"""Marks on the points of a series."""
_COLOUR_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_COLOUR_LEVELS = 256
"""Of red, green and blue: plotext fails above, and a traceback that shows its variables ends the process."""
_PIXELS_ACROSS, _PIXELS_UP = 2, 4
"""Pixels of a braille cell."""


@cache
def load_plotext() -> Any:  # plotext has no type hints
    """The library, or None where it cannot be loaded. Takes 0.1 s the first time, in any thread."""
    try:
        import plotext
    except (ImportError, OSError):
        log.warning("plotext cannot be loaded: charts have no lines", exc_info=True)
        return None
    plotext.terminal.limit(False, False)
    return plotext


def get_series_style(number: int) -> CellStyle:
    return SERIES_STYLES[number % len(SERIES_STYLES)]


def get_series_marker(number: int) -> str:
    return SERIES_MARKERS[number % len(SERIES_MARKERS)]


def draw_lines(series: Sequence[Sequence[Polyline]], width: int, height: int) -> Rows:
    """Each series as its unbroken pieces. The first series lies on top."""
    canvas = Canvas(width, height)
    if width < 1 or height < 1 or not any(series):
        return canvas.rows
    frozen = tuple(tuple(tuple(piece) for piece in pieces) for pieces in series)
    for y, row in enumerate(_render_cached(frozen, width, height).splitlines()[1 : height + 1]):
        for x, (cell, number) in enumerate(list(_parse_cells(row))[1 : width + 1]):
            if number is not None and cell != " ":
                canvas.set_cell(x, y, cell, get_series_style(number))
    return canvas.rows


@lru_cache(maxsize=64)
def _render_cached(
    series: tuple[tuple[tuple[tuple[float, float], ...], ...], ...], width: int, height: int
) -> str:
    """Cached: every move of the cursor draws the same plot."""
    library = load_plotext()
    return "" if library is None else _render_plot(library, series, width, height)


def _render_plot(library: Any, series: Sequence[Sequence[Polyline]], width: int, height: int) -> str:
    """Draw on the global figure, the only documented one: cleared each time, used by one thread.

    The limits of plotext lie in the middle of the outermost cells: the plot is a cell larger on each side,
    so that each pixel inside has its own number. The caller drops these cells.
    """
    figure = library.figure
    figure.clear()
    figure.theme("simple")
    figure.plot_size(width + 2, height + 2)
    figure.axes(False)
    across, up = width * _PIXELS_ACROSS - 1, height * _PIXELS_UP - 1
    for axis, sides, first, last in (
        ("x", ("lower", "upper"), -_PIXELS_ACROSS // 2, across + _PIXELS_ACROSS // 2),
        ("y", ("left", "right"), -_PIXELS_UP // 2, up + _PIXELS_UP // 2),
    ):
        for side in sides:
            figure.ruler(axis, side).lim(first, last).ticks([], [])
    for number in range(len(series) - 1, -1, -1):
        # the colour is no colour: it comes back as the number of the series
        marker = library.marker("braille", (*divmod(number, _COLOUR_LEVELS), 0))
        for piece in series[number]:
            xs, ys = zip(*_scale_to_pixels(piece, across, up), strict=True)
            figure.draw(figure.signal(list(xs), list(ys), marker=marker).lines(True))
    return str(figure.build().string())


def find_point_cell(x: float, y: float, width: int, height: int) -> tuple[int, int]:
    """Column and row of the cell in which a line passes a point; from 0 to 1 in both directions."""
    ((across, up),) = _scale_to_pixels(((x, y),), width * _PIXELS_ACROSS - 1, height * _PIXELS_UP - 1)
    return across // _PIXELS_ACROSS, height - 1 - up // _PIXELS_UP


def _scale_to_pixels(polyline: Polyline, across: int, up: int) -> Iterator[tuple[int, int]]:
    for x, y in polyline:
        yield round(max(0.0, min(1.0, x)) * across), round(max(0.0, min(1.0, y)) * up)


def _parse_cells(row: str) -> Iterator[tuple[str, int | None]]:
    """Each character with the number of its series."""
    number: int | None = None
    end = 0
    for code in _COLOUR_CODE.finditer(row):
        yield from ((cell, number) for cell in row[end : code.start()])
        parts = code[1].split(";")
        is_rgb = parts[:2] == ["38", "2"]
        number = int(parts[2]) * _COLOUR_LEVELS + int(parts[3]) if is_rgb else None
        end = code.end()
    yield from ((cell, number) for cell in row[end:])
