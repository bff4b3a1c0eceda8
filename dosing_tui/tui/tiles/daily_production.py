"""Each day's production by recipe and mode, as a table: batches and doses told apart."""

from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import DAILY, DayOfRecipe
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.data_table import Column, Table
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel


@dataclass(frozen=True, slots=True)
class Facts:
    mass: number_format.Mass
    tolerance_g: float


def content(moment: Moment) -> Content[Table[DayOfRecipe]]:
    rows = moment.rows(DAILY)
    facts = Facts(
        number_format.mass_for(max((row.dosed_g or 0.0 for row in rows), default=0.0)),
        moment.settings.limits.tolerance_g,
    )
    age, stale = age_of_panel(moment, DAILY)
    empty = "" if rows else moment.nothing_from(DAILY, "no dose")
    return Content(DAILY.title, Table(rows, COLUMNS, facts), data_table.paint, "", age, stale, empty)


def _error(row: DayOfRecipe, facts: Facts, width: int, ground: Tone) -> Rows:
    """A mean beyond the tolerance is marked."""
    outside = row.mean_error_g is not None and abs(row.mean_error_g) > facts.tolerance_g
    pen = Pen(Tone.WARN, ground, bold=True) if outside else Pen(Tone.TEXT, ground)
    canvas = Canvas(width, 1, Pen(bg=ground))
    canvas.right(width - 2, 0, number_format.signed(row.mean_error_g), pen)
    canvas.put(width - 1, 0, "▲" if outside else " ", pen)
    return canvas.rows


def _seconds(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:.1f}"


COLUMNS: tuple[Column[DayOfRecipe], ...] = (
    Column("Day", 10, 100, lambda row, facts: f"{row.day:%a %d %b}", lambda row, facts: row.day, pen=DIM),
    Column("Recipe", 10, 95, lambda row, facts: plain(row.recipe, 40), grow=14),
    Column("Mode", 8, 40, lambda row, facts: plain(row.mode, 16), pen=DIM, grow=4),
    Column(
        "Batches",
        8,
        90,
        lambda row, facts: number_format.whole(row.batches),
        lambda row, facts: row.batches,
        pen=HOT,
        right=True,
    ),
    Column(
        "Doses",
        8,
        80,
        lambda row, facts: number_format.whole(row.doses),
        lambda row, facts: row.doses,
        right=True,
    ),
    Column(
        "Dosed",
        11,
        85,
        lambda row, facts: facts.mass.words(row.dosed_g),
        lambda row, facts: row.dosed_g,
        unit="g",
        pen=HOT,
        right=True,
    ),
    Column(
        "Mean error g  ",
        14,
        60,
        lambda row, facts: number_format.signed(row.mean_error_g),
        lambda row, facts: row.mean_error_g,
        unit="g",
        draw=_error,
        right=True,
    ),
    Column(
        "Mean s",
        7,
        50,
        lambda row, facts: _seconds(row.mean_duration_s),
        lambda row, facts: row.mean_duration_s,
        unit="s",
        pen=DIM,
        right=True,
    ),
)
