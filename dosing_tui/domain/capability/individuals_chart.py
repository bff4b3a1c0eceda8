"""Control chart of single values: limits from the ranges between neighbours.

Mean and sigma are those of ``panels/pump_capability``, so that table and chart say the same.
Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 "Individuals Control Charts".
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

D2 = 1.128
"""Mean range of two values from a normal distribution with sigma 1."""
RANGE_LIMIT_FACTOR = 3.267
"""D4 for two values: upper limit of a range, as a multiple of the mean range."""


class ControlLimits(Struct, frozen=True):
    """Mean and sigma of a series; both in the unit of its values."""

    mean: float
    sigma: float

    @property
    def lower(self) -> float:
        return self.mean - 3 * self.sigma

    @property
    def upper(self) -> float:
        """Mean + 3 sigma, which is the mean + 2.66 times the mean range."""
        return self.mean + 3 * self.sigma

    @property
    def mean_range(self) -> float:
        return self.sigma * D2

    @property
    def range_limit(self) -> float:
        """Upper limit of the range between two neighbours."""
        return RANGE_LIMIT_FACTOR * self.mean_range


def list_moving_ranges(values: Sequence[float]) -> list[float]:
    """The range between each value and the next."""
    return [abs(later - earlier) for earlier, later in pairwise(values)]
