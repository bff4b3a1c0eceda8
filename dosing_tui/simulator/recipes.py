"""The plant's chemicals with their pumps and tanks, and its recipes."""

from random import Random

from msgspec import Struct


class SimulatedRecipe(Struct, frozen=True):
    """What goes into one batch: fixed grams in CATALYST mode, grams per pound of BDO in BDO mode."""

    name: str
    catalyst_g: tuple[tuple[str, float], ...]
    bdo_g_per_lb: tuple[tuple[str, float], ...]


class BatchPlan(Struct, frozen=True):
    """One planned batch: chemicals with their targets in g, in dosing order."""

    recipe: str
    mode: str
    targets: tuple[tuple[str, float], ...]


PUMPS = {"DMDEE": 1, "T-12": 2, "T-9": 3, "L25B": 4}
CAPACITY_G = {"DMDEE": 20_000, "T-12": 15_000, "T-9": 10_000, "L25B": 10_000}

RECIPES = (
    SimulatedRecipe("CU-85", (("T-9", 40.0), ("T-12", 5.0)), (("T-9", 0.200), ("T-12", 0.025))),
    SimulatedRecipe("CU-65/75", (("DMDEE", 40.0), ("T-12", 40.0)), (("DMDEE", 0.16), ("T-12", 0.16))),
    SimulatedRecipe("FG-85/95", (("T-12", 40.0), ("L25B", 10.0)), (("T-12", 0.160), ("L25B", 0.040))),
)
RECIPE_WEIGHTS = (5, 3, 2)
BDO_SHARE = 0.25
BDO_LB = (100.0, 500.0)


def choose_next_batch(random: Random) -> BatchPlan:
    """Choose recipe, mode and size of the next batch at random."""
    recipe = random.choices(RECIPES, RECIPE_WEIGHTS)[0]
    if random.random() >= BDO_SHARE:
        return BatchPlan(recipe.name, "CATALYST", recipe.catalyst_g)
    pounds = round(random.uniform(*BDO_LB), 1)
    return BatchPlan(recipe.name, "BDO", tuple((name, pounds * ratio) for name, ratio in recipe.bdo_g_per_lb))
