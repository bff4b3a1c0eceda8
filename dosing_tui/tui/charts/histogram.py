"""How errors are spread: one column of cells per bin, tolerance lines, open ends kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import ErrorBin
from dosing_tui.tui.charts.primitives.block_characters import UPWARD, eighths
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, LINE, Pen, Tone

_INSIDE = Pen(Tone.BAR)
_OUTSIDE = Pen(Tone.WARN)


@dataclass(frozen=True, slots=True)
class Shape:
    """``reach_bins`` bins of ``bin_g`` to either side, each ``cells`` wide; the rest in two end columns."""

    bin_g: float
    reach_bins: int
    cells: int
    end_cells: int

    @property
    def width(self) -> int:
        return 2 * (self.reach_bins * self.cells + self.end_cells)

    def column(self, error_g: float) -> int:
        """The first column at or right of an error."""
        return self.end_cells + round((error_g / self.bin_g + self.reach_bins) * self.cells)


def shape_for(width: int, *, bin_g: float = 0.2, most_bins: int = 10) -> Shape:
    """The most bins that fit with room for both ends; 1 cell each only where 2 would hide the tolerance."""
    for cells in (4, 3, 2, 1):
        reach = min(most_bins, (width - 2 * cells) // (2 * cells))
        if reach >= (most_bins if cells > 2 else 5):
            return Shape(bin_g, reach, cells, cells)
    return Shape(bin_g, max(1, (width - 2) // 2), 1, 1)


def fold(bins: Sequence[ErrorBin], shape: Shape) -> list[int]:
    """Doses per drawn column group: the low end, the bins, the high end."""
    counts = [0] * (2 * shape.reach_bins + 2)
    for bin_ in bins:
        counts[_slot(bin_, shape)] += bin_.doses
    return counts


def _slot(bin_: ErrorBin, shape: Shape) -> int:
    last = 2 * shape.reach_bins + 1
    if bin_.lower_g is None:
        return 0
    if bin_.upper_g is None:
        return last
    centre = (bin_.lower_g + bin_.upper_g) / 2 / shape.bin_g + shape.reach_bins
    return max(0, min(last, int(centre // 1) + 1))


def histogram(bins: Sequence[ErrorBin], width: int, height: int, *, limit: float) -> Rows:
    """Bars, the two dotted tolerance lines, an axis and its labels (the last two rows)."""
    shape = shape_for(width)
    canvas = Canvas(width, height)
    left = max(0, (width - shape.width) // 2)
    plot = height - 2
    counts = fold(bins, shape)
    for side in (-limit, limit):
        column = left + shape.column(side) - (1 if side < 0 else 0)
        for y in range(plot):
            canvas.put(column, y, "┊", LINE)
    for slot, doses in enumerate(counts):
        _bar(canvas, left, slot, eighths(doses, max(*counts, 1), plot), shape, limit)
    _axis(canvas, left, plot, shape, limit)
    return canvas.rows


def _bar(canvas: Canvas, left: int, slot: int, filled: int, shape: Shape, limit: float) -> None:
    nearest = min(abs(slot - 1 - shape.reach_bins), abs(slot - shape.reach_bins)) * shape.bin_g
    pen = _OUTSIDE if nearest >= limit - 1e-9 else _INSIDE
    start, cells = _columns(slot, shape)
    full, rest = divmod(filled, 8)
    floor = canvas.height - 3
    for x in range(left + start, left + start + cells):
        for cell in range(full):
            canvas.put(x, floor - cell, "█", pen)
        if rest:
            canvas.put(x, floor - full, UPWARD[rest], pen)


def _columns(slot: int, shape: Shape) -> tuple[int, int]:
    if slot == 0:
        return 0, shape.end_cells
    start = shape.end_cells + (slot - 1) * shape.cells
    return start, shape.end_cells if slot == 2 * shape.reach_bins + 1 else shape.cells


def _axis(canvas: Canvas, left: int, y: int, shape: Shape, limit: float) -> None:
    canvas.text(left, y, "─" * shape.width, LINE)
    reach = shape.reach_bins * shape.bin_g
    for error in (-reach, -limit, 0.0, limit, reach):
        x = left + min(shape.width - 1, shape.column(error) - (1 if error < 0 else 0))
        label = "0" if error == 0 else f"{error:+.1f}"
        start = min(max(left, x - len(label) // 2), left + shape.width - len(label))
        canvas.put(x, y, "┬", LINE)
        canvas.text(start, y + 1, label, DIM)
