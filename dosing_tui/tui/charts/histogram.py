"""Histogram of the errors: columns of cells per bin, tolerance lines, open ends apart."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.panels.panel_catalog import ErrorBin
from dosing_tui.tui.charts.primitives.block_characters import draw_column, value_to_eighths
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells
from dosing_tui.tui.rendering.number_format import format_count, format_signed
from dosing_tui.tui.rendering.palette import DIM, FRAME, CellStyle, ColourRole

BIN_G, MAX_BINS = 0.2, 10
"""Width of a bin, and the most bins on each side."""
_INSIDE = CellStyle(ColourRole.BAR)
_OUTSIDE = CellStyle(ColourRole.DEVIATION)


class HistogramGeometry(Struct, frozen=True):
    """``bins_per_side`` bins of ``bin_g`` on each side, each ``cells_per_bin`` wide; the rest at the ends."""

    bin_g: float
    bins_per_side: int
    cells_per_bin: int
    end_cells: int

    @property
    def width(self) -> int:
        return 2 * (self.bins_per_side * self.cells_per_bin + self.end_cells)

    def error_to_column(self, error_g: float) -> int:
        """The first column at or right of an error."""
        return self.end_cells + round((error_g / self.bin_g + self.bins_per_side) * self.cells_per_bin)


def choose_geometry(width: int) -> HistogramGeometry:
    """The most bins that fit with room for both ends; 1 cell each only where 2 would hide the tolerance."""
    for cells in (4, 3, 2, 1):
        reach = min(MAX_BINS, (width - 2 * cells) // (2 * cells))
        if reach >= (MAX_BINS if cells > 2 else 5):
            return HistogramGeometry(BIN_G, reach, cells, cells)
    return HistogramGeometry(BIN_G, max(1, (width - 2) // 2), 1, 1)


def fold_bins(bins: Sequence[ErrorBin], geometry: HistogramGeometry) -> list[int]:
    """Doses per drawn column group: the low end, the bins, the high end."""
    counts = [0] * (2 * geometry.bins_per_side + 2)
    for bin_ in bins:
        counts[_bin_to_slot(bin_, geometry)] += bin_.doses
    return counts


def _bin_to_slot(bin_: ErrorBin, geometry: HistogramGeometry) -> int:
    last = 2 * geometry.bins_per_side + 1
    if bin_.lower_g is None:
        return 0
    if bin_.upper_g is None:
        return last
    centre = (bin_.lower_g + bin_.upper_g) / 2 / geometry.bin_g + geometry.bins_per_side
    return max(0, min(last, int(centre // 1) + 1))


_MIN_HEIGHT_WITH_ENDS = 7
"""Rows of a chart whose ends are labelled in a row of their own."""


@paint_cells
def draw_histogram(canvas: Canvas, bins: Sequence[ErrorBin], *, limit: float | None) -> None:
    """Bars, the two dotted tolerance lines, an axis, its labels, and the open ends with their counts.

    ``limit``: None for no lines, if there is not one tolerance for all doses.
    """
    limits = () if limit is None else (-limit, limit)
    shape = choose_geometry(canvas.width)
    left = max(0, (canvas.width - shape.width) // 2)
    has_ends = canvas.height >= _MIN_HEIGHT_WITH_ENDS
    plot = canvas.height - (3 if has_ends else 2)
    counts = fold_bins(bins, shape)
    for slot, doses in enumerate(counts):
        _draw_bar(canvas, left, plot - 1, slot, value_to_eighths(doses, max(*counts, 1), plot), shape, limit)
    for side in limits:
        _draw_tolerance(canvas, left + shape.error_to_column(side) - (1 if side < 0 else 0), plot)
    _draw_axis(canvas, left, plot, shape, limits)
    ends = format_ends(counts, shape)
    taken: list[tuple[int, int]] = []
    if sum(len(end) for end in ends) + 2 <= canvas.width:
        canvas.write_text(0, canvas.height - 1, ends[0], DIM)
        start = canvas.write_right(canvas.width, canvas.height - 1, ends[1], DIM)
        taken = [] if has_ends else [(0, len(ends[0])), (start, canvas.width)]
    _write_labels(canvas, left, plot + 1, shape, limits, taken)


def _draw_tolerance(canvas: Canvas, x: int, rows: int) -> None:
    """Dotted, also through a bar."""
    for y in range(rows):
        cell, style = canvas.rows[y][x] if 0 <= x < canvas.width else (" ", FRAME)
        if cell == " ":
            canvas.set_cell(x, y, "┊", FRAME)
        elif cell == "█":
            canvas.set_cell(x, y, "┊", CellStyle(ColourRole.BACKGROUND, style.fg))


def format_ends(counts: Sequence[int], geometry: HistogramGeometry) -> tuple[str, str]:
    """The open ends with their doses: '< −2.0: 3' and '≥ +2.0: 12'."""
    reach = geometry.bins_per_side * geometry.bin_g
    low, high = format_count(counts[0]), format_count(counts[-1])
    return f"< {_format_edge(-reach)}: {low}", f"≥ {_format_edge(reach)}: {high}"


def _format_edge(error_g: float) -> str:
    return format_signed(error_g, 1).replace("-", "−")


def _draw_bar(
    canvas: Canvas, left: int, floor: int, slot: int, eighths: int, geometry: HistogramGeometry,
    limit: float | None,
) -> None:  # fmt: skip
    nearest = min(abs(slot - 1 - geometry.bins_per_side), abs(slot - geometry.bins_per_side)) * geometry.bin_g
    style = _OUTSIDE if limit is not None and nearest >= limit - 1e-9 else _INSIDE
    start, cells = _slot_to_columns(slot, geometry)
    for x in range(left + start, left + start + cells):
        draw_column(canvas, x, floor, eighths, style)


def _slot_to_columns(slot: int, geometry: HistogramGeometry) -> tuple[int, int]:
    if slot == 0:
        return 0, geometry.end_cells
    start = geometry.end_cells + (slot - 1) * geometry.cells_per_bin
    return start, geometry.end_cells if slot == 2 * geometry.bins_per_side + 1 else geometry.cells_per_bin


def _draw_axis(
    canvas: Canvas, left: int, y: int, geometry: HistogramGeometry, limits: tuple[float, ...]
) -> None:
    canvas.write_text(left, y, "─" * geometry.width, FRAME)
    for error in (0.0, *limits):
        canvas.set_cell(left + _error_to_tick(error, geometry), y, "┬", FRAME)


def _error_to_tick(error: float, geometry: HistogramGeometry) -> int:
    return min(geometry.width - 1, geometry.error_to_column(error) - (1 if error < 0 else 0))


def _write_labels(
    canvas: Canvas, left: int, y: int, geometry: HistogramGeometry, limits: tuple[float, ...],
    taken: list[tuple[int, int]],
) -> None:  # fmt: skip
    """The zero, then the tolerance, where they touch neither each other nor the ends."""
    for error in (0.0, *limits):
        label = "0" if error == 0 else _format_edge(error)
        x = left + _error_to_tick(error, geometry)
        start = min(max(left, x - len(label) // 2), left + geometry.width - len(label))
        if all(start > end or start + len(label) < begin for begin, end in taken if begin < end):
            canvas.write_text(start, y, label, DIM)
            taken.append((start, start + len(label)))
