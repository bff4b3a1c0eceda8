"""How long new batches may stay away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.pipeline.batch_rebuilder import LONGEST_PAUSE_S, compute_pause, describe_delay


@pytest.mark.parametrize(
    ("took_s", "pause_s"), [(0.0, 2.0), (0.1, 2.0), (3.0, 30.0), (29.0, 290.0), (600.0, 300.0)]
)
def test_a_database_is_spared_after_a_long_rebuild_but_not_for_hours(took_s: float, pause_s: float) -> None:
    assert compute_pause(took_s, 2.0) == pause_s


@given(st.floats(0, 1e6), st.floats(0.001, 600))
def test_the_pause_is_bounded_whatever_a_rebuild_takes(took_s: float, interval_s: float) -> None:
    assert interval_s <= compute_pause(took_s, interval_s) <= max(interval_s, LONGEST_PAUSE_S)


def test_batches_that_are_stored_late_are_a_sentence_for_the_operator() -> None:
    assert describe_delay(10.0, 100.0) == ""
    assert describe_delay(390.0, 300.0) == (
        "New batches are stored up to 18 min late: the last rebuild of changed batches took 6 min 30 s."
    )
