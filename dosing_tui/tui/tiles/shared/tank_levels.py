"""What gauges and tables of tanks have in common: their order, unit and percentage."""

import math
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeAlias

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, StockLimits
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.scope.render_context import RenderContext

NO_LEVEL_TEXT = "no level has been reported yet"
_BAND_ORDER = (LevelBand.LOW, LevelBand.WARN, LevelBand.UNKNOWN, LevelBand.NORMAL)


Urgency: TypeAlias = tuple[int, float, float, tuple[str, str]]


def get_urgency(level: InventoryLevel, limits: StockLimits) -> Urgency:
    """Sort key of a tank: low ones first, then by percent, by what is left, and by name."""
    band = limits.find_band(level)
    percent = level.percent_full if band is not LevelBand.UNKNOWN else None
    return (
        _BAND_ORDER.index(band), percent or 0.0,
        math.inf if level.remaining_g is None else level.remaining_g, level.identity,
    )  # fmt: skip


def sort_by_urgency(context: RenderContext) -> tuple[InventoryLevel, ...]:
    """The tanks in the order of ``get_urgency``."""
    limits = context.limits.stock
    return tuple(sorted(context.levels, key=lambda level: get_urgency(level, limits)))


def find_newest_level(levels: Sequence[InventoryLevel]) -> datetime | None:
    """When the newest of the levels was received; None for no level."""
    return max(map(attrgetter("received_at"), levels), default=None)


def choose_tank_unit(levels: Sequence[InventoryLevel]) -> number_format.MassUnit:
    """One unit for all tanks, by the largest, with decimals for a hundredth of the smallest."""
    return number_format.choose_common_unit(
        {level.capacity_g or level.remaining_g for level in levels}, steps=100
    )


def format_percent_full(percent: float | None) -> str:
    return number_format.format_decimal(
        None if percent is None else number_format.round_down_to_tenths(percent), 1
    )
