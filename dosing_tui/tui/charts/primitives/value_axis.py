"""The scale of values: from 0 for amounts, fitted to the data for values that lie close to each other."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from msgspec import Struct

from dosing_tui.tui.charts.primitives.scale import find_round_top

_ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_FITTED_PARTS = 4
"""Steps of a fitted scale, about."""
_MIN_RELATIVE_SPAN = 0.02
"""Span of the scale of equal values, as a share of them."""


_EXTREME_FACTOR = 100
"""Beside a value so many times the median, nothing else has the height of a character."""
_MIN_USUAL_VALUES = 5


class ValueAxis(Struct, frozen=True):
    """From ``bottom`` to ``top``, which differ; ``ticks`` are the values with a label, without the bottom."""

    bottom: float
    top: float
    ticks: tuple[float, ...]

    def to_share(self, value: float) -> float:
        """Where a value lies, from 0 at the bottom to 1 at the top; values outside lie on the edge."""
        return max(0.0, min(1.0, (value - self.bottom) / (self.top - self.bottom)))

    def contains(self, value: float) -> bool:
        return self.bottom <= value <= self.top

    def to_row(self, value: float, height: int) -> int:
        """The row of a plot that holds a value: labels, lines and limits go through this one function."""
        return max(0, min(height - 1, height - 1 - int(self.to_share(value) * height - 1e-9)))


def build_zero_axis(largest: float, *, min_top: float = 0.0, parts: int = 2) -> ValueAxis:
    """From 0 to a round number not below ``largest``."""
    top = max(min_top, find_round_top(largest))
    return ValueAxis(0.0, top, tuple(top * part / parts for part in range(1, parts + 1)))


def build_fitted_axis(values: Sequence[float]) -> ValueAxis:
    """Round numbers around the values; from 0 where the smallest is not far from it.

    >>> build_fitted_axis([57.0, 63.0])
    ValueAxis(bottom=56.0, top=64.0, ticks=(58.0, 60.0, 62.0, 64.0))
    """
    finite = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    span = max(high - low, _MIN_RELATIVE_SPAN * max(abs(low), abs(high))) or 1.0
    if 0 <= low < span / 2:
        low = 0.0
    step = _choose_step(max(high - low, span) / _FITTED_PARTS)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    if first == last:
        first, last = first - 1, last + 1
    ticks = tuple(_drop_noise(number * step) for number in range(first + 1, last + 1))
    return ValueAxis(_drop_noise(first * step), ticks[-1], ticks)


def _choose_step(least: float) -> float:
    """The least round number not below ``least``."""
    magnitude = 10.0 ** floor(log10(least))
    return next(
        (step * magnitude for step in _ROUND_STEPS if step * magnitude >= least * (1 - 1e-9)), 10 * magnitude
    )


def _drop_noise(value: float) -> float:
    return float(f"{value:.12g}")


def find_usual_top(values: Sequence[float | None]) -> float:
    """The largest amount, without the few that are far beyond the others: one false dose must not hide a day.

    >>> find_usual_top([40.0, 5.0, None, 45.0, 40.0, 44.0, 1e12])
    45.0
    """
    ordered = sorted(value for value in values if value is not None and value > 0 and isfinite(value))
    if len(ordered) < _MIN_USUAL_VALUES:
        return ordered[-1] if ordered else 0.0
    usual = [value for value in ordered if value <= _EXTREME_FACTOR * ordered[len(ordered) // 2]]
    return usual[-1] if len(ordered) - len(usual) <= max(1, len(ordered) // 10) else ordered[-1]


def trim_outliers(values: Sequence[float], *, kept_share: float = 0.9) -> list[float]:
    """The middle of the values, without the few that would flatten the rest.

    >>> trim_outliers([60.0] * 19 + [900.0])[-1]
    60.0
    """
    ordered = sorted(value for value in values if isfinite(value))
    cut = int(len(ordered) * (1 - kept_share) / 2 + 0.5)
    return ordered[cut : len(ordered) - cut] or ordered
