"""What a pump can do within its tolerance: Cpk, and the bias with its allowance.

``panels/pump_capability`` computes the same in SQL. Sources: NIST/SEMATECH e-Handbook, 6.1.6 "What is Process
Capability?" (Cpk); OIML R61-1, 2.3 (the setting error is at most a quarter of the permitted deviation).
"""

from collections.abc import Mapping

from dosing_tui.domain.capability.shift_cause import ShiftCause

MIN_DOSES = 10
"""Fewer doses say nothing about a pump."""
ALLOWANCE_SHARE = 0.25
"""Permitted |mean error|, as a share of the tolerance."""


def compute_cpk(mean_g: float, sigma_g: float, tolerance_g: float) -> float | None:
    """Distance of the mean error from the nearer tolerance limit / 3 sigma; negative beyond it.

    None without scatter.

    >>> round(compute_cpk(0.41, 0.15, 0.5), 2)
    0.2
    """
    return (tolerance_g - abs(mean_g)) / (3 * sigma_g) if sigma_g > 0 else None


def compute_allowance(tolerance_g: float) -> float:
    """The largest permitted |mean error| in g."""
    return ALLOWANCE_SHARE * tolerance_g


def get_shift(mean_g: float, allowance_g: float) -> int:
    """1 for a bias above the allowance, -1 for one below its negative, else 0."""
    return (mean_g > allowance_g) - (mean_g < -allowance_g)


def find_causes(shifts: Mapping[int, int]) -> dict[int, ShiftCause]:
    """The cause for each pump of one station, by its shift (see ``get_shift``).

    >>> find_causes({1: 0, 2: 1})[2], find_causes({1: 1, 2: 1})[2]
    (<ShiftCause.TUBE: 'tube'>, <ShiftCause.SCALE: 'scale'>)
    """
    directions = set(shifts.values())
    is_common = len(shifts) > 1 and len(directions) == 1
    shared = ShiftCause.SCALE if is_common else ShiftCause.TUBE
    return {pump: shared if shift else ShiftCause.NONE for pump, shift in shifts.items()}
