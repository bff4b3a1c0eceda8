"""Control limits, Cpk, bias, run rules and overshoot: a published example, and properties of any series."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dosing_tui.domain.capability.individuals_chart import ControlLimits, compute_limits, list_moving_ranges
from dosing_tui.domain.capability.overshoot_fit import fit_overshoot
from dosing_tui.domain.capability.process_capability import (
    compute_allowance,
    compute_cpk,
    find_causes,
    get_shift,
)
from dosing_tui.domain.capability.run_rules import RUN_RULES, find_runs
from dosing_tui.domain.capability.shift_cause import ShiftCause
from tests.support.database.expected_pumps import expect_pumps
from tests.support.database.planned_month import plan_month

FLOWRATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
"""NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2: flow rates of ten batches."""
errors = st.integers(-3000, 3000).map(lambda hundredths: hundredths / 100)
series = st.lists(errors, min_size=2, max_size=40)


def test_the_limits_are_those_of_the_published_example() -> None:
    limits = compute_limits(FLOWRATE)
    assert limits is not None
    assert limits.mean == pytest.approx(50.81)
    assert limits.mean_range == pytest.approx(1.8778, abs=5e-5)
    assert (limits.lower, limits.upper) == pytest.approx((45.8159, 55.8041), abs=1e-4)
    assert [finding for finding in find_runs(FLOWRATE, limits) if finding.rule.number == 1] == []


def test_a_single_value_has_no_limits() -> None:
    assert compute_limits([1.0]) is None
    assert compute_limits([]) is None


def test_the_rules_say_of_a_month_what_the_formulas_say() -> None:
    """The panel is held to the same rows: the control chart and the table show one sigma."""
    doses = sorted(plan_month().doses, key=lambda dose: dose.time)
    rows = expect_pumps(doses, doses[0].time, doses[-1].time, (), 0.5)
    assert len(rows) == 8
    for row in rows:
        own = [
            d for d in doses[:-1] if (d.device_id, d.pump, d.target_g) == row.identity[:2] + row.identity[3:]
        ]
        values = [dose.error_g for dose in own if dose.error_g is not None]
        limits = compute_limits(values)
        assert limits is not None
        cpk = compute_cpk(limits.mean, limits.sigma, row.tolerance_g)
        assert (limits.mean, limits.sigma, cpk) == pytest.approx((row.mean_error_g, row.sigma_g, row.cpk))
        assert compute_allowance(row.tolerance_g) == row.allowance_g
        rated = [
            (d.error_g, 1000 * (d.target_g or 0.0) / d.duration_ms)
            for d in own if d.error_g is not None and d.duration_ms
        ]  # fmt: skip
        fit = fit_overshoot(*zip(*rated, strict=True))
        assert fit is not None
        assert (fit.overshoot_g, fit.stop_delay_s, fit.rate) == pytest.approx(
            (row.overshoot_g, row.stop_delay_s, row.rate_g_per_s)
        )


@given(series, errors)
def test_limits_move_with_the_values_and_sigma_does_not(values: list[float], offset: float) -> None:
    limits, moved = compute_limits(values), compute_limits([value + offset for value in values])
    assert limits is not None
    assert moved is not None
    assert moved.mean == pytest.approx(limits.mean + offset, abs=1e-9)
    assert moved.sigma == pytest.approx(limits.sigma, abs=1e-9)
    assert limits.upper - limits.mean == pytest.approx(2.66 * limits.mean_range, rel=2e-4, abs=1e-12)


@given(series, series)
def test_ranges_of_two_parts_are_joined_by_the_range_between_them(
    earlier: list[float], later: list[float]
) -> None:
    joint = abs(later[0] - earlier[-1])
    parts = [*list_moving_ranges(earlier), joint, *list_moving_ranges(later)]
    assert list_moving_ranges([*earlier, *later]) == parts


@given(errors, st.floats(0.01, 5), st.floats(0.01, 5), st.floats(1, 3))
def test_cpk_falls_with_bias_and_scatter_and_grows_with_the_tolerance(
    mean: float, sigma: float, tolerance: float, factor: float
) -> None:
    cpk = compute_cpk(mean, sigma, tolerance)
    wider = compute_cpk(mean, sigma, tolerance * factor)
    assert cpk is not None
    assert wider is not None
    assert cpk == compute_cpk(-mean, sigma, tolerance)
    assert wider >= cpk
    assert (cpk < 0) == (abs(mean) > tolerance)
    assert compute_cpk(mean, 0.0, tolerance) is None


@given(errors, st.floats(0.01, 50))
def test_a_shift_is_a_bias_of_more_than_a_quarter_of_the_tolerance(mean: float, tolerance: float) -> None:
    shift = get_shift(mean, compute_allowance(tolerance))
    assert (shift != 0) == (abs(mean) > tolerance / 4)
    assert shift * mean >= 0


@given(st.dictionaries(st.integers(1, 8), st.sampled_from((-1, 0, 1)), max_size=8))
def test_all_pumps_of_a_station_say_scale_and_one_says_tube(shifts: dict[int, int]) -> None:
    causes = find_causes(shifts)
    assert {pump for pump, cause in causes.items() if cause} == {p for p, shift in shifts.items() if shift}
    is_common = len(shifts) > 1 and len(set(shifts.values())) == 1 and any(shifts.values())
    assert (ShiftCause.SCALE in causes.values()) == is_common


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        (1, [3.1]),
        (2, [0.1, 0.2, 0.1, 0.3, 0.1, 0.2, 0.1, 0.2, 0.1]),
        (3, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (4, [0.1, -0.1] * 7),
        (5, [2.1, 0.0, 2.2]),
        (6, [1.1, 1.2, 0.0, 1.1, 1.2]),
        (7, [0.5, -0.5, 0.9] * 5),
        (8, [1.5, -1.5] * 4),
    ],
)
def test_each_run_is_seen_and_is_not_while_one_value_is_missing(number: int, zones: list[float]) -> None:
    limits = ControlLimits(10.0, 2.0)
    values = [10 + 2 * zone for zone in zones]
    assert number in {
        found.rule.number for found in find_runs(values, limits) if found.last == len(values) - 1
    }
    assert number not in {found.rule.number for found in find_runs(values[1:], limits)}


@given(series)
def test_runs_do_not_depend_on_the_side_and_need_scatter(values: list[float]) -> None:
    limits = ControlLimits(0.0, 1.0)
    found = [(run.rule.number, run.last) for run in find_runs(values, limits)]
    mirrored = [(run.rule.number, run.last) for run in find_runs([-value for value in values], limits)]
    assert found == mirrored
    assert find_runs(values, ControlLimits(0.0, 0.0)) == []
    assert [rule.number for rule in RUN_RULES] == list(range(1, 9))


@given(st.lists(st.integers(1, 400), min_size=2, max_size=30), errors, st.floats(-2, 2))
def test_a_straight_line_is_found_again(centigrams: list[int], overshoot: float, delay: float) -> None:
    rates = [value / 100 for value in centigrams]
    assume(len(set(rates)) > 1)
    fit = fit_overshoot([overshoot + delay * rate for rate in rates], rates)
    assert fit is not None
    assert fit.overshoot_g == pytest.approx(overshoot, abs=1e-6)
    assert fit.stop_delay_s == pytest.approx(delay, abs=1e-6)


@given(series)
def test_the_early_stop_is_the_mean_error(values: list[float]) -> None:
    rates = [0.5 + 0.01 * number for number in range(len(values))]
    fit = fit_overshoot(values, rates)
    assert fit is not None
    assert fit.early_stop_g == pytest.approx(sum(values) / len(values), abs=1e-6)
    assert fit_overshoot(values, [0.7] * len(values)) is None
    assert fit_overshoot([], []) is None
