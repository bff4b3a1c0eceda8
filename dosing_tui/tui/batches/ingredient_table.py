"""The table of a batch's ingredients: target, actual and error as numbers, the error as a bar. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.tui.batches.tolerance_bar import render_tolerance_bar
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData, paint_table
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole


@dataclass(frozen=True, slots=True)
class IngredientRow:
    """An ingredient with half its tolerance band, and whether that was kept; None is 'not known'."""

    ingredient: Ingredient
    tolerance_g: float | None
    is_within: bool | None


def build_ingredient_rows(batch: Batch, assessment: Assessment) -> tuple[IngredientRow, ...]:
    """A dose that came after the judgement has no band yet."""
    bands = [*assessment.tolerance_bands, *[(None, None)] * len(batch.ingredients)]
    return tuple(
        [IngredientRow(each, *band) for each, band in zip(batch.ingredients, bands, strict=False)]
    )  # fmt: skip


def render_ingredients(ingredients: tuple[IngredientRow, ...], width: int) -> Rows:
    """The heading and a row for each."""
    return paint_table(TableData(ingredients, _COLUMNS), width, 1 + len(ingredients))


def _format_mass(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else f"{value:.2f}"


def _render_error(line: IngredientRow, context: None, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    outside = line.is_within is False
    canvas.write_right(
        width,
        0,
        number_format.format_signed(line.ingredient.error_g),
        CellStyle(ColourRole.WARN if outside else ColourRole.STRONG, bold=outside),
    )
    return canvas.rows


def _render_bar(line: IngredientRow, context: None, width: int, background: ColourRole) -> Rows:
    return render_tolerance_bar(line.ingredient.error_g, line.tolerance_g, width, background)


def _render_verdict(line: IngredientRow, context: None, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    if line.is_within is False:
        canvas.write_text(0, 0, "▲ out", CellStyle(ColourRole.WARN, bold=True))
    else:
        canvas.write_text(0, 0, _format_verdict(line), DIM)
    return canvas.rows


def _format_verdict(line: IngredientRow) -> str:
    return {True: "● in", False: "▲ out", None: "not judged"}[line.is_within]


def _format_percent(line: IngredientRow) -> str:
    return number_format.format_signed(line.ingredient.error_percent, 1)


def _format_seconds(line: IngredientRow) -> str:
    taken_ms = line.ingredient.duration_ms
    return number_format.NO_VALUE if taken_ms is None else f"{taken_ms / 1000:.0f}"


def _format_name(line: IngredientRow) -> str:
    name, doses = sanitize_text(line.ingredient.chemical, 40), line.ingredient.doses
    return f"{name} ×{doses}" if doses > 1 else name


def _format_limit(line: IngredientRow) -> str:
    return number_format.NO_VALUE if line.tolerance_g is None else f"±{line.tolerance_g:.2f}"


_COLUMNS: tuple[TableColumn[IngredientRow], ...] = (
    TableColumn("Ingredient", 10, 99, lambda line, facts: _format_name(line), style=STRONG, max_growth=8),
    TableColumn("Pump", 4, 30, lambda line, facts: str(line.ingredient.pump), style=DIM, align_right=True),
    TableColumn(
        "Target g", 8, 80, lambda line, facts: _format_mass(line.ingredient.target_g), align_right=True
    ),
    TableColumn(
        "Actual g",
        8,
        90,
        lambda line, facts: _format_mass(line.ingredient.actual_g),
        style=STRONG,
        align_right=True,
    ),
    TableColumn(
        "Error g",
        7,
        95,
        lambda line, facts: number_format.format_signed(line.ingredient.error_g),
        draw_cell=_render_error,
        align_right=True,
    ),
    TableColumn("%", 6, 60, lambda line, facts: _format_percent(line), style=DIM, align_right=True),
    TableColumn("Limit g", 7, 50, lambda line, facts: _format_limit(line), style=DIM, align_right=True),
    TableColumn(
        "Error",
        13,
        94,
        lambda line, facts: "",
        draw_cell=_render_bar,
        max_growth=16,
        min_width=9,
        is_scale=True,
    ),
    TableColumn(
        "Verdict", 10, 96, lambda line, facts: _format_verdict(line), draw_cell=_render_verdict, min_width=5
    ),
    TableColumn("s", 4, 20, lambda line, facts: _format_seconds(line), style=DIM, align_right=True),
)
