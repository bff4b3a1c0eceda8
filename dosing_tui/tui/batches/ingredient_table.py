"""The ingredient table of a batch: target, actual and error in grams, the error also as a bar. Pure."""

from msgspec import Struct

from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.domain.tolerances.rules import ROUNDING_G
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableData, paint_table
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, CellStyle, ColourRole

TOLERANCES_PER_SIDE = 2.0
"""The end of each side, in tolerances."""


class IngredientRow(Struct, frozen=True):
    """An ingredient with half its tolerance band in grams.

    ``is_within`` is None without a band, without an error, and below what the scale can weigh.
    """

    ingredient: Ingredient
    tolerance_g: float | None
    is_within: bool | None


def build_ingredient_rows(batch: Batch, assessment: Assessment) -> tuple[IngredientRow, ...]:
    """A dose that arrived after the assessment has no band yet."""
    bands = [*assessment.tolerance_bands, *[(None, None)] * len(batch.ingredients)]
    return tuple(IngredientRow(each, *band) for each, band in zip(batch.ingredients, bands, strict=False))


def render_ingredients(ingredients: tuple[IngredientRow, ...], width: int) -> Rows:
    """The headings and one row per ingredient."""
    return paint_table(TableData(ingredients, _COLUMNS), width, 1 + len(ingredients))


def _format_error(line: IngredientRow, context: None) -> StyledRuns:
    style = DEVIATION if line.is_within is False else STRONG
    return [(number_format.format_signed(line.ingredient.error_g), style)]


def _render_bar(line: IngredientRow, context: None, width: int, background: ColourRole) -> Rows:
    tolerance_g = None if _is_unweighable(line) else line.tolerance_g
    return render_tolerance_bar(line.ingredient.error_g, tolerance_g, width, background)


def _format_styled_tolerance(line: IngredientRow, context: None) -> StyledRuns:
    return [(_describe_verdict(line), DEVIATION if line.is_within is False else DIM)]


def _is_unweighable(line: IngredientRow) -> bool:
    """It has an error and a band, and is neither in nor out: below what the scale can weigh."""
    return line.is_within is None and line.tolerance_g is not None and line.ingredient.error_g is not None


def _describe_verdict(line: IngredientRow) -> str:
    return "too small" if _is_unweighable(line) else _TOLERANCE_TEXTS[line.is_within]


def _format_seconds(line: IngredientRow) -> str:
    taken_ms = line.ingredient.duration_ms
    return number_format.format_decimal(None if taken_ms is None else taken_ms / 1000, 0)


def _format_name(line: IngredientRow) -> str:
    name, doses = sanitize_text(line.ingredient.chemical), line.ingredient.doses
    return f"{name} ×{doses}" if doses > 1 else name


def _format_limit(line: IngredientRow) -> str:
    return (
        number_format.NO_VALUE
        if line.tolerance_g is None
        else f"±{number_format.format_decimal(line.tolerance_g, 2)}"
    )


def render_tolerance_bar(
    error_g: float | None, tolerance_g: float | None, width: int, background: ColourRole
) -> Rows:
    """The error from zero in the middle; the limits are halfway to the ends, ``width`` is odd.

    An error beyond the scale ends in an arrow; without a tolerance there is no bar.
    """
    canvas = Canvas(width, 1, CellStyle(bg=background))
    if error_g is None or not tolerance_g:
        return canvas.rows
    middle, edge = width // 2, round(width // 2 / TOLERANCES_PER_SIDE)
    canvas.write_text(middle - edge, 0, " " * (2 * edge + 1), CellStyle(bg=ColourRole.TRACK))
    for x in (middle - edge, middle + edge):
        canvas.set_cell(x, 0, "┊", CellStyle(ColourRole.DIM, ColourRole.TRACK))
    halves = round(abs(error_g) / tolerance_g / TOLERANCES_PER_SIDE * middle * 2)
    tone = ColourRole.DEVIATION if abs(error_g) > tolerance_g + ROUNDING_G else ColourRole.BAR
    _draw_deviation(canvas, -1 if error_g < 0 else 1, halves, tone)
    canvas.set_cell(middle, 0, "│", CellStyle(ColourRole.STRONG, ColourRole.TRACK))
    return canvas.rows


def _draw_deviation(canvas: Canvas, side: int, half_cells: int, tone: ColourRole) -> None:
    """Draw from the middle outwards, on the background of each cell."""
    middle = canvas.width // 2
    full, rest = divmod(min(half_cells, middle * 2), 2)
    cells = ["▄"] * full + (["▖" if side > 0 else "▗"] if rest else [])
    if half_cells > middle * 2:
        cells[-1] = "→" if side > 0 else "←"
    for number, character in enumerate(cells, start=1):
        x = middle + side * number
        style = CellStyle(tone, canvas.rows[0][x][1].bg, bold=tone is ColourRole.DEVIATION)
        canvas.set_cell(x, 0, character, style)


_TOLERANCE_TEXTS = {True: "● within", False: "▲ outside", None: "no limit"}
_COLUMNS: tuple[TableColumn[IngredientRow], ...] = (
    TableColumn("Ingredient", 10, 99, lambda line, facts: _format_name(line), style=STRONG, max_growth=8),
    TableColumn("Pump", 4, 30, lambda line, facts: str(line.ingredient.pump), style=DIM, align_right=True),
    TableColumn(
        "Target g",
        8,
        80,
        lambda line, facts: number_format.format_decimal(line.ingredient.target_g, 2),
        align_right=True,
    ),
    TableColumn(
        "Actual g",
        8,
        90,
        lambda line, facts: number_format.format_decimal(line.ingredient.actual_g, 2),
        style=STRONG,
        align_right=True,
    ),
    TableColumn(
        "Error g",
        7,
        95,
        lambda line, facts: number_format.format_signed(line.ingredient.error_g),
        format_runs=_format_error,
        align_right=True,
    ),
    TableColumn(
        "%",
        6,
        60,
        lambda line, facts: number_format.format_signed(line.ingredient.error_percent, 1),
        style=DIM,
        align_right=True,
    ),
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
        "Tolerance",
        10,
        96,
        lambda line, facts: _describe_verdict(line),
        format_runs=_format_styled_tolerance,
        min_width=9,
    ),
    TableColumn("s", 4, 20, lambda line, facts: _format_seconds(line), style=DIM, align_right=True),
)
