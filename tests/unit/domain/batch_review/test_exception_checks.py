"""What a reviewer is told to look at, and nothing where there is nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import RULES, BatchWeight
from dosing_tui.domain.batch_review.exception_checks import (
    ReviewLimits,
    assess_ingredients,
    judge_batch,
)
from dosing_tui.domain.batch_review.finding_weight import (
    BatchException,
    BatchFindings,
    ExceptionKind,
    RulesVersion,
)
from dosing_tui.domain.batch_review.missing_messages import MissingMessages
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.messages.models import Reading, TimeQuality
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.tolerances.rules import ToleranceRules
from dosing_tui.domain.tolerances.tolerance_book import DatedRules, ToleranceBook
from tests.support.domain.batch_messages import (
    NOON,
    STATION,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    reconstruct_from,
    seconds_after,
    split_portions,
)

MASTER = MasterVersion(
    MasterRecipe(
        "CU-85",
        (
            MasterIngredient("T-9", 3, 40.0, tolerance_g=0.5),
            MasterIngredient("T-12", 2, 5.0, tolerance_g=0.5, tolerance_percent=4.0),
        ),
        ordered=True,
    ),
    version=1,
    valid_from=NOON,
)


def review_limits(rules: ToleranceRules) -> ReviewLimits:
    return ReviewLimits(tolerances=ToleranceBook((DatedRules(rules),)))


def list_exceptions(
    *readings: Reading, master: MasterVersion | None = None, alarms: tuple[AlarmSpan, ...] = ()
) -> list[BatchException]:
    return list(judge_batch(reconstruct_from(*readings)[0], master=master, alarms=alarms).exceptions)


def judge_readings(*readings: Reading) -> BatchFindings:
    return judge_batch(reconstruct_from(*readings)[0])


def list_kinds(*readings: Reading, master: MasterVersion | None = None) -> list[ExceptionKind]:
    return [finding.kind for finding in list_exceptions(*readings, master=master)]


def with_t12(*, target_g: float = 5.0, actual_g: float | None = 5.1, duration_s: float = 58) -> list[Reading]:
    readings = normal_batch()
    readings[2] = make_dose(122, "T-12", target_g=target_g, actual_g=actual_g, duration_s=duration_s)
    return readings


@pytest.mark.parametrize("master", [None, MASTER])
def test_a_good_batch_has_nothing_to_look_at(master: MasterVersion | None) -> None:
    levels = [make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4959.9)]
    assert list_kinds(*normal_batch(), *levels, master=master) == []


def test_grams_are_the_limit_and_percent_where_the_recipe_says_so() -> None:
    assert list_kinds(*with_t12(actual_g=5.5)) == []
    (finding,) = list_exceptions(*with_t12(actual_g=5.51))
    assert finding == BatchException(
        ExceptionKind.TOLERANCE, "T-12", "T-12 is off by +0.51 g (+10.2 %); 0.50 g are allowed"
    )
    assert list_kinds(*with_t12(actual_g=5.2), master=MASTER) == []
    assert list_kinds(*with_t12(actual_g=5.21), master=MASTER) == [ExceptionKind.TOLERANCE]


def test_a_chemical_that_comes_twice_is_judged_dose_by_dose_also_without_a_recipe() -> None:
    twice = [*normal_batch(), make_dose(90, "T-9", target_g=20.0, actual_g=20.1, dedup=2)]
    (batch,) = reconstruct_from(*twice)
    batch = split_portions(batch, None)
    assert [(one.kind, one.sentence) for one in judge_batch(batch).exceptions] == [
        (ExceptionKind.DUPLICATE, "T-9 was dosed 2 times")
    ]
    judged = [
        (one.ingredient.target_g, one.is_within_tolerance)
        for one in assess_ingredients(batch)
        if one.ingredient.chemical == "T-9"
    ]
    assert judged == [(40.0, True), (20.0, True)]
    off = make_dose(90, "T-9", target_g=20.0, actual_g=20.61, dedup=2)
    (batch,) = reconstruct_from(*twice[:-1], off)
    assert judge_batch(split_portions(batch, None)).exceptions[-1].sentence == (
        "T-9 is off by +0.61 g (+3.0 %); 0.50 g are allowed"
    )


def test_a_dose_from_another_pump_than_the_plants_is_an_exception_since_version_3() -> None:
    limits = review_limits(ToleranceRules(pump_chemicals=("", "T-12", "DMDEE")))
    (batch,) = reconstruct_from(*normal_batch())
    assert judge_batch(batch, limits=limits).exceptions == (
        BatchException(ExceptionKind.WRONG_PUMP, "T-9", "pump 3 dosed T-9 instead of DMDEE"),
    )
    before = DatedRules(ToleranceRules())
    dated = DatedRules(limits.tolerances.newest.rules, 2, seconds_after(3_600))
    later = ReviewLimits(tolerances=ToleranceBook((before, dated)))
    assert judge_batch(batch, limits=later).exceptions == ()
    assert judge_batch(batch, limits=limits, rules=RulesVersion.REMARKS).exceptions == ()


def test_what_was_not_weighed_cannot_be_judged() -> None:
    (finding,) = list_exceptions(*with_t12(actual_g=None))
    assert finding.sentence == "T-12 cannot be judged: its mass or target was not said"


def test_each_verdict_names_the_band_it_was_judged_by() -> None:
    t9, t12 = assess_ingredients(
        reconstruct_from(*normal_batch())[0], master=MASTER, limits=review_limits(ToleranceRules(9.0))
    )
    assert (t9.tolerance_g, t9.is_within_tolerance, t12.tolerance_g, t12.is_within_tolerance) == (
        0.5,
        True,
        0.2,
        True,
    )


CASES: dict[str, tuple[list[Reading], list[ExceptionKind]]] = {
    "a dose lost": (normal_batch()[:2] + normal_batch()[3:], [ExceptionKind.MISSING]),
    "one too many": ([*normal_batch(), make_dose(90, "L25B")], [ExceptionKind.EXTRA]),
    "a dose twice": (
        [*normal_batch(), make_dose(70, "T-9", actual_g=0.0, dedup=2)],
        [ExceptionKind.DUPLICATE],
    ),
    "one pump for two": (
        [*normal_batch()[:2], make_dose(90, "T-12", pump=3), normal_batch()[3]],
        [ExceptionKind.WRONG_PUMP],
    ),
    "two pumps for one": (
        [
            make_event(0, "start"),
            make_dose(61, "T-9"),
            make_dose(90, "T-9", pump=4),
            make_event(99, "complete"),
        ],
        [ExceptionKind.MISSING, ExceptionKind.WRONG_PUMP],
    ),
    "a pump that ran long": (with_t12(duration_s=121), [ExceptionKind.DURATION]),
    "a batch that took long": ([*normal_batch()[:3], make_event(361, "complete")], [ExceptionKind.DURATION]),
    "aborted": ([*normal_batch()[:3], make_event(130, "abort")], [ExceptionKind.NOT_COMPLETE]),
    "incomplete": (normal_batch()[:3], [ExceptionKind.NOT_COMPLETE]),
    "start lost": (normal_batch()[1:], [ExceptionKind.NOT_COMPLETE]),
    "start and complete lost": (
        normal_batch()[1:3],
        [ExceptionKind.NOT_COMPLETE, ExceptionKind.NOT_COMPLETE],
    ),
    "only a complete": (normal_batch()[3:], [ExceptionKind.NOT_COMPLETE, ExceptionKind.MISSING]),
    "said twice": ([*normal_batch(), make_event(130, "complete", dedup=2)], [ExceptionKind.SEQUENCE]),
    "filled meanwhile": (
        [*normal_batch(), make_level(-9, "T-9", 100.0), make_level(61.1, "T-9", 9000.0)],
        [ExceptionKind.STOCK_JUMP],
    ),
    "more gone than dosed": (
        [*normal_batch(), make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4919.8)],
        [ExceptionKind.MESSAGE_LOSS],
    ),
    "a dose lost, its level not": (
        [
            normal_batch()[0],
            *normal_batch()[2:],
            make_level(-9, "T-9", 5000.0),
            make_level(61.1, "T-9", 4960.0),
        ],
        [ExceptionKind.MISSING, ExceptionKind.MESSAGE_LOSS],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_without_a_recipe_master_the_messages_are_the_reference(case: str) -> None:
    readings, expected = CASES[case]
    assert list_kinds(*readings) == expected


def test_with_a_recipe_master_its_ingredients_pumps_targets_and_order_are_the_reference() -> None:
    start, first, second, complete = normal_batch()
    assert list_kinds(start, first, complete, master=MASTER) == [ExceptionKind.MISSING]
    assert list_kinds(start, first, second, complete, make_dose(90, "L25B"), master=MASTER) == [
        ExceptionKind.EXTRA
    ]
    assert list_kinds(start, make_dose(61, "T-9", pump=1), second, complete, master=MASTER) == [
        ExceptionKind.WRONG_PUMP
    ]
    assert list_kinds(*with_t12(target_g=6.0, actual_g=6.0), master=MASTER) == [ExceptionKind.WRONG_TARGET]
    swapped = [start, make_dose(61, "T-12", target_g=5.0, actual_g=5.0), make_dose(122, "T-9"), complete]
    assert list_kinds(*swapped, master=MASTER) == [ExceptionKind.WRONG_ORDER]
    assert list_kinds(*swapped, master=replace(MASTER, recipe=replace(MASTER.recipe, ordered=False))) == []


def check_announced_pumps(
    pumps: int, *, open_: bool = False, master: MasterVersion = MASTER
) -> list[tuple[ExceptionKind, str]]:
    doses = normal_batch()[1:3] if master is MASTER else TWO_OF_T12[1:-1]
    ends = [] if open_ else [make_event(187, "complete", pumps=pumps)]
    (batch,) = reconstruct_from(make_event(0, "start", pumps=pumps), *doses, *ends, now=seconds_after(190))
    return [
        (one.kind, one.sentence)
        for one in judge_batch(split_portions(batch, master.recipe), master=master).exceptions
    ]


def test_what_the_station_announced_counts_though_all_of_the_recipe_was_dosed() -> None:
    assert check_announced_pumps(2) == []
    assert check_announced_pumps(3) == [(ExceptionKind.MISSING, "2 of 3 ingredients were dosed")]
    assert check_announced_pumps(3, open_=True) == []
    assert check_announced_pumps(1) == [(ExceptionKind.EXTRA, "2 ingredients were dosed, 1 were announced")]
    assert check_announced_pumps(1, open_=True) == check_announced_pumps(1)


def test_what_is_dosed_twice_may_be_announced_once_or_twice() -> None:
    assert check_announced_pumps(2, master=TWICE) == check_announced_pumps(3, master=TWICE) == []
    assert check_announced_pumps(4, master=TWICE) == [
        (ExceptionKind.MISSING, "2 of 4 ingredients were dosed")
    ]
    assert check_announced_pumps(1, master=TWICE) == [
        (ExceptionKind.EXTRA, "2 ingredients were dosed, 1 were announced")
    ]


TWICE = MasterVersion(
    MasterRecipe(
        "CU-85",
        (
            MasterIngredient("T-12", 2, 30.0),
            MasterIngredient("T-9", 3, 40.0),
            MasterIngredient("T-12", 2, 10.0, tolerance_g=0.2),
        ),
        ordered=True,
    ),
    version=2,
    valid_from=NOON,
)
"""T-12 before and after T-9."""
TWO_OF_T12: list[Reading] = [
    make_event(0, "start"), make_dose(61, "T-12", target_g=30.0, actual_g=30.1), make_dose(122, "T-9"),
    make_dose(183, "T-12", target_g=10.0, actual_g=10.1), make_event(186, "complete"),
]  # fmt: skip


def test_a_station_that_doses_all_day_without_a_batch_is_judged_like_any_other() -> None:
    """Quadratic time would take minutes."""
    doses = [make_dose(at / 10, f"C-{at}", pump=1, actual_g=40.1 if at else 47.0) for at in range(10_000)]
    results = [one for batch in reconstruct_from(*doses) for one in assess_ingredients(batch)]
    assert [one.ingredient.chemical for one in results] == [f"C-{at}" for at in range(10_000)]
    assert [one.is_within_tolerance for one in results] == [False] + 9_999 * [True]


def list_exceptions_of_twice(*readings: Reading) -> list[tuple[ExceptionKind, str]]:
    batch = split_portions(reconstruct_from(*readings)[0], TWICE.recipe)
    return [(one.kind, one.sentence) for one in judge_batch(batch, master=TWICE).exceptions]


def test_what_a_recipe_doses_twice_is_two_doses_each_against_its_own_target() -> None:
    assert list_exceptions_of_twice(*TWO_OF_T12) == []
    batch = split_portions(reconstruct_from(*TWO_OF_T12)[0], TWICE.recipe)
    judged = assess_ingredients(batch, master=TWICE)
    assert [(one.ingredient.chemical, one.ingredient.target_g, one.tolerance_g) for one in judged] == [
        ("T-12", 30.0, 0.5), ("T-9", 40.0, 0.5), ("T-12", 10.0, 0.2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        (
            TWO_OF_T12[:3] + TWO_OF_T12[4:],
            [(ExceptionKind.MISSING, "T-12 was dosed once; the recipe says 2 times")],
        ),
        (
            TWO_OF_T12[:1] + TWO_OF_T12[2:],
            [(ExceptionKind.MISSING, "T-12 was dosed once; the recipe says 2 times")],
        ),
        (
            [one for one in TWO_OF_T12 if getattr(one, "chemical", "") != "T-12"],
            [(ExceptionKind.MISSING, "T-12 is missing")],
        ),
        (
            [*TWO_OF_T12, make_dose(184, "T-12", target_g=10.0, actual_g=10.0)],
            [(ExceptionKind.DUPLICATE, "T-12 was dosed 3 times; the recipe says 2 times")],
        ),
        (
            [*TWO_OF_T12, make_dose(123, "T-9", dedup=2)],
            [(ExceptionKind.DUPLICATE, "T-9 was dosed 2 times; the recipe says once")],
        ),
        (
            [*TWO_OF_T12[:3], make_dose(183, "T-12", target_g=10.0, actual_g=10.3), TWO_OF_T12[4]],
            [(ExceptionKind.TOLERANCE, "T-12 is off by +0.30 g (+3.0 %); 0.20 g are allowed")],
        ),
        (
            [TWO_OF_T12[0], make_dose(40, "T-9"), *TWO_OF_T12[1:2], *TWO_OF_T12[3:]],
            [(ExceptionKind.WRONG_ORDER, "dosed as T-9, T-12, T-12; the recipe says T-12, T-9, T-12")],
        ),
    ],
)
def test_of_what_is_dosed_twice_each_dose_counts(
    readings: list[Reading], told: list[tuple[ExceptionKind, str]]
) -> None:
    assert list_exceptions_of_twice(*readings) == told


def test_a_running_batch_is_not_blamed_for_what_may_still_come() -> None:
    (batch,) = reconstruct_from(*normal_batch()[:2], now=seconds_after(70))
    assert judge_batch(batch).exceptions == () == judge_batch(batch, master=MASTER).exceptions


def test_times_that_are_not_the_stations_own_and_repaired_data_are_named() -> None:
    odd = replace(make_dose(61, "T-9"), time_quality=TimeQuality.UPTIME, flags=("actual_g: text",))
    readings = normal_batch()
    readings[1] = odd
    found = judge_batch(reconstruct_from(*readings)[0])
    assert [one.sentence for one in found.exceptions] == ["data were repaired or look odd: actual_g: text"]
    assert [one.sentence for one in found.remarks] == ["1 of 4 times are not the station's: receive(uptime)"]


def test_a_low_tank_is_a_remark_of_the_batches_that_took_from_it() -> None:
    low = make_level(-5, "L25B", 500.0), make_level(100, "L25B", 500.0)
    assert judge_readings(*normal_batch(), *low) == BatchFindings(())
    found = judge_readings(*normal_batch(), make_level(61.1, "T-9", 1999.0))
    assert (found.exceptions, [one.kind for one in found.remarks]) == ((), [ExceptionKind.LOW_STOCK])


@pytest.mark.parametrize(
    ("rules", "sentences"),
    [
        (RulesVersion.TANK_LIMITS, ["T-9 was down to 19.9 %"]),
        (RulesVersion.MISSING_NUMBERS, ["T-12 was down to 35.0 %", "T-9 was down to 20.0 %"]),
    ],
)
def test_a_tank_is_low_by_the_limit_of_its_own_chemical_since_version_5(
    rules: RulesVersion, sentences: list[str]
) -> None:
    limits = ReviewLimits(stock=StockLimits(low=36.0, own_lows={"t-12": 30.0, "t-9": 20.0}))
    levels = make_level(61.1, "T-9", 1996.0), make_level(61.2, "T-12", 3500.0)
    batch = reconstruct_from(*normal_batch(), *levels)[0]
    assert [one.sentence for one in judge_batch(batch, limits=limits, rules=rules).remarks] == sentences


def lose(seconds: float, count: int, numbers: str, device: str = STATION) -> MissingMessages:
    return MissingMessages(device, seconds_after(seconds), count, numbers)


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        ([lose(70, 2, "118-119")], "2 messages of the station missing around this batch (seq 118-119)"),
        ([lose(70, 2, "118-119"), lose(90, -1, "118")],
         "1 message of the station missing around this batch (seq 118-119)"),
        ([lose(70, 1, "118"), lose(90, -1, "118")], ""),
        ([lose(-1, 1, "7")], ""),
        ([lose(70, 1, "7", "another")], ""),
        ([lose(1_000, 1, "7")], ""),
    ],
)  # fmt: skip
def test_messages_that_are_missing_by_their_numbers_are_a_remark_and_the_reason_of_a_difference(
    gaps: list[MissingMessages], sentence: str
) -> None:
    (batch,) = reconstruct_from(*normal_batch())
    found = judge_batch(batch, missing=gaps)
    assert [one.sentence for one in found.remarks] == [sentence] * bool(sentence)
    assert found.exceptions == ()
    levels = make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4919.8)
    (batch,) = reconstruct_from(*normal_batch(), *levels)
    (finding,) = judge_batch(batch, missing=gaps).exceptions
    assert finding.sentence.endswith(f"than was dosed{sentence and '; '}{sentence}")
    assert judge_batch(batch, missing=gaps, rules=RulesVersion.EACH_DOSE) == judge_batch(batch)


def test_less_gone_than_was_dosed_is_said_as_less() -> None:
    readings = [*normal_batch(), make_level(-9, "T-9", 5000.0), make_level(90, "T-9", 4970.0)]
    (finding,) = [one for one in list_exceptions(*readings) if one.kind is ExceptionKind.MESSAGE_LOSS]
    assert "g less than was dosed" in finding.sentence


@pytest.mark.parametrize(
    ("t9_g", "t12_g", "sentences"),
    [
        (20.0, 2.5, []),
        (20.03, 2.5, []),  # the second decimal of 0.025 g per lb is 0.4 lb
        (
            20.0, 2.8,
            ["the targets are of different weights of BDO: 100.0 lb by T-9, 112.0 lb by T-12"],
        ),
    ],
)  # fmt: skip
def test_targets_of_different_pounds_of_bdo_are_an_exception(
    t9_g: float, t12_g: float, sentences: list[str]
) -> None:
    portions = MasterIngredient("T-9", g_per_lb=0.2), MasterIngredient("T-12", g_per_lb=0.025)
    master = MasterVersion(MasterRecipe("CU-85", portions, mode="BDO"), 1, NOON)
    readings: list[Reading] = [
        make_event(0, "start"),
        make_dose(61, "T-9", target_g=t9_g, actual_g=t9_g, mode="BDO"),
        make_dose(122, "T-12", target_g=t12_g, actual_g=t12_g, mode="BDO"),
        make_event(125, "complete"),
    ]
    exceptions = judge_batch(reconstruct_from(*readings)[0], master=master).exceptions
    assert [one.sentence for one in exceptions] == sentences
    assert {one.kind for one in exceptions} <= {ExceptionKind.WRONG_TARGET}


@pytest.mark.parametrize(
    ("chemical", "took_s", "is_remark"),
    [("T-9", 130, True), ("T-12", 130, False), ("T-9", 5, False)],
)
def test_a_dose_that_is_slow_at_every_station_is_a_remark_with_its_reason(
    chemical: str, took_s: float, *, is_remark: bool
) -> None:
    """A worn pump is slow alone; a cold chemical is slow everywhere."""
    alarm = AlarmSpan(f"CHEMICAL_SLOW/{chemical}", seconds_after(-600), None)
    doses = make_dose(131, "T-9", duration_s=took_s), make_dose(192, "T-12", target_g=5.0, actual_g=5.1)
    batch = reconstruct_from(make_event(0, "start"), *doses, make_event(195, "complete"))[0]
    found = judge_batch(batch, alarms=(alarm,))
    sentence = f"the dose of T-9 took {took_s} s"
    durations = [one for one in found.exceptions if one.kind is ExceptionKind.DURATION]
    slow = [one for one in found.remarks if one.kind is ExceptionKind.SLOW_CHEMICAL]
    assert [one.sentence for one in durations] == [sentence] * (not is_remark)
    assert [one.sentence for one in slow] == [f"{sentence}: every station was slower with it"] * is_remark


ALARM_CASES: dict[tuple[str, float, float | None], str] = {
    ("DEVICE_OFFLINE", -50, 5): "remark",
    ("CLOCK_SKEW", -50, None): "remark",
    ("ERR_RATE_1H", -50, None): "remark",
    ("ERR_MEAN_1H/pump 2", -50, None): "remark",
    ("CALIBRATION_DUE/pump 2", -50, None): "remark",
    ("TUBE_DUE/pump 2", -50, None): "remark",
    ("STOCK_LOW/T-9", -50, None): "remark",
    ("STOCK_LOW/L25B", -50, None): "remark",
    ("STOCK_RESET/T-9", 30, 95): "remark",
    ("DOSE_GROSS/T-9", 61.3, 125): "exception",
    ("DOSE_GROSS/L25B", 61.3, 125): "remark",
    ("DOSE_GROSS/T-9", 1, 61): "exception",
    ("DOSE_GROSS/T-9", -30, 30): "",
    ("DOSE_OUT_OF_TOL/T-9", 124, 184): "remark",  # raised a minute after its dose: of another batch's, late
    ("PUMP_CHEMICAL/pump 3", 61.3, 125): "exception",
    ("PUMP_CHEMICAL/pump 4", 61.3, 125): "remark",
    ("BATCH_ABORTED/CU-85", 0, 60): "",
    ("BATCH_INGREDIENT/CU-85", -5, 55): "",
    ("OF_A_LATER_VERSION", 0, 60): "exception",
}
"""Alarm, its time in s after the start of the batch, and what it is to the batch."""


@pytest.mark.parametrize("case", ALARM_CASES)
def test_an_alarm_is_an_exception_only_of_the_batch_it_says_something_of(
    case: tuple[str, float, float | None],
) -> None:
    name, since, until = case
    alarm = AlarmSpan(name, seconds_after(since), None if until is None else seconds_after(until), STATION)
    found = judge_batch(reconstruct_from(*normal_batch())[0], alarms=(alarm,))
    told = ["exception"] * len(found.exceptions) + ["remark"] * len(found.remarks)
    assert told == [ALARM_CASES[case]] * bool(ALARM_CASES[case])


def test_earlier_rules_find_what_they_found() -> None:
    batch = reconstruct_from(*normal_batch(), make_level(61.1, "T-9", 1999.0))[0]
    alarms = tuple(
        AlarmSpan(name, seconds_after(-5), None, STATION) for name in ("ERR_RATE_1H", "STOCK_LOW/L25B")
    )
    found = judge_batch(batch, alarms=alarms, rules=RulesVersion.ALL_COUNT)
    assert [one.kind for one in found.exceptions] == [ExceptionKind.LOW_STOCK, ExceptionKind.ALARM]
    assert found.remarks == ()


def test_every_kind_and_every_alarm_rule_has_a_declared_weight() -> None:
    """A kind or rule without one is a type error; the words for it are in docs/user/reviewer.md."""
    text = (Path(__file__).parents[4] / "docs/user/reviewer.md").read_text()
    assert all(isinstance(kind.weight, BatchWeight) for kind in ExceptionKind)
    assert all(f"`{rule.id}`" in text for rule in RULES.values())
    assert all(kind.value in text for kind in ExceptionKind)


def test_a_jump_of_a_tank_that_it_did_not_use_or_after_its_end_is_a_remark() -> None:
    unused = make_level(-9, "L25B", 100.0), make_level(61.1, "L25B", 9000.0)
    after = make_level(-9, "T-9", 100.0), make_level(130, "T-9", 9000.0)
    for levels in (unused, after):
        found = judge_readings(*normal_batch(), *levels)
        assert (found.exceptions, [one.kind for one in found.remarks]) == ((), [ExceptionKind.STOCK_JUMP])


@given(st.data())
def test_a_refill_or_reboot_is_an_exception_of_at_most_one_batch(data: st.DataObject) -> None:
    """However levels are lost, and whenever the jumps come; batches may even overlap."""
    starts = sorted(data.draw(st.lists(st.integers(0, 1_500), min_size=2, max_size=6, unique=True)))
    jumps = data.draw(st.lists(st.floats(-50, 1_900), min_size=1, max_size=3, unique=True))
    readings: list[Reading] = [make_level(-60, "T-9", 1_000.0)]
    level_g = 1_000.0
    dosed_at = [start + 61.0 for start in starts]
    for at, is_jump in sorted([*((at, False) for at in dosed_at), *((at, True) for at in jumps)]):
        level_g += 1_000.0 if is_jump else -40.1
        if data.draw(st.booleans()):
            readings.append(make_level(at + 0.1, "T-9", level_g))
    readings += [
        message
        for number, start in enumerate(starts)
        for message in normal_batch(start)
        if data.draw(st.booleans()) or number % 2
    ]
    exceptions = [
        one
        for batch in reconstruct_from(*readings)
        for one in judge_batch(batch).exceptions
        if one.kind is ExceptionKind.STOCK_JUMP
    ]
    assert len(exceptions) <= len(jumps)


def test_alarms_that_were_active_during_the_batch_are_named() -> None:
    during = AlarmSpan("stock low", seconds_after(-50), None, "dosing_system_01")
    before, elsewhere = (
        AlarmSpan("early", seconds_after(-90), seconds_after(-1)),
        AlarmSpan("there", seconds_after(5), None, "dosing_system_02"),
    )
    (finding,) = list_exceptions(*normal_batch(), alarms=(during, before, elsewhere))
    assert finding == BatchException(ExceptionKind.ALARM, "", "the alarm 'stock low' was active")
