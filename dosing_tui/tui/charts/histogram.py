"""Histogram of the errors: columns of cells per bin, tolerance lines, open ends apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import ErrorBin
from dosing_tui.tui.charts.primitives.block_characters import draw_column, value_to_eighths
from dosing_tui.tui.rendering.canvas import Canvas, paint_cells
from dosing_tui.tui.rendering.palette import DIM, FRAME, CellStyle, ColourRole

_INSIDE = CellStyle(ColourRole.BAR)
_OUTSIDE = CellStyle(ColourRole.DEVIATION)


@dataclass(frozen=True, slots=True)
class HistogramGeometry:
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


def choose_geometry(width: int, *, bin_g: float = 0.2, max_bins: int = 10) -> HistogramGeometry:
    """The most bins that fit with room for both ends; 1 cell each only where 2 would hide the tolerance."""
    for cells in (4, 3, 2, 1):
        reach = min(max_bins, (width - 2 * cells) // (2 * cells))
        if reach >= (max_bins if cells > 2 else 5):
            return HistogramGeometry(bin_g, reach, cells, cells)
    return HistogramGeometry(bin_g, max(1, (width - 2) // 2), 1, 1)


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


@paint_cells
def draw_histogram(canvas: Canvas, bins: Sequence[ErrorBin], *, limit: float | None) -> None:
    """Bars, the two dotted tolerance lines, an axis and its labels (the last two rows).

    ``limit``: None for no lines, if there is not one tolerance for all doses.
    """
    shape = choose_geometry(canvas.width)
    left = max(0, (canvas.width - shape.width) // 2)
    plot = canvas.height - 2
    counts = fold_bins(bins, shape)
    for side in () if limit is None else (-limit, limit):
        column = left + shape.error_to_column(side) - (1 if side < 0 else 0)
        for y in range(plot):
            canvas.set_cell(column, y, "┊", FRAME)
    for slot, doses in enumerate(counts):
        _draw_bar(canvas, left, slot, value_to_eighths(doses, max(*counts, 1), plot), shape, limit)
    _draw_axis(canvas, left, plot, shape, limit)


def _draw_bar(
    canvas: Canvas, left: int, slot: int, eighths: int, geometry: HistogramGeometry, limit: float | None
) -> None:
    nearest = min(abs(slot - 1 - geometry.bins_per_side), abs(slot - geometry.bins_per_side)) * geometry.bin_g
    style = _OUTSIDE if limit is not None and nearest >= limit - 1e-9 else _INSIDE
    start, cells = _slot_to_columns(slot, geometry)
    for x in range(left + start, left + start + cells):
        draw_column(canvas, x, canvas.height - 3, eighths, style)


def _slot_to_columns(slot: int, geometry: HistogramGeometry) -> tuple[int, int]:
    if slot == 0:
        return 0, geometry.end_cells
    start = geometry.end_cells + (slot - 1) * geometry.cells_per_bin
    return start, geometry.end_cells if slot == 2 * geometry.bins_per_side + 1 else geometry.cells_per_bin


def _draw_axis(canvas: Canvas, left: int, y: int, geometry: HistogramGeometry, limit: float | None) -> None:
    canvas.write_text(left, y, "─" * geometry.width, FRAME)
    reach = geometry.bins_per_side * geometry.bin_g
    limits = () if limit is None else (-limit, limit)
    for error in sorted((-reach, 0.0, reach, *limits)):
        x = left + min(geometry.width - 1, geometry.error_to_column(error) - (1 if error < 0 else 0))
        label = "0" if error == 0 else f"{error:+.1f}"
        start = min(max(left, x - len(label) // 2), left + geometry.width - len(label))
        canvas.set_cell(x, y, "┬", FRAME)
        canvas.write_text(start, y + 1, label, DIM)
