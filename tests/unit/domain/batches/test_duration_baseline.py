"""What is usual is learned from a recipe's own batches, and a few odd ones among them do not spoil it."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batch_review.exception_checks import (
    DEFAULT_LIMITS,
    judge_batch,
)
from dosing_tui.domain.batch_review.finding_weight import BatchException, ExceptionKind
from dosing_tui.domain.batches.duration_baseline import (
    MIN_SAMPLES,
    DurationBaseline,
    learn_baselines,
    select_baselines,
)
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.messages.models import Reading
from tests.support.domain.batch_messages import NOON, make_dose, make_event, reconstruct_from, seconds_after


def make_batch(number: int, *, first_s: float = 58.0, complete_s: float = 125.0) -> list[Reading]:
    begins = 1000.0 * number
    return [
        make_event(begins, "start"),
        make_dose(begins + 61, "T-9", duration_s=first_s),
        make_dose(begins + 122, "T-12", target_g=5.0, actual_g=5.1),
        make_event(begins + complete_s, "complete"),
    ]


def make_batches(*first_s: float) -> list[Batch]:
    return reconstruct_from(
        *[one for number, each in enumerate(first_s) for one in make_batch(number, first_s=each)]
    )


USUAL_S = [57.0, 58.0, 59.0] * 10


def test_the_median_and_its_spread_are_the_limits_and_outliers_do_not_move_them() -> None:
    told = {each.chemical: each for each in learn_baselines(make_batches(*USUAL_S), at=seconds_after(0))}
    assert set(told) == {"", "T-9", "T-12"}
    # the spread is 1.4826 s, which is less than 5 % of the median
    assert (told["T-9"].low_s, told["T-9"].high_s, told["T-9"].batches) == (43.5, 72.5, 30)
    odd = {
        each.chemical: each
        for each in learn_baselines(make_batches(*USUAL_S[:27], 300, 2, 280), at=seconds_after(0))
    }
    assert (odd["T-9"].low_s, odd["T-9"].high_s) == (43.5, 72.5)


def test_the_spread_is_the_median_distance_scaled_to_a_standard_deviation() -> None:
    learned = {
        each.chemical: each
        for each in learn_baselines(make_batches(*[50.0, 60.0, 70.0] * 10), at=seconds_after(0))
    }
    # 60 s + 5 * 1.4826 * 10 s
    assert learned["T-9"].high_s == 134.1


def test_too_few_batches_teach_nothing() -> None:
    assert learn_baselines(make_batches(*USUAL_S[: MIN_SAMPLES - 1]), at=seconds_after(0)) == []
    assert learn_baselines(make_batches(*USUAL_S[:MIN_SAMPLES]), at=seconds_after(0)) != []


@given(st.lists(st.floats(1, 299), min_size=MIN_SAMPLES, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_the_batches_does_not_matter(first_s: list[float], random: Random) -> None:
    known = make_batches(*first_s)
    mixed = random.sample(known, len(known))
    assert learn_baselines(mixed, at=seconds_after(0)) == learn_baselines(known, at=seconds_after(0))


def test_a_batch_is_judged_by_what_its_recipe_has_taught_and_else_by_fixed_limits() -> None:
    usual = {each.chemical: each for each in learn_baselines(make_batches(*USUAL_S), at=seconds_after(0))}
    taught = replace(DEFAULT_LIMITS, baselines=usual)
    (slow,) = reconstruct_from(*make_batch(0, first_s=75))
    assert judge_batch(slow).exceptions == ()
    assert judge_batch(slow, limits=taught).exceptions == (
        BatchException(ExceptionKind.DURATION, "T-9", "the dose of T-9 took 75 s; 44 to 72 s are usual"),
    )
    (long,) = reconstruct_from(*make_batch(0, complete_s=240))
    assert judge_batch(long).exceptions == ()
    assert judge_batch(long, limits=taught).exceptions == (
        BatchException(ExceptionKind.DURATION, "", "the batch took 4 min; up to 2.6 min are usual"),
    )
    (short,) = reconstruct_from(*make_batch(0, complete_s=123))
    assert (
        judge_batch(
            short, limits=replace(DEFAULT_LIMITS, baselines={"": replace(usual[""], low_s=124.0)})
        ).exceptions
        == ()
    )
    (usual_here,) = reconstruct_from(*make_batch(0, first_s=200))
    slow_plant = {"T-9": DurationBaseline("CU-85", "CATALYST", "T-9", seconds_after(0), 150.0, 250.0, 50)}
    assert [one.subject for one in judge_batch(usual_here).exceptions] == ["T-9"]
    assert judge_batch(usual_here, limits=replace(DEFAULT_LIMITS, baselines=slow_plant)).exceptions == ()


def test_what_held_when_it_began_is_what_counts() -> None:
    first = DurationBaseline("CU-85", "CATALYST", "", NOON, 90.0, 150.0, 50)
    second = replace(first, valid_from=NOON + timedelta(days=7), high_s=200.0)
    other = replace(first, recipe="FG-85/95")

    def high_s(days: float, mode: str = "CATALYST") -> list[float]:
        moment = NOON + timedelta(days=days)
        return [
            each.high_s
            for each in select_baselines(
                (second, first, other), recipe="CU-85", mode=mode, at=moment
            ).values()
        ]

    assert (high_s(-1), high_s(0), high_s(6.9), high_s(7), high_s(1, "BDO")) == ([], [150], [150], [200], [])
