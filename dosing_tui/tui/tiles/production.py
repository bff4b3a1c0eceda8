"""Today in six numbers, each beside yesterday up to the same time of day."""

from collections.abc import Callable
from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import PRODUCTION, ProductionDay
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel

LEAST_CHANGE = 8
LEAST_WIDTH = 26
"""Narrower tiles have no differences."""

Line = tuple[str, str, str]
"""Name, today, difference."""


@dataclass(frozen=True, slots=True)
class Summary:
    lines: tuple[Line, ...]
    against: str = "vs yesterday"
    """What the differences are to."""


def content(moment: Moment) -> Content[Summary]:
    days = {row.day: row for row in moment.rows(PRODUCTION)}
    today = days.get(0)
    age, stale = age_of_panel(moment, PRODUCTION)
    produced = any(row.batches or row.doses or row.aborted for row in days.values())
    empty = "" if today and produced else moment.nothing_from(PRODUCTION, "no batch and no dose")
    lines = _lines(today, days.get(1)) if today else ()
    own = moment.answer(PRODUCTION).scope.spec is None
    until = f"today until {number_format.clock(moment.now, moment.zone, seconds=False)}" if own else ""
    summary = Summary(lines, "vs yesterday" if own else "vs before")
    return Content(PRODUCTION.title, summary, paint, until, age, stale, empty)


def _lines(today: ProductionDay, before: ProductionDay | None) -> tuple[Line, ...]:
    mass = number_format.mass_for(max(today.dosed_g or 0.0, (before.dosed_g if before else 0.0) or 0.0))

    def line(name: str, of: Callable[[ProductionDay], float | None], write: Callable[[float | None], str],
             scale: float, decimals: int) -> Line:  # fmt: skip
        now, then = of(today), of(before) if before else None
        change = "" if now is None or then is None else number_format.signed((now - then) / scale, decimals)
        return name, write(now), change

    return (
        line("Batches", lambda day: day.batches, _whole, 1, 0),
        line("Doses", lambda day: day.doses, _whole, 1, 0),
        line("Dosed", lambda day: day.dosed_g, mass.words, mass.grams, mass.decimals),
        line("Avg duration", lambda day: day.avg_duration_s, _seconds, 1, 1),
        line("Out of tol.", lambda day: day.out_percent, _percent, 1, 1),
        line("Aborted", lambda day: day.aborted, _whole, 1, 0),
    )


def _whole(value: float | None) -> str:
    return number_format.NOTHING if value is None else number_format.count(round(value))


def _seconds(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:.1f} s"


def _percent(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:.1f} %"


def _room_for_changes(data: Summary, width: int) -> int:
    """Columns of the differences; none where they would meet the numbers themselves."""
    wanted = max([LEAST_CHANGE, *(len(difference) + 1 for _, _, difference in data.lines)])
    taken = max((len(name) + 1 + len(today) for name, today, _ in data.lines), default=0)
    return wanted if width >= max(LEAST_WIDTH, taken + wanted) else 0


def paint(data: Summary, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    change = _room_for_changes(data, width)
    heading = 1 if height > len(data.lines) else 0
    if heading:
        canvas.right(width, 0, data.against if change else "", DIM)
    spread = 2 if height - heading >= 2 * len(data.lines) else 1
    for number, (name, today, difference) in enumerate(data.lines):
        y = heading + number * spread
        end = width - change
        canvas.text(0, y, name, TEXT, width=max(0, end - len(today) - 1))
        canvas.right(end, y, today, HOT)
        if change:
            canvas.right(width, y, difference, DIM)
    return canvas.rows
