"""Use, cover, reorder point and batches left: examples, and properties of any stock."""

from collections import defaultdict
from datetime import date
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.materials.stock_outlook import (
    compute_cover,
    compute_percentile,
    compute_reorder_point,
    count_batches_left,
    summarize_use,
)
from tests.support.database.expected_stock import expect_outlook
from tests.support.database.planned_month import plan_month

grams = st.integers(0, 5_000_00).map(lambda hundredths: hundredths / 100)
uses = st.lists(grams, min_size=3, max_size=28)
names = st.sampled_from(("T-12", "T-9", "DMDEE", "L25B"))


def test_500_g_at_a_median_of_40_g_are_12_batches() -> None:
    assert count_batches_left({"T-12": 500.0}, {"T-12": 40.0}) == (12, "T-12")
    assert count_batches_left({"T-12": 500.0, "T-9": 479.9}, {"T-12": 40.0, "T-9": 40.0}) == (11, "T-9")


@pytest.mark.parametrize("count", range(3))
def test_fewer_than_three_production_days_say_nothing(count: int) -> None:
    assert summarize_use([100.0] * count) is None


def test_the_rules_say_of_a_month_what_the_formulas_say() -> None:
    """The panel is held to the same rows."""
    month, zone = plan_month(), ZoneInfo("Europe/Berlin")
    now = max(dose.time for dose in month.doses)
    rows = expect_outlook(month.levels, month.doses, now, zone, lead_days=6, z=1.65)
    assert len(rows) == 4
    for row in rows:
        days: dict[date, float] = defaultdict(float)
        for dose in month.doses:
            if (dose.device_id, dose.chemical) == row.identity:
                days[dose.time.astimezone(zone).date()] += dose.actual_g or 0.0
        use = summarize_use([days[day] for day in sorted(days) if day < now.astimezone(zone).date()])
        assert use is not None
        assert row.remaining_g is not None
        assert (use.days, use.mean_g, use.low_g, use.high_g) == pytest.approx(
            (row.production_days, row.use_28_days_g, row.use_p10_g, row.use_p90_g)
        )
        assert compute_cover(row.remaining_g, use.mean_g) == pytest.approx(row.cover_days)
        assert compute_cover(row.remaining_g, use.high_g) == pytest.approx(row.least_cover_days)
        assert compute_reorder_point(use, lead_days=6, z=1.65) == pytest.approx(row.reorder_g)


@given(uses)
def test_the_use_lies_between_its_ends(days: list[float]) -> None:
    use = summarize_use(days)
    assert use is not None
    assert use.days == len(days)
    assert min(days) <= use.low_g <= use.high_g <= max(days)
    assert min(days) - 1e-9 <= use.mean_g <= max(days) + 1e-9
    assert compute_percentile(days, 0.0) == min(days)
    assert compute_percentile(days, 1.0) == max(days)


@given(grams, st.floats(0.01, 10_000))
def test_cover_times_use_is_the_stock(remaining: float, use: float) -> None:
    cover = compute_cover(remaining, use)
    assert cover is not None
    assert cover * use == pytest.approx(remaining)
    assert compute_cover(remaining, 0.0) is None


@given(uses, st.floats(0.1, 60), st.floats(0, 4))
def test_a_reorder_point_covers_the_lead_time_and_grows_with_it(
    days: list[float], lead_days: float, z: float
) -> None:
    use = summarize_use(days)
    assert use is not None
    point = compute_reorder_point(use, lead_days=lead_days, z=z)
    later = compute_reorder_point(use, lead_days=2 * lead_days, z=z)
    assert point is not None
    assert later is not None
    assert use.mean_g * lead_days - 1e-6 <= point <= later
    assert compute_reorder_point(use, lead_days=0, z=z) is None


@given(st.dictionaries(names, grams), st.dictionaries(names, grams))
def test_no_ingredient_runs_out_before_the_batches_left(
    remaining: dict[str, float], medians: dict[str, float]
) -> None:
    known = {name: median for name, median in medians.items() if median > 0 and name in remaining}
    found = count_batches_left(remaining, medians)
    if not known:
        assert found is None
        return
    assert found is not None
    count, scarcest = found
    assert count == floor(remaining[scarcest] / known[scarcest])
    assert all(count <= remaining[name] / median for name, median in known.items())
