"""Today in six numbers, each beside yesterday up to the same time of day."""

from collections.abc import Callable
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import PRODUCTION_TODAY, ProductionDay
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_panel_age

MIN_CHANGE_WIDTH = 8
MIN_WIDTH_WITH_CHANGES = 26
"""Narrower tiles have no differences."""

ProductionRow = tuple[str, str, str]
"""Name, today, difference."""


@dataclass(frozen=True, slots=True)
class ProductionSummary:
    rows: tuple[ProductionRow, ...]
    comparison_label: str = "vs yesterday"
    """What the differences are to."""


def build_production(context: RenderContext) -> TileContent[ProductionSummary]:
    days = {row.day: row for row in context.get_rows(PRODUCTION_TODAY)}
    today = days.get(0)
    age, stale = format_panel_age(context, PRODUCTION_TODAY)
    produced = any(row.batches or row.doses or row.aborted for row in days.values())
    empty = "" if today and produced else context.explain_empty(PRODUCTION_TODAY, "no batch and no dose")
    lines = _list_rows(today, days.get(1)) if today else ()
    own = context.get_result(PRODUCTION_TODAY).scope.spec is None
    until = (
        f"today until {number_format.format_clock(context.now, context.zone, seconds=False)}" if own else ""
    )
    summary = ProductionSummary(lines, "vs yesterday" if own else "vs before")
    return TileContent(PRODUCTION_TODAY.title, summary, paint_production, until, age, stale, empty)


def _list_rows(today: ProductionDay, before: ProductionDay | None) -> tuple[ProductionRow, ...]:
    mass = number_format.choose_mass_unit(
        max(today.dosed_g or 0.0, (before.dosed_g if before else 0.0) or 0.0)
    )

    def line(name: str, of: Callable[[ProductionDay], float | None], write: Callable[[float | None], str],
             scale: float, decimals: int) -> ProductionRow:  # fmt: skip
        now, then = of(today), of(before) if before else None
        change = (
            "" if now is None or then is None else number_format.format_signed((now - then) / scale, decimals)
        )
        return name, write(now), change

    return (
        line("Batches", lambda day: day.batches, _format_whole, 1, 0),
        line("Doses", lambda day: day.doses, _format_whole, 1, 0),
        line("Dosed", lambda day: day.dosed_g, mass.format_mass, mass.grams, mass.decimals),
        line("Avg duration", lambda day: day.avg_duration_s, _format_seconds, 1, 1),
        line("Out of tol.", lambda day: day.out_percent, _format_percent, 1, 1),
        line("Aborted", lambda day: day.aborted, _format_whole, 1, 0),
    )


def _format_whole(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else number_format.format_count(round(value))


def _format_seconds(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else f"{value:.1f} s"


def _format_percent(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else f"{value:.1f} %"


def _choose_change_width(data: ProductionSummary, width: int) -> int:
    """Columns of the differences; none where they would meet the numbers themselves."""
    wanted = max([MIN_CHANGE_WIDTH, *(len(difference) + 1 for _, _, difference in data.rows)])
    taken = max((len(name) + 1 + len(today) for name, today, _ in data.rows), default=0)
    return wanted if width >= max(MIN_WIDTH_WITH_CHANGES, taken + wanted) else 0


def paint_production(data: ProductionSummary, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    change = _choose_change_width(data, width)
    heading = 1 if height > len(data.rows) else 0
    if heading:
        canvas.write_right(width, 0, data.comparison_label if change else "", DIM)
    spread = 2 if height - heading >= 2 * len(data.rows) else 1
    for number, (name, today, difference) in enumerate(data.rows):
        y = heading + number * spread
        end = width - change
        canvas.write_text(0, y, name, TEXT, width=max(0, end - len(today) - 1))
        canvas.write_right(end, y, today, STRONG)
        if change:
            canvas.write_right(width, y, difference, DIM)
    return canvas.rows
