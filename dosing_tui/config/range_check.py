"""Ranges of numeric settings."""

from collections.abc import Iterator
from typing import TypeAlias

RangeCheck: TypeAlias = tuple[str, float, float, float]
"""Label of the setting, its value, least and greatest value."""


def find_range_errors(*checks: RangeCheck) -> Iterator[str]:
    """One sentence for each value outside its range; NaN is outside of every range."""
    for label, value, low, high in checks:
        if not low <= value <= high:
            yield f"{label} {value:g} is outside {low:g} to {high:g}."
