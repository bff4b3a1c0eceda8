"""The table of a batch's ingredients: target, actual and error as numbers, the error as a bar. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.assessment import Judgement
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.tui.batches.tolerance_bar import band_bar
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.data_table import Column, Table, paint
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen, Tone


@dataclass(frozen=True, slots=True)
class Judged:
    """An ingredient with half its tolerance band, and whether that was kept; None is 'not known'."""

    ingredient: Ingredient
    tolerance_g: float | None
    within: bool | None


def judged_ingredients(batch: Batch, judged: Judgement) -> tuple[Judged, ...]:
    """A dose that came after the judgement has no band yet."""
    bands = [*judged.bands, *[(None, None)] * len(batch.ingredients)]
    return tuple(
        [Judged(each, *band) for each, band in zip(batch.ingredients, bands, strict=False)]
    )  # fmt: skip


def ingredient_rows(lines: tuple[Judged, ...], width: int) -> Rows:
    """The heading and a row for each."""
    return paint(Table(lines, _COLUMNS), width, 1 + len(lines))


def _mass(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:.2f}"


def _error(line: Judged, facts: None, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    outside = line.within is False
    canvas.right(
        width,
        0,
        number_format.signed(line.ingredient.error_g),
        Pen(Tone.WARN if outside else Tone.HOT, bold=outside),
    )
    return canvas.rows


def _bar(line: Judged, facts: None, width: int, ground: Tone) -> Rows:
    return band_bar(line.ingredient.error_g, line.tolerance_g, width, ground)


def _verdict(line: Judged, facts: None, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    if line.within is False:
        canvas.text(0, 0, "▲ out", Pen(Tone.WARN, bold=True))
    else:
        canvas.text(0, 0, _word(line), DIM)
    return canvas.rows


def _word(line: Judged) -> str:
    return {True: "● in", False: "▲ out", None: "not judged"}[line.within]


def _percent(line: Judged) -> str:
    return number_format.signed(line.ingredient.error_percent, 1)


def _seconds(line: Judged) -> str:
    taken_ms = line.ingredient.duration_ms
    return number_format.NOTHING if taken_ms is None else f"{taken_ms / 1000:.0f}"


def _name(line: Judged) -> str:
    name, doses = plain(line.ingredient.chemical, 40), line.ingredient.doses
    return f"{name} ×{doses}" if doses > 1 else name


def _limit(line: Judged) -> str:
    return number_format.NOTHING if line.tolerance_g is None else f"±{line.tolerance_g:.2f}"


_COLUMNS: tuple[Column[Judged], ...] = (
    Column("Ingredient", 10, 99, lambda line, facts: _name(line), pen=HOT, grow=8),
    Column("Pump", 4, 30, lambda line, facts: str(line.ingredient.pump), pen=DIM, right=True),
    Column("Target g", 8, 80, lambda line, facts: _mass(line.ingredient.target_g), right=True),
    Column("Actual g", 8, 90, lambda line, facts: _mass(line.ingredient.actual_g), pen=HOT, right=True),
    Column("Error g", 7, 95, lambda line, facts: number_format.signed(line.ingredient.error_g), draw=_error,
           right=True),
    Column("%", 6, 60, lambda line, facts: _percent(line), pen=DIM, right=True),
    Column("Limit g", 7, 50, lambda line, facts: _limit(line), pen=DIM, right=True),
    Column("Error", 13, 94, lambda line, facts: "", draw=_bar, grow=16, least=9, scale=True),
    Column("Verdict", 10, 96, lambda line, facts: _word(line), draw=_verdict, least=5),
    Column("s", 4, 20, lambda line, facts: _seconds(line), pen=DIM, right=True),
)  # fmt: skip
