"""Accuracy classes X(x) of OIML R61, as a rule of this plant for the error of a dose.

R61 ("Automatic gravimetric filling instruments", Table 1) limits the deviation of each fill from the mean of
the fills, and apart from it the mean's deviation from the preset value. This program applies the table's
in-service values to the error of each dose against its target. That is a rule of the plant, not a
verification after R61.
"""

import re
from math import inf

DEVIATIONS: tuple[tuple[float, float, bool], ...] = (
    (50.0, 0.09, True),
    (100.0, 4.5, False),
    (200.0, 0.045, True),
    (300.0, 9.0, False),
    (500.0, 0.03, True),
    (1_000.0, 15.0, False),
    (10_000.0, 0.015, True),
    (15_000.0, 150.0, False),
    (inf, 0.01, True),
)
"""Class X(1) in service: up to this mass of the fill in g, the deviation, as a share of the mass or in g.

Source: OIML R61-1, 2.2.2, Table 1, as printed in Schedule 5 of the UK's SI 2000/388.
"""
_CLASS = re.compile(r"X\((\d+(?:\.\d+)?)\)")


def parse_class_factor(text: str) -> float | None:
    """Return the factor x of a class 'X(x)'; None for ''.

    R61 knows 1, 2 and 5 times a power of ten.

    Raises: ValueError if the text is not such a class.

    >>> parse_class_factor("X(0.2)"), parse_class_factor("")
    (0.2, None)
    """
    if not text:
        return None
    match = _CLASS.fullmatch(text)
    digits = match[1].replace(".", "").strip("0") if match else ""
    if match is None or digits not in ("1", "2", "5"):
        raise ValueError(text)
    return float(match[1])


def compute_class_deviation(factor: float, target_g: float) -> float:
    """Return the maximum deviation in g for a target in g, in class X(``factor``).

    >>> compute_class_deviation(0.2, 40.0), compute_class_deviation(0.2, 80.0)
    (0.72, 0.9)
    """
    value, is_share = next((value, share) for most_g, value, share in DEVIATIONS if target_g <= most_g)
    return factor * (value * target_g if is_share else value)
