"""How full a tank is: its band, its percent, and the sentence when it runs low."""

import math
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from dosing_tui.domain.messages.default_limits import STOCK_LOW_PERCENT, STOCK_WARN_PERCENT
from dosing_tui.domain.messages.models import InventoryLevel


class LevelBand(StrEnum):
    """Where a level lies between the plant's two limits."""

    LOW = "low"
    WARN = "warn"
    NORMAL = "normal"
    UNKNOWN = "unknown"


def classify_level(
    percent: float | None, low: float = STOCK_LOW_PERCENT, warn: float = STOCK_WARN_PERCENT
) -> LevelBand:
    """Below ``low`` is LOW, from there up to and with ``warn`` is WARN.

    >>> classify_level(19.96), classify_level(20.0), classify_level(50.0), classify_level(50.1)
    (<LevelBand.LOW: 'low'>, <LevelBand.WARN: 'warn'>, <LevelBand.WARN: 'warn'>, <LevelBand.NORMAL: 'normal'>)
    """
    if percent is None or math.isnan(percent):
        return LevelBand.UNKNOWN
    if percent < low:
        return LevelBand.LOW
    return LevelBand.WARN if percent <= warn else LevelBand.NORMAL


def compute_percent(remaining_g: float | None, capacity_g: float | None) -> float | None:
    """To a thousandth, so that a level just below a limit does not round up to it."""
    if remaining_g is None or capacity_g is None or capacity_g <= 0:
        return None
    return round(100.0 * remaining_g / capacity_g, 3)


def fill_capacity(level: InventoryLevel, last_capacity_g: float | None) -> InventoryLevel:
    """The level with the capacity last known if it tells none, and its percent computed from both masses."""
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
    """The sentence for a tank that runs low, else None. The percent is rounded down: 19.96 is not 20.0."""
    if level.percent_full is None or classify_level(level.percent_full, low) is not LevelBand.LOW:
        return None
    return f"Low inventory: {level.chemical} at {math.floor(level.percent_full * 10) / 10:.1f} %"


def list_low_levels(levels: Iterable[InventoryLevel], low: float = STOCK_LOW_PERCENT) -> tuple[str, ...]:
    """The sentences of all tanks that run low, emptiest first; with the device where there are several."""
    tanks = tuple(levels)
    several = len({level.device_id for level in tanks}) > 1
    found = [(level, sentence) for level in tanks if (sentence := describe_low_level(level, low)) is not None]
    found.sort(key=lambda pair: (pair[0].percent_full or 0.0, pair[0].device_id, pair[0].chemical))
    return tuple(f"{sentence} ({level.device_id})" if several else sentence for level, sentence in found)
