"""How long a tank lasts: use per production day, cover, reorder point, batches left.

``panels/stock_outlook`` and ``panels/batches_left`` compute the same in SQL. Reorder point: demand in the
lead time + z standard deviations of it, for independent days (Silver, Pyke, Thomas, "Inventory and Production
Management in Supply Chains", 4th ed., chapter 6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from statistics import fmean, stdev

MIN_PRODUCTION_DAYS = 3
"""Fewer days say nothing about the use."""


@dataclass(frozen=True, slots=True)
class DailyUse:
    """Use per production day in g. ``low_g`` and ``high_g``: the 10th and 90th percentile."""

    days: int
    mean_g: float
    deviation_g: float
    low_g: float
    high_g: float


def compute_percentile(values: Sequence[float], share: float) -> float:
    """Interpolated linearly between the neighbours, as ``percentile_cont`` of SQL.

    >>> compute_percentile([0.0, 10.0], 0.9)
    9.0
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = min(floor(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def summarize_use(uses_g: Sequence[float]) -> DailyUse | None:
    """Of one use for each production day; None for fewer than three."""
    if len(uses_g) < MIN_PRODUCTION_DAYS:
        return None
    return DailyUse(
        len(uses_g),
        fmean(uses_g),
        stdev(uses_g),
        compute_percentile(uses_g, 0.1),
        compute_percentile(uses_g, 0.9),
    )


def compute_cover(remaining_g: float, use_g: float) -> float | None:
    """Production days that the stock lasts at this use per day; None without use."""
    return remaining_g / use_g if use_g > 0 else None


def compute_reorder_point(use: DailyUse, *, lead_days: float, z: float) -> float | None:
    """The stock in g at which to order; None where the lead time is not known.

    >>> compute_reorder_point(DailyUse(3, 100.0, 10.0, 90.0, 110.0), lead_days=4, z=1.65)
    433.0
    """
    if lead_days <= 0:
        return None
    return use.mean_g * lead_days + z * use.deviation_g * sqrt(lead_days)


def count_batches_left(
    remaining_g: Mapping[str, float], medians_g: Mapping[str, float]
) -> tuple[int, str] | None:
    """Whole batches until the scarcest ingredient is used up, and its name; None without a use.

    >>> count_batches_left({"T-12": 500.0, "T-9": 9_000.0}, {"T-12": 40.0, "T-9": 40.0})
    (12, 'T-12')
    """
    left = [
        (floor(max(0.0, remaining_g[name]) / median), name)
        for name, median in medians_g.items()
        if median > 0 and name in remaining_g
    ]
    return min(left, default=None)
