"""The hourly view is refreshed in steps: whole hours without a gap, narrower where one takes long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.database.legacy_import.hourly_history import FIRST_STEP, MAX_STEP, MIN_STEP, iterate_steps

NOW = datetime(2026, 11, 30, 12, 34, 56, tzinfo=UTC)


def list_steps(since: datetime, seconds: float) -> list[tuple[datetime, datetime]]:
    """As if each step took so many seconds."""
    moments: Iterator[float] = (seconds * (number // 2 + number % 2) for number in range(10**6))
    return list(iterate_steps(since, NOW, clock=lambda: next(moments)))


@pytest.mark.parametrize("seconds", [0.0, 1.5, 60.0])
def test_steps_leave_no_gap(seconds: float) -> None:
    since = NOW.astimezone(ZoneInfo("Asia/Kolkata")) - timedelta(days=90)
    steps = list_steps(since, seconds)
    assert steps[0][0] == datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert steps[-1][1] == NOW - timedelta(hours=1)
    assert [until for _, until in steps[:-1]] == [start for start, _ in steps[1:]]
    assert all(start.minute == start.second == 0 for start, _ in steps)
    assert all(MIN_STEP <= until - start <= MAX_STEP + MIN_STEP for start, until in steps)


def test_their_width_follows_the_time_that_they_take() -> None:
    quick, steady, slow = (list_steps(NOW - timedelta(days=90), seconds) for seconds in (0.0, 1.5, 60.0))
    assert len(quick) < 20
    assert steady[5][1] - steady[5][0] == FIRST_STEP
    assert slow[5][1] - slow[5][0] == MIN_STEP


def test_too_few_hours_are_no_step() -> None:
    assert list_steps(NOW - timedelta(hours=3), 0.0) == []
    assert list_steps(NOW + timedelta(days=1), 0.0) == []
    assert len(list_steps(NOW - timedelta(hours=5), 0.0)) == 1
