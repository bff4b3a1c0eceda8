"""Runs in a control chart that chance seldom makes: advice where to look, never an alarm.

Source: L. S. Nelson, "The Shewhart Control Chart: Tests for Special Causes", Journal of Quality Technology 16
(1984), 237-239.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from dosing_tui.domain.capability.individuals_chart import ControlLimits

Zones = Sequence[float]
"""Values as multiples of sigma from the mean."""


class RunRule(Struct, frozen=True):
    """``is_met`` is asked of each window of ``length`` values."""

    number: int
    length: int
    text: str
    is_met: Callable[[Zones], bool]


class RunFinding(Struct, frozen=True):
    """The rule holds for the values up to index ``last``."""

    rule: RunRule
    last: int


def _is_one_side(zones: Zones) -> bool:
    return all(zone > 0 for zone in zones) or all(zone < 0 for zone in zones)


def _is_trend(zones: Zones) -> bool:
    steps = [later - earlier for earlier, later in pairwise(zones)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _is_alternating(zones: Zones) -> bool:
    steps = [later - earlier for earlier, later in pairwise(zones)]
    return all(one * other < 0 for one, other in pairwise(steps))


def _are_beyond(zones: Zones, distance: float, count: int) -> bool:
    above = sum(zone > distance for zone in zones)
    below = sum(zone < -distance for zone in zones)
    return max(above, below) >= count


RUN_RULES = (
    RunRule(1, 1, "beyond a control limit", lambda zones: abs(zones[0]) > 3),
    RunRule(2, 9, "9 in a row on one side of the mean", _is_one_side),
    RunRule(3, 6, "6 in a row rising or falling", _is_trend),
    RunRule(4, 14, "14 in a row up and down in turn", _is_alternating),
    RunRule(5, 3, "2 of 3 beyond 2 sigma on one side", lambda zones: _are_beyond(zones, 2, 2)),
    RunRule(6, 5, "4 of 5 beyond 1 sigma on one side", lambda zones: _are_beyond(zones, 1, 4)),
    RunRule(7, 15, "15 in a row within 1 sigma", lambda zones: all(abs(zone) < 1 for zone in zones)),
    RunRule(8, 8, "8 in a row beyond 1 sigma", lambda zones: all(abs(zone) > 1 for zone in zones)),
)


def find_runs(values: Sequence[float], limits: ControlLimits) -> list[RunFinding]:
    """Every window that meets a rule, in the order of the rules; none without scatter."""
    if limits.sigma <= 0:
        return []
    zones = [(value - limits.mean) / limits.sigma for value in values]
    return [
        RunFinding(rule, end - 1)
        for rule in RUN_RULES
        for end in range(rule.length, len(zones) + 1)
        if rule.is_met(zones[end - rule.length : end])
    ]
