"""The parts of a bar: texts in a row, each with its style. Pure."""

from collections.abc import Sequence
from typing import TypeAlias

from dosing_tui.tui.rendering.canvas import split_cells
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

BAR_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
DIM_STYLE = CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)
STRONG_STYLE = CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND, bold=True)
KEY_STYLE = CellStyle(ColourRole.KEY, ColourRole.BAR_BACKGROUND, bold=True)
BarParts: TypeAlias = Sequence[tuple[str, CellStyle]]


def measure_parts(parts: BarParts) -> int:
    """Their width together, in cells."""
    return sum(len(split_cells(text)) for text, _ in parts)
