"""Names with numbers, one below the other."""

from dataclasses import dataclass

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import STRONG, TEXT, CellStyle, ColourRole

_ABNORMAL_STYLE = CellStyle(ColourRole.WARN, bold=True)


@dataclass(frozen=True, slots=True)
class NumberRow:
    name: str
    value: str
    is_abnormal: bool = False


@dataclass(frozen=True, slots=True)
class NumberList:
    numbers: tuple[NumberRow, ...]


def paint_number_list(data: NumberList, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    spread = 2 if height >= 2 * len(data.numbers) else 1
    for number, figure in enumerate(data.numbers):
        y = number * spread
        shown = f"▲ {figure.value}" if figure.is_abnormal else figure.value
        start = canvas.write_right(width, y, shown, _ABNORMAL_STYLE if figure.is_abnormal else STRONG)
        canvas.write_text(0, y, figure.name, TEXT, width=max(0, start - 1))
    return canvas.rows
