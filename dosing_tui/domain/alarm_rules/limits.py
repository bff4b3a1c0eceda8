"""When a condition is abnormal: the site's numbers, with others for single chemicals and recipes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from dosing_tui.domain.messages import default_limits


@dataclass(frozen=True, slots=True)
class IngredientLimits:
    """What may differ between chemicals and recipes. Masses in g; a percent of 0 is 'not looked at'."""

    stock_low_percent: float = default_limits.STOCK_LOW_PERCENT
    stock_critical_percent: float = 5.0
    tolerance_g: float = default_limits.TOLERANCE_G
    tolerance_percent: float = 0.0
    gross_error_g: float = 2.0

    def calculate_tolerance(self, target_g: float | None) -> float:
        """The narrower of both limits, in g.

        >>> IngredientLimits(tolerance_g=0.5, tolerance_percent=2.0).calculate_tolerance(5.0)
        0.1
        """
        if self.tolerance_percent <= 0 or target_g is None or target_g <= 0:
            return self.tolerance_g
        return min(self.tolerance_g, self.tolerance_percent / 100.0 * target_g)


@dataclass(frozen=True, slots=True)
class LimitOverride:
    """Other limits for a chemical, a recipe, or a chemical in a recipe; '' is 'every'."""

    chemical: str = ""
    recipe: str = ""
    changes: Mapping[str, float] = field(default_factory=dict)
    """Names of IngredientLimits' fields, with their values."""


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    ingredients: IngredientLimits = field(default_factory=IngredientLimits)
    overrides: tuple[LimitOverride, ...] = ()
    stock_deadband_percent: float = 2.0
    """A low tank is normal again so far above its limit, in points."""
    stock_jump_percent: float = 1.0
    """A level that rises by more was refilled, or its station was reset."""
    pump_chemicals: tuple[str, ...] = ()
    """What pumps 1, 2, ... dose, on every station; empty where it is not to be checked."""
    mean_error_g: float = 1.0
    mean_error_doses: int = 5
    error_rate_percent: float = default_limits.ERROR_RATE_PERCENT
    error_rate_doses: int = 20
    stalled_after: timedelta = timedelta(seconds=360)
    """An open batch without a message: the firmware gives a pump 300 s."""
    abandoned_after: timedelta = timedelta(minutes=60)
    """An open batch is not waited for any longer."""
    offline_after: timedelta = timedelta(minutes=10)
    skew_warn: timedelta = timedelta(seconds=5)
    skew_alarm: timedelta = timedelta(seconds=60)
    link_down_after: timedelta = timedelta(seconds=10)
    spool_percent: float = 80.0
    spool_age: timedelta = timedelta(hours=1)

    def get_ingredient_limits(self, *, chemical: str = "", recipe: str = "") -> IngredientLimits:
        """Later overrides win over earlier ones."""
        limits = self.ingredients
        for override in self.overrides:
            if override.chemical in ("", chemical) and override.recipe in ("", recipe):
                limits = replace(limits, **override.changes)
        return limits
