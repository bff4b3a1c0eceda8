"""The production of today in six numbers, compared with yesterday up to the same time of day."""

from dataclasses import dataclass
from functools import partial

from dosing_tui.domain.panels.panel_catalog import PRODUCTION_TODAY, ProductionDay
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

MIN_CHANGE_WIDTH = 8
MIN_WIDTH_WITH_CHANGES = 26
"""Narrower tiles show no differences."""

ProductionRow = tuple[str, str, str]
"""Name, today, difference."""


@dataclass(frozen=True, slots=True)
class ProductionSummary:
    rows: tuple[ProductionRow, ...]
    comparison_label: str = "vs yesterday"


def build_production(context: RenderContext) -> TileContent[ProductionSummary]:
    days = {row.day: row for row in context.get_rows(PRODUCTION_TODAY)}
    today = days.get(0)
    has_production = any(row.batches or row.doses or row.aborted for row in days.values())
    rows = _list_rows(today, days.get(1)) if today else ()
    is_today = context.get_result(PRODUCTION_TODAY).scope.spec is None
    clock = number_format.format_clock(context.now, context.zone, seconds=False)
    return build_panel_content(
        context, PRODUCTION_TODAY, ProductionSummary(rows, "vs yesterday" if is_today else "vs before"),
        paint_production, f"today until {clock}" if is_today else "",
        is_empty=not (today and has_production), empty_text="no batch and no dose",
    )  # fmt: skip


def _list_rows(today: ProductionDay, before: ProductionDay | None) -> tuple[ProductionRow, ...]:
    mass = number_format.choose_mass_unit(
        max(today.dosed_g or 0.0, (before.dosed_g if before else 0.0) or 0.0)
    )
    return tuple(
        (
            name,
            format_value(getattr(today, field)),
            _format_change(getattr(today, field), getattr(before, field, None), scale, decimals),
        )
        for name, field, format_value, scale, decimals in (
            ("Batches", "batches", number_format.format_whole, 1.0, 0),
            ("Doses", "doses", number_format.format_whole, 1.0, 0),
            ("Dosed", "dosed_g", mass.format_mass, mass.grams, mass.decimals),
            ("Avg duration", "avg_duration_s", _format_seconds, 1.0, 1),
            ("Out of tol.", "out_percent", _format_percent, 1.0, 1),
            ("Aborted", "aborted", number_format.format_whole, 1.0, 0),
        )
    )


def _format_change(now: float | None, before: float | None, scale: float, decimals: int) -> str:
    """'' without a value to compare with."""
    if now is None or before is None:
        return ""
    return number_format.format_signed((now - before) / scale, decimals)


_format_seconds = partial(number_format.format_decimal, decimals=1, unit=" s")
_format_percent = partial(number_format.format_decimal, decimals=1, unit=" %")


def _choose_change_width(data: ProductionSummary, width: int) -> int:
    """Columns of the differences; 0 if there is no room beside the numbers."""
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
