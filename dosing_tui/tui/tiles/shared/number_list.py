"""Names with numbers, one below the other."""

from dataclasses import dataclass

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import HOT, TEXT, Pen, Tone

_LOUD = Pen(Tone.WARN, bold=True)


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    abnormal: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    figures: tuple[Figure, ...]


def paint_figures(data: Figures, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    spread = 2 if height >= 2 * len(data.figures) else 1
    for number, figure in enumerate(data.figures):
        y = number * spread
        shown = f"▲ {figure.value}" if figure.abnormal else figure.value
        start = canvas.right(width, y, shown, _LOUD if figure.abnormal else HOT)
        canvas.text(0, y, figure.name, TEXT, width=max(0, start - 1))
    return canvas.rows
