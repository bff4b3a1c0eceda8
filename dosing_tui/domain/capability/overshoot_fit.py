"""How much runs on after a pump's stop: the error as a straight line of the rate, by least squares.

The rate of a dose is its target / its duration: the mass that was dosed holds the error itself, and a line
through it would find what was put in. ``panels/pump_capability`` computes the same in SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_SPREAD = 1e-9
"""Rates with a smaller share of spread are equal: a line through them has no direction."""


@dataclass(frozen=True, slots=True)
class OvershootFit:
    """error = ``overshoot_g`` + ``stop_delay_s`` x rate; ``rate`` is the mean rate in g/s."""

    overshoot_g: float
    stop_delay_s: float
    rate: float

    @property
    def early_stop_g(self) -> float:
        """Grams before the target at which the pump has to stop, at its mean rate."""
        return self.overshoot_g + self.stop_delay_s * self.rate


def fit_overshoot(errors_g: Sequence[float], rates: Sequence[float]) -> OvershootFit | None:
    """None if the rates (in g/s) do not differ.

    >>> fit_overshoot([0.3, 0.5], [1.0, 2.0]).early_stop_g
    0.4
    """
    count = len(rates)
    if not count:
        return None
    rate, error = sum(rates) / count, sum(errors_g) / count
    spread = sum((one - rate) ** 2 for one in rates)
    if spread <= LEAST_SPREAD * sum(one * one for one in rates):
        return None
    common = sum((one - rate) * (g - error) for one, g in zip(rates, errors_g, strict=True))
    slope = common / spread
    return OvershootFit(error - slope * rate, slope, rate)
