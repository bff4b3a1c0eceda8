"""The limits of each tank by its chemical, as the alarm of low stock has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dosing_tui.config.alarm_limits import build_alarm_limits, get_limit
from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, classify_level
from dosing_tui.domain.panels.panel_catalog import PlantLimit


@dataclass(frozen=True, slots=True)
class StockLimits:
    """Percent of the capacity: below ``low`` a tank is low, up to ``warn`` it is not far from it."""

    low: float
    warn: float
    own_lows: Mapping[str, float] = field(default_factory=dict)
    """Folded name of a chemical -> its own limit."""

    def get_limits(self, chemical: str) -> tuple[float, float]:
        low = self.own_lows.get(fold_name(chemical), self.low) if self.own_lows else self.low
        return low, self.warn

    def find_band(self, level: InventoryLevel) -> LevelBand:
        return classify_level(level.percent_full, *self.get_limits(level.chemical))


def build_stock_limits(settings: Settings) -> StockLimits:
    low, warn = get_limit(settings, PlantLimit.STOCK_LOW), get_limit(settings, PlantLimit.STOCK_WARN)
    names = {one.chemical for one in settings.alarm_limits if one.chemical and not one.recipe}
    limits = build_alarm_limits(settings) if names else None
    own = {
        fold_name(name): limits.get_ingredient_limits(chemical=name).stock_low_percent
        for name in names
        if limits is not None
    }
    return StockLimits(low, warn, own)
