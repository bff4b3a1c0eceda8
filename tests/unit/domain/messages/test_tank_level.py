"""How full a tank is, in bands, percent and words."""

import pytest
from msgspec.structs import replace

from dosing_tui.domain.messages.tank_level import (
    LevelBand,
    classify_level,
    compute_percent,
    describe_low_level,
    fill_capacity,
)
from tests.support.domain.payload_samples import LEVEL, a_level, change_fields, remove_fields

FULL = a_level(LEVEL)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (None, LevelBand.UNKNOWN),
        (float("nan"), LevelBand.UNKNOWN),
        (-1.0, LevelBand.LOW),
        (0.0, LevelBand.LOW),
        (19.999, LevelBand.LOW),
        (20.0, LevelBand.WARN),
        (35.0, LevelBand.WARN),
        (50.0, LevelBand.WARN),
        (50.001, LevelBand.NORMAL),
        (101.0, LevelBand.NORMAL),
    ],
)
def test_bands_begin_and_end_at_the_limits(percent: float | None, expected: LevelBand) -> None:
    assert classify_level(percent) is expected


def test_limits_may_be_others() -> None:
    assert classify_level(25.0, 30.0, 60.0) is LevelBand.LOW
    assert classify_level(60.0, 30.0, 60.0) is LevelBand.WARN


@pytest.mark.parametrize(
    ("remaining", "capacity", "percent"),
    [
        (7_500.0, 15_000.0, 50.0), (2_999.4, 15_000.0, 19.996), (-150.0, 15_000.0, -1.0),
        (0.0, 15_000.0, 0.0),
        (None, 15_000.0, None), (1.0, None, None), (1.0, 0.0, None), (1.0, -5.0, None),
    ],
)  # fmt: skip
def test_percent_is_computed_where_it_can_be(
    remaining: float | None, capacity: float | None, percent: float | None
) -> None:
    assert compute_percent(remaining, capacity) == percent


def test_a_level_that_has_its_capacity_is_complete() -> None:
    assert fill_capacity(FULL, 99.0) is FULL


def test_a_level_without_a_capacity_takes_the_known_one() -> None:
    found = fill_capacity(replace(FULL, capacity_g=None, percent_full=1.0), 20_000.0)
    assert (found.capacity_g, found.percent_full) == (20_000.0, 61.728)
    assert found.flags == ("capacity_g: last known",)


@pytest.mark.parametrize("known", [None, 0.0, -1.0])
def test_a_level_stays_as_it_is_where_no_capacity_is_known(known: float | None) -> None:
    level = a_level(remove_fields(LEVEL, "capacity_g"))
    assert fill_capacity(level, known) is level


def test_a_level_without_mass_keeps_the_percent_it_was_sent() -> None:
    level = replace(FULL, remaining_g=None, capacity_g=None, percent_full=12.5)
    assert fill_capacity(level, 20_000.0).percent_full == 12.5


@pytest.mark.parametrize(
    ("percent", "sentence"),
    [
        (16.4, "Low inventory: T-9 at 16.4 %"),
        (19.996, "Low inventory: T-9 at 19.9 %"),
        (0.0, "Low inventory: T-9 at 0.0 %"),
        (-0.34, "Low inventory: T-9 at -0.4 %"),
        (20.0, None),
        (None, None),
    ],
)
def test_a_tank_that_runs_low_is_described_in_a_sentence(percent: float | None, sentence: str | None) -> None:
    assert describe_low_level(replace(FULL, chemical="T-9", percent_full=percent)) == sentence


def test_a_refilled_tank_is_no_longer_described() -> None:
    assert describe_low_level(a_level(change_fields(LEVEL, remaining_g=3_000.0))) is None
    assert (
        describe_low_level(a_level(change_fields(LEVEL, remaining_g=2_999.9)))
        == "Low inventory: T-12 at 19.9 %"
    )
