"""Recipes are read, written and compared; what cannot be one is refused by name."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.batches.master_recipe import (
    MasterIngredient,
    MasterRecipe,
    MasterVersion,
    format_definition,
    format_recipes,
    parse_definition,
    parse_recipes,
    select_version,
)
from dosing_tui.errors import RecipeError
from tests.support.domain.batch_messages import NOON

names = st.text("ABCdef-/ 85\"\\'äö", min_size=1, max_size=12).map(str.strip).filter(bool)
RECIPE, PART = "[[recipe]]\nname = 'A'\n", "[[recipe.ingredient]]\nchemical = 'T-9'\n"
masses = st.one_of(st.none(), st.floats(0, 1e6, allow_nan=False))
recipes = st.builds(
    MasterRecipe,
    names,
    st.lists(
        st.builds(
            MasterIngredient, names, st.one_of(st.none(), st.integers(1, 9)), masses, masses, masses,
            st.one_of(st.none(), st.floats(1e-6, 1e6)),
        ),
        min_size=1, max_size=4,
    ).map(tuple),
    st.sampled_from(["", "CATALYST", "BDO"]),
    st.booleans(),
)  # fmt: skip


@given(st.lists(recipes, min_size=1, max_size=3, unique_by=lambda recipe: recipe.name.casefold()))
def test_what_is_written_is_read_back(recipes: list[MasterRecipe]) -> None:
    assert list(parse_recipes(format_recipes(recipes))) == recipes
    assert [parse_definition(json.loads(format_definition(recipe))) for recipe in recipes] == recipes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[recipe]", "not valid TOML"),
        ("", "no [[recipe]]"),
        ("[plant]", "'plant' is not known"),
        ("[[recipe]]\nname = ''", "recipe 1: name is missing"),
        (RECIPE, "A: it has no [[recipe.ingredient]]"),
        (RECIPE + "order = 1", "recipe 1: 'order' is not known"),
        (RECIPE + PART + "pump = 3.5", "A, T-9: pump is 3.5"),
        (RECIPE + PART + "target_g = nan", "A, T-9: target_g is nan"),
        ((RECIPE + PART) * 2, "A is in the file more than once"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_recipe_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refused:
        parse_recipes(text)
    assert sentence in str(refused.value)


def test_a_version_holds_from_its_day_on_and_one_of_the_very_mode_comes_first() -> None:
    recipe = MasterRecipe("CU-85", (MasterIngredient("T-9"),))
    first = MasterVersion(recipe, 1, NOON)
    second = MasterVersion(recipe, 2, NOON + timedelta(days=1))
    bdo = MasterVersion(MasterRecipe("cu-85", recipe.ingredients, "BDO"), 1, NOON)
    versions = (second, first, bdo)

    def version(mode: str, hours: float) -> MasterVersion | None:
        return select_version(versions, recipe="CU-85", mode=mode, at=NOON + timedelta(hours=hours))

    assert version("CATALYST", -1) is None
    assert version("CATALYST", 1) is first
    assert version("CATALYST", 24) is second
    assert version("BDO", 24) is bdo
    assert select_version(versions, recipe="", mode="", at=NOON) is None


def test_a_recipe_without_pounds_of_bdo_keeps_its_stored_text() -> None:
    """It is compared, and its hash is in the audit trail."""
    plain, bdo = (MasterRecipe("CU-85", (MasterIngredient("T-9", g_per_lb=each),)) for each in (None, 0.2))
    assert format_definition(plain) == (
        '{"ingredient":[{"chemical":"T-9","pump":null,"target_g":null,"tolerance_g":null,'
        '"tolerance_percent":null}],"mode":"","name":"CU-85","ordered":false}'
    )
    assert '"g_per_lb":0.2' in format_definition(bdo)
    assert parse_recipes(format_recipes([bdo])) == (bdo,)
    assert parse_definition(json.loads(format_definition(bdo))) == bdo
