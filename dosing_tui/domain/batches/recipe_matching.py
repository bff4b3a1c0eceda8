"""Which dose of a batch is which of its recipe, where a recipe doses a chemical more than once. Pure."""

from collections.abc import Collection
from dataclasses import replace

from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.domain.batches.reconstruction import ingredients


def portioned(batch: Batch, recipe: MasterRecipe | None) -> Batch:
    """With each dose of what the recipe doses more than once as an ingredient of its own."""
    return apart(batch, recipe.repeated if recipe else ())


def apart(batch: Batch, chemicals: Collection[str]) -> Batch:
    """With each dose of these chemicals as an ingredient of its own."""
    return replace(batch, ingredients=ingredients(batch.doses, apart=chemicals)) if chemicals else batch


def references(batch: Batch, recipe: MasterRecipe | None) -> tuple[MasterIngredient | None, ...]:
    """For each of the batch's ingredients what the recipe says of it; None where it says nothing.

    Of several of one chemical that by the same pump comes first, then the nearest target, then their order.
    """
    if recipe is None:
        return (None,) * len(batch.ingredients)
    free = list(recipe.ingredients)
    found: list[MasterIngredient | None] = []
    for ingredient in batch.ingredients:
        said = recipe.portions(ingredient.chemical)
        left = [each for each in said if any(each is other for other in free)]
        best = min(left or said, key=lambda each: _distance(each, ingredient), default=None)
        free = [each for each in free if each is not best]
        found.append(best)
    return tuple(found)


def _distance(wanted: MasterIngredient, had: Ingredient) -> tuple[bool, float]:
    unlike = wanted.pump is not None and wanted.pump != had.pump
    if wanted.target_g is None or had.target_g is None:
        return (unlike, 0.0)
    return (unlike, abs(wanted.target_g - had.target_g))
