"""Tank levels: level band, percentage and low-inventory message."""

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.default_limits import STOCK_LOW_PERCENT, STOCK_WARN_PERCENT
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.quantities.quantity_text import format_level

_RESOLUTION = Decimal("0.001")
_WHOLE_FROM = 1e12
"""From here on 15 digits have nothing below 0.001."""


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


class StockLimits(Struct, frozen=True):
    """Percent of the capacity: below ``low`` a tank is low, up to ``warn`` it is not far from it."""

    low: float = STOCK_LOW_PERCENT
    warn: float = STOCK_WARN_PERCENT
    own_lows: Mapping[str, float] = field(default_factory=dict)
    """Folded name of a chemical -> its own limit."""

    def get_low(self, chemical: str) -> float:
        return self.own_lows.get(fold_name(chemical), self.low) if self.own_lows else self.low

    def get_limits(self, chemical: str) -> tuple[float, float]:
        return self.get_low(chemical), self.warn

    def describe_lows(self) -> str:
        """
        >>> StockLimits(own_lows={"t-12": 40.0}).describe_lows()
        '20 % (t-12: 40 %)'
        """
        own = ", ".join(f"{name}: {low:g} %" for name, low in sorted(self.own_lows.items()))
        return f"{self.low:g} %{f' ({own})' if own else ''}"

    def find_band(self, level: InventoryLevel) -> LevelBand:
        return classify_level(level.percent_full, *self.get_limits(level.chemical))


def compute_percent(remaining_g: float | None, capacity_g: float | None) -> float | None:
    """Compute the level in percent, rounded to 0.001; None without a positive capacity.

    The resolution prevents that a level just below a limit is rounded up to it.
    """
    if remaining_g is None or capacity_g is None or capacity_g <= 0:
        return None
    return _round_as_numeric(100.0 * remaining_g / capacity_g)


def _round_as_numeric(percent: float) -> float:
    """Round to 0.001 as SQL does: half away from zero, of the 15 digits that a float becomes as a numeric."""
    text = f"{percent:.15g}"
    if not math.isfinite(percent) or abs(percent) >= _WHOLE_FROM:
        return float(text)
    return float(Decimal(text).quantize(_RESOLUTION, ROUND_HALF_UP))


def find_percent(
    remaining_g: float | None, capacity_g: float | None, percent_full: float | None
) -> float | None:
    """How full a tank is, as SQL's ``compute_tank_percent``: of both masses, else as the station says."""
    if capacity_g is not None and (remaining_g is not None or not capacity_g > 0):
        return compute_percent(remaining_g, capacity_g)
    return percent_full


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
    return f"Low inventory: {level.chemical} at {format_level(level.percent_full)}"
