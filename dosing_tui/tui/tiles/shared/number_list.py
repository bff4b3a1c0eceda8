"""Numbers with their names, and a table cell with an error."""

from msgspec import Struct

from dosing_tui.tui.rendering.canvas import Canvas, Rows, paint_cells
from dosing_tui.tui.rendering.number_format import format_signed
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT, CellStyle


class NumberRow(Struct, frozen=True):
    name: str
    value: str
    is_abnormal: bool = False


class NumberList(Struct, frozen=True):
    numbers: tuple[NumberRow, ...]


@paint_cells
def paint_number_list(canvas: Canvas, data: NumberList) -> None:
    spread = 2 if canvas.height >= 2 * len(data.numbers) else 1
    for number, row in enumerate(data.numbers):
        y = number * spread
        shown = f"▲ {row.value}" if row.is_abnormal else row.value
        start = canvas.write_right(canvas.width, y, shown, DEVIATION if row.is_abnormal else STRONG)
        canvas.write_text(0, y, row.name, TEXT, width=max(0, start - 1))


def draw_marked_cell(text: str, mark: str, width: int, style: CellStyle) -> Rows:
    """A value and a mark behind it: the state is visible without colour, too."""
    canvas = Canvas(width, 1, CellStyle(bg=style.bg))
    canvas.write_right(width - 2, 0, text, style)
    canvas.set_cell(width - 1, 0, mark, style)
    return canvas.rows


OUTSIDE_MARK, UNWEIGHABLE_MARK = "▲", "~"
"""Of an error out of tolerance, and of one below what the scale can weigh."""


def draw_error_cell(error_g: float | None, mark: str, width: int, style: CellStyle) -> Rows:
    """A signed error in g with its mark, ' ' for none. ``style`` is that of an error within tolerance."""
    styles = {
        OUTSIDE_MARK: DEVIATION._replace(bg=style.bg),
        UNWEIGHABLE_MARK: DIM._replace(bg=style.bg),
    }
    return draw_marked_cell(format_signed(error_g), mark, width, styles.get(mark, style))
