"""Limits of the site's alarms and panels, with overrides per chemical and recipe."""

from datetime import UTC, timedelta, tzinfo

from msgspec import Struct, field

from dosing_tui.domain.alarm_rules.shared.ingredient_limits import (
    IngredientLimits,
    LimitOverride,
    apply_overrides,
    build_stock_limits,
)
from dosing_tui.domain.capability.service_state import PlantServiceLimits
from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.panels.panel_catalog import PlantLimit
from dosing_tui.domain.tolerances.rules import DEFAULT_RULES, ToleranceRules


class AlarmLimits(Struct, frozen=True):
    """What alarms, tiles, panels and batch assessments judge by: in force are those of the database."""

    ingredients: IngredientLimits = field(default_factory=IngredientLimits)
    overrides: tuple[LimitOverride, ...] = ()
    expected_stations: tuple[str, ...] = ()
    """Stations that are offline as long as they have never sent a message."""
    tolerance_rules: ToleranceRules = DEFAULT_RULES
    """Of the settings: they count until those of the database are known."""
    stock_deadband_percent: float = 2.0
    """Deadband of the level alarms, in percentage points."""
    stock_jump_percent: float = 1.0
    """Level rise that counts as a refill or a reset of the station, in percent of the capacity."""
    stock_cover_days: float = 0.0
    """In production days; 0: no limit."""
    mean_error_g: float = 1.0
    mean_error_doses: int = 5
    error_rate_percent: float = default_limits.ERROR_RATE_PERCENT
    error_rate_doses: int = 20
    slow_percent: float = 10.0
    """By how much longer than usual every station's doses of a chemical take."""
    stalled_after: timedelta = timedelta(seconds=360)
    """Time without a message after which an open batch is stalled: pump time-out of 300 s plus 60 s."""
    abandoned_after: timedelta = timedelta(minutes=60)
    """Time without a message after which an open batch counts as aborted."""
    offline_after: timedelta = timedelta(minutes=10)
    skew_warn: timedelta = timedelta(seconds=5)
    skew_alarm: timedelta = timedelta(seconds=60)
    link_down_after: timedelta = timedelta(seconds=10)
    spool_percent: float = 80.0
    spool_age: timedelta = timedelta(hours=1)
    service: PlantServiceLimits = field(default_factory=PlantServiceLimits)
    """Tube life and intervals of calibration."""
    stock_warn_percent: float = default_limits.STOCK_WARN_PERCENT
    """Up to this level a tank is marked; no alarm."""
    cpk_low: float = default_limits.CPK_LOW
    """Below it a pump is marked as not capable; no alarm."""
    zone: tzinfo = UTC
    """Time zone of the plant, for the times in messages."""

    def get_ingredient_limits(self, *, chemical: str = "", recipe: str = "") -> IngredientLimits:
        """Return the limits for a chemical and recipe; later overrides take precedence."""
        return apply_overrides(self.ingredients, self.overrides, chemical=chemical, recipe=recipe)

    @property
    def stock(self) -> StockLimits:
        """The limits of every tank by its chemical: recipes have none of their own."""
        return build_stock_limits(self.ingredients, self.overrides, self.stock_warn_percent)

    def get_limit(self, limit: PlantLimit | float) -> float:
        """The value of a panel's limit; a number is its own value."""
        if isinstance(limit, PlantLimit):
            return float(getattr(self, limit.value))
        return limit
