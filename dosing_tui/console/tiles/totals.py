"""Labels with bars and numbers, largest first: chemicals of today, batches of today."""

from dataclasses import dataclass

from dosing_tui.console.canvas import Canvas, Rows, plain
from dosing_tui.console.charts.bars import thin_bar
from dosing_tui.console.content import Content, age_of_panel
from dosing_tui.console.moment import Moment
from dosing_tui.console.pens import DIM, HOT, TEXT
from dosing_tui.console.words import NOTHING, count
from dosing_tui.plant.panels import BATCHES


@dataclass(frozen=True, slots=True)
class Totals:
    """Label, value, and the value as it is written."""

    items: tuple[tuple[str, float | None, str], ...]


def batches(moment: Moment) -> Content[Totals]:
    rows = moment.rows(BATCHES)
    items = tuple((plain(row.label, 24), row.value, _number(row.value)) for row in rows)
    age, stale = age_of_panel(moment, BATCHES)
    empty = "" if rows else moment.nothing_from(BATCHES, "no batch completed today")
    return Content(BATCHES.title, Totals(items), paint_totals, "completed today", age, stale, empty)


def _number(value: float | None) -> str:
    return NOTHING if value is None else count(round(value))


def paint_totals(data: Totals, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    shown = data.items if len(data.items) <= height else data.items[: max(1, height - 1)]
    step = 2 if len(shown) * 2 <= height + 1 and height >= 12 else 1
    name_width = min(width // 2, max((len(label) for label, _, _ in shown), default=0))
    number_width = max((len(written) for _, _, written in shown), default=0)
    top = max((value or 0.0 for _, value, _ in data.items), default=0.0)
    bar_width = max(0, width - name_width - number_width - 3)
    for number, (label, value, written) in enumerate(shown):
        canvas.text(0, number * step, label, TEXT, width=name_width)
        canvas.paste(name_width + 1, number * step, thin_bar(value or 0.0, bar_width, top=top))
        canvas.right(width, number * step, written, HOT)
    if len(shown) < len(data.items):
        canvas.text(0, height - 1, f"{len(data.items) - len(shown)} more: enter shows all", DIM)
    return canvas.rows
