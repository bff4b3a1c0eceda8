"""The least dose that a scale can weigh, after USP <41> ("Balances", in force since 2019).

A balance repeats well enough for a net mass m if 2 s / m is at most the permitted share p (USP: 0.10 %), with
s the standard deviation of ten or more weighings. Where s is below 0.41 d, d the scale division, 0.41 d takes
its place: a reading rounded to d scatters at least so far.
"""

DIVISION_FACTOR = 0.41
COVERAGE_FACTOR = 2.0


def compute_least_dose(*, division_g: float, deviation_g: float, repeatability_percent: float) -> float:
    """Return the least mass in g: 2 max(s, 0.41 d) / p; 0 if neither d nor s is known.

    >>> round(compute_least_dose(division_g=0.01, deviation_g=0.0, repeatability_percent=0.1), 6)
    8.2
    """
    spread_g = max(deviation_g, DIVISION_FACTOR * division_g)
    if spread_g <= 0 or repeatability_percent <= 0:
        return 0.0
    return COVERAGE_FACTOR * spread_g / (repeatability_percent / 100.0)
