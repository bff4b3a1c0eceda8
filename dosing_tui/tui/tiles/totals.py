"""Labels with bars and numbers, largest first: chemicals, batches of each recipe. As a table when large."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import BATCHES, TODAY, Panel, Total
from dosing_tui.tui.charts.primitives.bars import thin_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.data_table import Column, Table
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel

NAME = 24
"""Cells of a label, at most."""


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    value: float | None
    written: str
    """The value, as it is shown."""


@dataclass(frozen=True, slots=True)
class Totals:
    items: tuple[Item, ...]
    unit: str = ""
    """Of the values."""


def chemicals(moment: Moment) -> Content[Totals]:
    return _tile(moment, TODAY, masses(moment.rows(TODAY)), "actual mass", "no dose")


def batches(moment: Moment) -> Content[Totals]:
    return _tile(moment, BATCHES, counts(moment.rows(BATCHES)), "completed", "no batch completed")


def chemicals_large(moment: Moment) -> Content[Table[Item]]:
    return _sheet(moment, TODAY, masses(moment.rows(TODAY)), MASSES, "no dose")


def batches_large(moment: Moment) -> Content[Table[Item]]:
    return _sheet(moment, BATCHES, counts(moment.rows(BATCHES)), BATCH_COUNTS, "no batch completed")


def masses(rows: Sequence[Total]) -> tuple[Item, ...]:
    mass = number_format.mass_for(max((row.value or 0.0 for row in rows), default=0.0))
    return tuple(Item(plain(row.label, NAME), row.value, mass.words(row.value)) for row in rows)


def counts(rows: Sequence[Total]) -> tuple[Item, ...]:
    return tuple(Item(plain(row.label, NAME), row.value, number_format.whole(row.value)) for row in rows)


def _tile(
    moment: Moment, panel: Panel[Total], items: tuple[Item, ...], unit: str, nothing: str
) -> Content[Totals]:
    age, stale = age_of_panel(moment, panel)
    empty = "" if items else moment.nothing_from(panel, nothing)
    return Content(
        moment.title(panel),
        Totals(items, panel.unit if panel is TODAY else ""),
        paint_totals,
        unit,
        age,
        stale,
        empty,
    )


def _sheet(
    moment: Moment, panel: Panel[Total], items: tuple[Item, ...], columns: tuple[Column[Item], ...],
    nothing: str,
) -> Content[Table[Item]]:  # fmt: skip
    age, stale = age_of_panel(moment, panel)
    empty = "" if items else moment.nothing_from(panel, nothing)
    whole = sum(item.value or 0.0 for item in items)
    top = max((item.value or 0.0 for item in items), default=0.0)
    table = Table(items, columns, Facts(whole, top))
    return Content(moment.title(panel), table, data_table.paint, "", age, stale, empty)


@dataclass(frozen=True, slots=True)
class Facts:
    whole: float
    top: float


def _share(item: Item, facts: Facts) -> float | None:
    return None if item.value is None or facts.whole <= 0 else 100 * item.value / facts.whole


def _said_share(item: Item, facts: Facts) -> str:
    share = _share(item, facts)
    return number_format.NOTHING if share is None else f"{share:.1f} %"


def _bar(item: Item, facts: Facts, width: int, ground: Tone) -> Rows:
    drawn = thin_bar(item.value or 0.0, width, top=facts.top)
    return [[(cell, pen._replace(bg=ground)) for cell, pen in row] for row in drawn]


def _columns(name: str, amount: str, unit: str) -> tuple[Column[Item], ...]:
    return (
        Column(name, 12, 100, lambda item, facts: item.label, grow=12),
        Column(amount, 12, 95, lambda item, facts: item.written, lambda item, facts: item.value,
               unit=unit, pen=HOT, right=True),
        Column("Share", 9, 60, _said_share, _share, unit="%", right=True),
        Column("", 12, 50, lambda item, facts: "", draw=_bar, grow=120),
    )  # fmt: skip


MASSES = _columns("Chemical", "Dosed", "g")
BATCH_COUNTS = _columns("Recipe", "Batches", "")


def paint_totals(data: Totals, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    items = data.items
    shown = items if len(items) <= height else items[: max(1, height - 1)]
    step = 2 if len(shown) * 2 <= height + 1 and height >= 12 else 1
    name_width = min(width // 2, max((len(item.label) for item in shown), default=0))
    number_width = max((len(item.written) for item in shown), default=0)
    top = max((item.value or 0.0 for item in items), default=0.0)
    bar_width = max(0, width - name_width - number_width - 3)
    for number, item in enumerate(shown):
        canvas.text(0, number * step, item.label, TEXT, width=name_width)
        canvas.paste(name_width + 1, number * step, thin_bar(item.value or 0.0, bar_width, top=top))
        canvas.right(width, number * step, item.written, HOT)
    if len(shown) < len(items):
        canvas.text(0, height - 1, f"{len(items) - len(shown)} more: enter shows all", DIM)
    return canvas.rows
