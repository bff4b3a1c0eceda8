"""A control chart: the error of each dose with its limits, and below it the range from dose to dose. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.capability.individuals_chart import ControlLimits, list_moving_ranges
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole

MARGIN = 10
"""Columns for the labels of the scale."""
POINT = "●"
EVENT = CellStyle(ColourRole.ACCENT)
EVENT_LETTER = CellStyle(ColourRole.BACKGROUND, ColourRole.ACCENT, bold=True)
_CURSOR = CellStyle(ColourRole.FOCUS)


class ControlChart(Struct, frozen=True):
    """``errors_g`` in the order of time. ``cursor`` is an index of them."""

    errors_g: Sequence[float]
    limits: ControlLimits
    tolerance_g: float
    cursor: int
    marked: frozenset[int] = frozenset()
    """Indexes of doses beyond a control limit."""
    events: Sequence[tuple[int, str]] = ()
    """A letter at the index of the first dose after the event, in the order of time."""
    first_counted: int = 0
    """Index of the first dose that the limits are of; those before are dim."""


class _ValueScale(Struct, frozen=True):
    """From a value to a row; values beyond the ends are at the ends."""

    low: float
    high: float
    rows: int

    def to_row(self, value: float) -> int:
        share = (self.high - value) / (self.high - self.low) if self.high > self.low else 0.5
        return round(max(0.0, min(1.0, share)) * (self.rows - 1))

    def contains(self, value: float) -> bool:
        return self.low <= value <= self.high


def choose_first(count: int, cursor: int, columns: int) -> int:
    """Index of the leftmost dose of so many in sight: the newest ones, or those around the cursor."""
    newest = max(0, count - columns)
    return newest if cursor >= newest else max(0, cursor - columns // 2)


@paint_cells
def paint_control_chart(canvas: Canvas, chart: ControlChart) -> None:
    """A column for each dose; the newest at the right."""
    columns = canvas.width - MARGIN
    if columns < 1 or canvas.height < 1:
        return
    range_rows = max(3, canvas.height // 4) if canvas.height >= 14 else 0
    rows = canvas.height - range_rows - (2 if range_rows else 0)
    first = choose_first(len(chart.errors_g), chart.cursor, columns)
    errors = chart.errors_g[first : first + columns]
    _draw_errors(canvas, chart, errors, first, rows)
    if range_rows:
        ranges = [0.0, *list_moving_ranges(chart.errors_g)][first : first + columns]
        canvas.write_text(0, rows + 1, "Range g from dose to dose", DIM)
        _draw_ranges(canvas, chart.limits, ranges, rows + 2, range_rows)
    _draw_events(canvas, chart.events, first, range(rows))
    column = MARGIN + chart.cursor - first
    for y in range(canvas.height):
        if range_rows and y in (rows, rows + 1):
            continue
        if canvas.rows[y][column][0] in (" ", "┄", "─", "╌"):
            canvas.set_cell(column, y, "┊", _CURSOR)


def _draw_errors(canvas: Canvas, chart: ControlChart, errors: Sequence[float], first: int, rows: int) -> None:
    limits, tolerance = chart.limits, chart.tolerance_g
    ends = (limits.lower, limits.upper, tolerance, -tolerance)
    spare = 0.08 * (max(ends) - min(ends))
    scale = _ValueScale(min(ends) - spare, max(ends) + spare, rows)
    lines = (
        (tolerance, "╌", "+tol"), (-tolerance, "╌", "-tol"), (limits.lower, "┄", "LCL"),
        (limits.upper, "┄", "UCL"), (limits.mean, "─", "mean"),
    )  # fmt: skip
    taken: set[int] = set()
    for value, glyph, name in reversed(lines):
        y = scale.to_row(value)
        if y not in taken:
            taken.add(y)
            text = f"{name:<4} {number_format.format_signed(value):>5}"
            canvas.write_text(0, y, text[:MARGIN], LABEL if name == "mean" else DIM)
            canvas.write_text(MARGIN, y, glyph * (canvas.width - MARGIN), DIM)
    for number, error in enumerate(errors):
        y = scale.to_row(error)
        beyond = "▲" if error > scale.high else "▼" if error < scale.low else ""
        is_marked = first + number in chart.marked
        is_counted = first + number >= chart.first_counted
        style = DEVIATION if is_counted and (is_marked or beyond) else STRONG if is_counted else DIM
        canvas.set_cell(MARGIN + number, y, beyond or ("◆" if is_marked else POINT), style)


def _draw_events(canvas: Canvas, events: Sequence[tuple[int, str]], first: int, rows: range) -> None:
    """A line before the dose, where no point is, and the letter on top of it; of several the last one's."""
    for index, letter in events:
        column = MARGIN + index - first
        if MARGIN <= column < canvas.width:
            for y in rows:
                if canvas.rows[y][column][0] not in (POINT, "◆", "▲", "▼"):
                    canvas.set_cell(column, y, "│", EVENT)
            canvas.set_cell(column, rows[0], letter, EVENT_LETTER)


def _draw_ranges(canvas: Canvas, limits: ControlLimits, ranges: Sequence[float], top: int, rows: int) -> None:
    scale = _ValueScale(0.0, 1.15 * limits.range_limit or 1.0, rows)
    for value, name in ((limits.mean_range, "mean"), (limits.range_limit, "UCL")):
        y = top + scale.to_row(value)
        canvas.write_text(0, y, f"{name:<4} {number_format.format_decimal(value, 2):>5}", DIM)
        canvas.write_text(MARGIN, y, "┄" * (canvas.width - MARGIN), DIM)
    for number, value in enumerate(ranges):
        is_beyond = value > limits.range_limit
        y = top + scale.to_row(value)
        style = DEVIATION if is_beyond else TEXT
        canvas.set_cell(MARGIN + number, y, "▲" if not scale.contains(value) else "•", style)
