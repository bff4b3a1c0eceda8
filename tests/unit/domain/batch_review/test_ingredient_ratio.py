"""The ratio of two catalysts, and whether their targets are of the same pounds of BDO."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dosing_tui.domain.batch_review.ingredient_ratio import (
    BdoPounds,
    IngredientRatio,
    compute_ratio,
    do_pounds_agree,
)
from dosing_tui.domain.batches.models import Ingredient

MASSES = st.floats(0.1, 2_000)


def make_ingredient(
    chemical: str, target_g: float | None, actual_g: float | None, pump: int = 1
) -> Ingredient:
    return Ingredient(chemical, pump, target_g, actual_g, 60_000, 1)


def test_both_in_tolerance_and_the_ratio_a_tenth_off_is_notable() -> None:
    ratio = compute_ratio([make_ingredient("T-9", 40.0, 39.6), make_ingredient("T-12", 5.0, 5.5)])
    assert ratio == IngredientRatio("T-9", "T-12", 39.6 / 5.5, 8.0)
    assert ratio.deviation_percent == pytest.approx(-10.0)
    assert ratio.is_notable


@given(st.lists(st.tuples(MASSES, MASSES), min_size=2, max_size=2), st.floats(0.01, 100))
def test_a_ratio_does_not_depend_on_order_size_or_portions(
    masses: list[tuple[float, float]], factor: float
) -> None:
    first, second = (make_ingredient(name, *pair) for name, pair in zip(("A", "B"), masses, strict=True))
    ratio = compute_ratio([first, second])
    assert ratio is not None
    assert ratio.target >= 1
    turned = compute_ratio([second, first])
    assert turned is not None
    if masses[0][0] != masses[1][0]:
        assert turned == ratio
    larger = [
        make_ingredient(name, target * factor, actual * factor)
        for name, (target, actual) in zip(("A", "B"), masses, strict=True)
    ]
    scaled = compute_ratio(larger)
    assert scaled is not None
    assert scaled.deviation_percent == pytest.approx(ratio.deviation_percent, abs=1e-6)
    halves = [make_ingredient(" a" if half else "A", masses[0][0] / 2, masses[0][1] / 2) for half in (0, 1)]
    divided = compute_ratio([*halves, second])
    assert divided is not None
    assert (divided.actual, divided.target) == pytest.approx((ratio.actual, ratio.target))


@pytest.mark.parametrize(
    "ingredients",
    [
        [],
        [make_ingredient("A", 40.0, 40.0)],
        [make_ingredient(name, 40.0, 40.0) for name in "ABC"],
        [make_ingredient("A", 40.0, 40.0), make_ingredient("B", None, 40.0)],
        [make_ingredient("A", 40.0, 40.0), make_ingredient("B", 40.0, 0.0)],
        [make_ingredient("A", 40.0, -1.0), make_ingredient("B", 40.0, 40.0)],
    ],
)
def test_without_two_masses_there_is_no_ratio(ingredients: list[Ingredient]) -> None:
    assert compute_ratio(ingredients) is None


RATIOS = st.floats(0.02, 0.5).map(lambda ratio: round(ratio, 3))


@given(st.floats(0.1, 9_999.9), st.lists(RATIOS, max_size=4))
def test_targets_of_one_weight_agree_however_they_were_rounded(pounds: float, ratios: list[float]) -> None:
    assert do_pounds_agree([BdoPounds("A", round(pounds * ratio, 2), ratio) for ratio in ratios])


@given(st.floats(20, 5_000), RATIOS, RATIOS, st.floats(1.1, 3))
def test_targets_of_other_weights_do_not_agree(
    pounds: float, one: float, other: float, factor: float
) -> None:
    assume(pounds * (factor - 1) > 0.012 / one + 0.012 / other)  # else rounding may hide it
    first = BdoPounds("A", round(pounds * one, 2), one)
    second = BdoPounds("B", round(pounds * factor * other, 2), other)
    assert not do_pounds_agree([first, second])
    assert not do_pounds_agree([second, first])
