"""Which dose of a batch is which of its recipe, where a recipe doses a chemical more than once. Pure."""

from collections.abc import Collection
from dataclasses import replace

from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.batches.models import Batch, Ingredient
from dosing_tui.domain.batches.reconstruction import group_ingredients


def split_portions(batch: Batch, recipe: MasterRecipe | None) -> Batch:
    """With each dose of what the recipe doses more than once as an ingredient of its own."""
    return split_ingredients(batch, recipe.repeated_chemicals if recipe else ())


def split_ingredients(batch: Batch, chemicals: Collection[str]) -> Batch:
    """With each dose of these chemicals as an ingredient of its own."""
    return (
        replace(batch, ingredients=group_ingredients(batch.doses, split_chemicals=chemicals))
        if chemicals
        else batch
    )


def match_ingredients(batch: Batch, recipe: MasterRecipe | None) -> tuple[MasterIngredient | None, ...]:
    """For each of the batch's ingredients what the recipe says of it; None where it says nothing.

    Of several of one chemical that by the same pump comes first, then the nearest target, then their order.
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
