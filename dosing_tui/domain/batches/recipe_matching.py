"""Match doses to the ingredients of a master recipe that doses a chemical more than once."""

from collections import Counter
from collections.abc import Collection

from msgspec.structs import replace

from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.domain.batches.reconstruction import group_ingredients
from dosing_tui.domain.messages.chemical_names import fold_name


def list_repeated_chemicals(batch: Batch, recipe: MasterRecipe | None) -> tuple[str, ...]:
    """Chemicals that the recipe doses more than once, and those that the batch has more than one dose of."""
    repeated = dict.fromkeys(recipe.repeated_chemicals if recipe else ())
    doses = Counter(fold_name(dose.chemical) for dose in batch.doses)
    repeated |= dict.fromkeys(dose.chemical for dose in batch.doses if doses[fold_name(dose.chemical)] > 1)
    return tuple(repeated)


def split_ingredients(batch: Batch, chemicals: Collection[str]) -> Batch:
    """Return the batch with one ingredient per dose, for these chemicals."""
    return (
        replace(batch, ingredients=group_ingredients(batch.doses, split_chemicals=chemicals))
        if chemicals
        else batch
    )


def match_ingredients(batch: Batch, recipe: MasterRecipe | None) -> tuple[MasterIngredient | None, ...]:
    """Return the recipe's ingredient for each ingredient of the batch; None without a match.

    Candidates of one chemical are ranked by the same pump, the nearest target, and their order.
    """
    if recipe is None:
        return (None,) * len(batch.ingredients)
    free = list(recipe.ingredients)
    found: list[MasterIngredient | None] = []
    for ingredient in batch.ingredients:
        said = recipe.list_portions(ingredient.chemical)
        left = [each for each in said if any(each is other for other in free)]
        best = min(left or said, key=lambda each: _measure_distance(each, ingredient), default=None)
        free = [each for each in free if each is not best]
        found.append(best)
    return tuple(found)


def _measure_distance(reference: MasterIngredient, ingredient: Ingredient) -> tuple[bool, float]:
    unlike = reference.pump is not None and reference.pump != ingredient.pump
    if reference.target_g is None or ingredient.target_g is None:
        return (unlike, 0.0)
    return (unlike, abs(reference.target_g - ingredient.target_g))
