"""How the two catalysts of a batch relate, and the pounds of BDO that each target was worked out for. Pure.

Two doses can both be in tolerance while their ratio, which the reaction depends on, is a tenth off.
"""

from collections.abc import Iterable

from msgspec import Struct

from dosing_tui.domain.batches.models import Ingredient
from dosing_tui.domain.messages.chemical_names import fold_name

NOTABLE_PERCENT = 10.0
"""Deviation of a ratio from which it is marked."""
TARGET_ROUNDING_G = 0.005 + 1e-3
"""Targets are published with two decimals, of single-precision numbers."""


class IngredientRatio(Struct, frozen=True):
    """Of two chemicals, the one with the larger target to the other; above 0."""

    numerator: str
    denominator: str
    actual: float
    target: float

    @property
    def deviation_percent(self) -> float:
        """Of the target ratio."""
        return 100.0 * (self.actual / self.target - 1.0)

    @property
    def is_notable(self) -> bool:
        return round(abs(self.deviation_percent), 6) >= NOTABLE_PERCENT


def compute_ratio(ingredients: Iterable[Ingredient]) -> IngredientRatio | None:
    """None unless there are two chemicals, each with targets and masses above 0; portions are added up."""
    sums: dict[str, tuple[str, float, float]] = {}
    for each in ingredients:
        if each.target_g is None or each.actual_g is None or min(each.target_g, each.actual_g) <= 0:
            return None
        name, target_g, actual_g = sums.get(fold_name(each.chemical), (each.chemical, 0.0, 0.0))
        sums[fold_name(each.chemical)] = name, target_g + each.target_g, actual_g + each.actual_g
    if len(sums) != 2:
        return None
    # of equal targets the first comes first
    (large, large_target, large_actual), (small, small_target, small_actual) = sorted(
        sums.values(), key=lambda each: -each[1]
    )
    return IngredientRatio(large, small, large_actual / small_actual, large_target / small_target)


class BdoPounds(Struct, frozen=True):
    """The pounds of BDO that a target was worked out for, by the recipe's grams per pound."""

    chemical: str
    target_g: float
    g_per_lb: float

    @property
    def pounds(self) -> float:
        return self.target_g / self.g_per_lb


def do_pounds_agree(pounds: Iterable[BdoPounds]) -> bool:
    """Whether one weight of BDO explains every target, as far as it was rounded; of one target it does."""
    said = tuple(pounds)
    most = min(((each.target_g + TARGET_ROUNDING_G) / each.g_per_lb for each in said), default=0.0)
    return all((each.target_g - TARGET_ROUNDING_G) / each.g_per_lb <= most for each in said)
