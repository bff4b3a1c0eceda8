"""Run rules: each is seen when its run is whole, whatever the side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.capability.individuals_chart import ControlLimits
from dosing_tui.domain.capability.run_rules import RUN_RULES, find_runs

errors = st.integers(-3000, 3000).map(lambda hundredths: hundredths / 100)
series = st.lists(errors, min_size=2, max_size=40)


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
