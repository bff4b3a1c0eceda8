"""Tank levels: level band, percentage and low-inventory message."""

import math
from dataclasses import replace
from enum import StrEnum

from dosing_tui.domain.messages.default_limits import STOCK_LOW_PERCENT, STOCK_WARN_PERCENT
from dosing_tui.domain.messages.models import InventoryLevel


class LevelBand(StrEnum):
    """Band of a tank level relative to the low and the warning limit."""

    LOW = "low"
    WARN = "warn"
    NORMAL = "normal"
    UNKNOWN = "unknown"


def classify_level(
    percent: float | None, low: float = STOCK_LOW_PERCENT, warn: float = STOCK_WARN_PERCENT
) -> LevelBand:
    """Classify a level in percent: LOW below ``low``, WARN up to and including ``warn``, else NORMAL.

    A missing level or NaN is UNKNOWN.

    >>> classify_level(19.96), classify_level(20.0), classify_level(50.0), classify_level(50.1)
    (<LevelBand.LOW: 'low'>, <LevelBand.WARN: 'warn'>, <LevelBand.WARN: 'warn'>, <LevelBand.NORMAL: 'normal'>)
    """
    if percent is None or math.isnan(percent):
        return LevelBand.UNKNOWN
    if percent < low:
        return LevelBand.LOW
    return LevelBand.WARN if percent <= warn else LevelBand.NORMAL


def compute_percent(remaining_g: float | None, capacity_g: float | None) -> float | None:
    """Compute the level in percent, rounded to 0.001; None without a positive capacity.

    The resolution prevents that a level just below a limit is rounded up to it.
    """
    if remaining_g is None or capacity_g is None or capacity_g <= 0:
        return None
    return round(100.0 * remaining_g / capacity_g, 3)


def fill_capacity(level: InventoryLevel, last_capacity_g: float | None) -> InventoryLevel:
    """Insert the tank's last capacity into a level without one, and recompute its percentage."""
    if level.capacity_g is not None or last_capacity_g is None or last_capacity_g <= 0:
        return level
    percent = compute_percent(level.remaining_g, last_capacity_g)
    return replace(
        level,
        capacity_g=last_capacity_g,
        percent_full=level.percent_full if percent is None else percent,
        flags=(*level.flags, "capacity_g: last known"),
    )


def describe_low_level(level: InventoryLevel, low: float = STOCK_LOW_PERCENT) -> str | None:
    """Return the low-inventory message, or None above the limit. 19.96 % is shown as 19.9 %, not 20.0 %."""
    if level.percent_full is None or classify_level(level.percent_full, low) is not LevelBand.LOW:
        return None
    return f"Low inventory: {level.chemical} at {math.floor(level.percent_full * 10) / 10:.1f} %"
