"""One tolerance for a dose: which rule counts, at which time, and what the scale can weigh."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.tolerances.accuracy_class import compute_class_deviation, parse_class_factor
from dosing_tui.domain.tolerances.least_dose import compute_least_dose
from dosing_tui.domain.tolerances.rules import (
    DoseTolerance,
    ToleranceOverride,
    ToleranceRules,
    format_rules,
    parse_rules,
    resolve_tolerance,
)
from dosing_tui.domain.tolerances.rules_text import describe_rules
from dosing_tui.domain.tolerances.tolerance_book import DatedRules, ToleranceBook
from tests.support.database.reading_samples import DOSE, NOW

GRAMS = st.none() | st.floats(0.01, 5)
PERCENTS = st.none() | st.floats(0, 10)
TARGETS = st.none() | st.floats(0, 20_000)
PORTIONS = st.none() | st.builds(
    MasterIngredient, st.just("T-12"), tolerance_g=GRAMS, tolerance_percent=PERCENTS
)
OVERRIDES = st.lists(
    st.builds(
        ToleranceOverride,
        st.sampled_from(["", "T-12", "T-9"]),
        st.sampled_from(["", "CU-85", "FG"]),
        GRAMS,
        PERCENTS,
    ),
    max_size=3,
).map(tuple)
RULES = st.builds(
    ToleranceRules,
    st.floats(0.01, 5),
    st.floats(0, 10),
    st.none() | st.just(0.2),
    st.floats(0, 10),
    OVERRIDES,
    st.sampled_from([(), ("T-12",), ("", "T-9")]),
)


def resolve(
    rules: ToleranceRules, portion: MasterIngredient | None = None, target_g: float | None = 5.0
) -> DoseTolerance:
    return resolve_tolerance(rules, portion, chemical="t - 12", recipe="cu-85", target_g=target_g)


@given(RULES, PORTIONS, TARGETS)
def test_there_is_always_one_and_the_first_place_that_has_one_counts(
    rules: ToleranceRules, portion: MasterIngredient | None, target_g: float | None
) -> None:
    found = resolve(rules, portion, target_g)
    assert found.tolerance_g >= 0
    grams = replace(rules, tolerance_g=9.0, class_factor=None, tolerance_percent=0.0)
    with_class = replace(rules, class_factor=0.5)
    if portion and portion.tolerance_g is not None:
        assert found == resolve(replace(grams, overrides=()), portion, target_g)
        assert found.tolerance_g <= portion.tolerance_g
    elif any(each.matches_dose("T-12", "CU-85") and each.tolerance_g is not None for each in rules.overrides):
        assert found == resolve(grams, portion, target_g) == resolve(with_class, portion, target_g)


@given(RULES)
def test_stored_rules_are_the_same_rules(rules: ToleranceRules) -> None:
    assert parse_rules(format_rules(rules)) == rules


def test_the_order_is_recipe_override_class_grams() -> None:
    portion = MasterIngredient("T-12", 2, 5.0, tolerance_g=0.5, tolerance_percent=2.0)
    override = ToleranceOverride("T-12", "CU-85", 0.3, 10.0)
    rules = ToleranceRules(0.7, 1.0, 0.2, overrides=(override,))
    assert resolve(rules, portion).tolerance_g == pytest.approx(0.1)
    assert resolve(rules).tolerance_g == 0.3
    assert resolve(replace(rules, overrides=())).tolerance_g == pytest.approx(0.09)
    assert resolve(replace(rules, overrides=(), class_factor=None)).tolerance_g == pytest.approx(0.05)
    assert resolve(replace(rules, overrides=()), target_g=None).tolerance_g == 0.7
    no_percent = replace(rules, overrides=(ToleranceOverride("T-12", "", None, 0.0),), class_factor=None)
    assert resolve(no_percent).tolerance_g == 0.7


def test_an_error_on_the_tolerance_is_within_and_none_is_permitted_by_zero() -> None:
    assert not DoseTolerance(0.1).is_outside(5.1 - 5.0)
    assert DoseTolerance(0.1).is_outside(-0.11)
    assert DoseTolerance(0.0).is_outside(0.01)
    assert not DoseTolerance(0.0).is_outside(0.0)
    assert not DoseTolerance(0.1).is_outside(None)
    assert not DoseTolerance(0.1, is_weighable=False).is_outside(9.0)


def test_the_scale_weighs_its_least_dose_and_a_dose_without_a_target() -> None:
    rules = ToleranceRules(least_dose_g=5.0)
    assert [resolve(rules, target_g=target_g).is_weighable for target_g in (4.99, 5.0, None, 0.0)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_least_dose_is_two_deviations_over_the_permitted_share() -> None:
    def compute(division_g: float, deviation_g: float) -> float:
        return compute_least_dose(division_g=division_g, deviation_g=deviation_g, repeatability_percent=0.1)

    assert compute(0.01, 0.0) == pytest.approx(8.2)
    assert compute(0.0001, 0.00015) == pytest.approx(0.3)  # the example of USP <41>
    assert compute(0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("target_g", "allowed_g"),
    [
        (50, 4.5), (50.01, 4.5), (100, 4.5), (200, 9), (200.01, 9), (300, 9), (300.01, 9.0003), (500, 15),
        (500.01, 15), (1000, 15), (10_000, 150), (15_000, 150), (20_000, 200), (10, 0.9),
    ],
)  # fmt: skip
def test_class_x_1_is_the_in_service_table_of_r61(target_g: float, allowed_g: float) -> None:
    assert compute_class_deviation(1.0, target_g) == pytest.approx(allowed_g)
    assert compute_class_deviation(0.2, target_g) == pytest.approx(allowed_g / 5)


@given(st.floats(0.001, 30_000), st.floats(0.001, 30_000))
def test_a_heavier_target_is_never_allowed_less(one_g: float, other_g: float) -> None:
    lighter, heavier = sorted((one_g, other_g))
    assert compute_class_deviation(1.0, lighter) <= compute_class_deviation(1.0, heavier) + 1e-9


@pytest.mark.parametrize("text", ["X", "X(0)", "X(3)", "X(0.25)", "Ref(0.2)", "0.2", "X(-1)", "x(1)"])
def test_what_is_no_class_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_class_factor(text)


def make_master(percent: float, *, mode: str = "", version: int = 1, hours: int = 0) -> MasterVersion:
    parts = (MasterIngredient(DOSE.chemical, tolerance_percent=percent),)
    return MasterVersion(MasterRecipe(DOSE.recipe, parts, mode), version, NOW + timedelta(hours=hours))


def test_a_dose_is_judged_by_what_held_when_it_was_made() -> None:
    dose = replace(DOSE, time=NOW, target_g=10.0)
    book = ToleranceBook(
        (DatedRules(ToleranceRules(0.5)), DatedRules(ToleranceRules(0.3), 2, NOW + timedelta(hours=1))),
        (
            make_master(1.0, hours=2),
            make_master(2.0, version=2, hours=3),
            make_master(4.0, mode="BDO", hours=3),
        ),
    )

    def find(hours: float, **changes: object) -> float:
        late: Dose = replace(dose, time=NOW + timedelta(hours=hours), **changes)  # type: ignore[arg-type]
        return book.find_tolerance(late).tolerance_g

    assert [find(hours) for hours in (0, 1, 1.9, 2, 3)] == pytest.approx([0.5, 0.3, 0.3, 0.1, 0.2])
    assert find(4, mode="BDO") == pytest.approx(0.4)
    assert find(4, recipe=f" {dose.recipe.lower()}") == pytest.approx(0.2)
    assert find(4, recipe="another") == find(4, recipe="") == 0.3


def test_of_a_chemical_that_a_recipe_doses_twice_the_nearest_target_counts() -> None:
    parts = (
        MasterIngredient(DOSE.chemical, target_g=5.0, tolerance_g=0.1),
        MasterIngredient(DOSE.chemical, target_g=10.0, tolerance_g=0.2),
    )
    book = ToleranceBook(
        masters=(MasterVersion(MasterRecipe(DOSE.recipe, parts), 1, NOW - timedelta(days=9)),)
    )
    assert [book.find_tolerance(replace(DOSE, time=NOW, target_g=g)).tolerance_g for g in (4.8, 9.0)] == [
        0.1,
        0.2,
    ]


def test_one_tolerance_for_all_doses_is_known_only_where_there_is_one() -> None:
    def find(rules: ToleranceRules, *masters: MasterVersion) -> float | None:
        return ToleranceBook((DatedRules(rules),), masters).find_common_tolerance(NOW)

    assert find(ToleranceRules(0.4)) == find(ToleranceRules(0.4), make_master(2.0, hours=1)) == 0.4
    assert find(ToleranceRules(class_factor=0.2)) is None
    assert find(ToleranceRules(tolerance_percent=2.0)) is None
    assert find(ToleranceRules(), make_master(2.0)) is None


def test_rules_in_words() -> None:
    rules = ToleranceRules(class_factor=0.2, overrides=(ToleranceOverride("T-12"),))
    assert describe_rules(rules) == "class X(0.2), others by chemical or recipe"
