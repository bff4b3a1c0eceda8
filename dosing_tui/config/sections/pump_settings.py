"""``[pumps]`` and ``[[pump_limits]]``: tube life and intervals of calibration, as ``settings`` has them."""

from collections.abc import Sequence

from dosing_tui.config.sections.section import Section
from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceLimitOverride,
    ServiceLimits,
)


class PumpSettings(Section, frozen=True):
    calibration_days: float = 0.0
    """Days from one calibration of a pump to the next; then CALIBRATION_DUE is raised. 0: no interval. It
    counts from the log of pumps (screen 0), and from the first dose while the log has none."""
    scale_calibration_days: float = 0.0
    """The same for the scale of each station."""
    tube_life_g: float = 0.0
    """Grams that a tube doses in its life; then TUBE_DUE is raised. 0: not limited by grams."""
    tube_life_hours: float = 0.0
    """Hours that a pump runs on one tube; the first limit reached is due. 0: not limited by run time."""


class PumpLimitSettings(Section, frozen=True):
    pump: int
    """Number of the pump with limits of its own."""
    station: str = ""
    """The station's name in its messages; empty for the pumps of this number at every station."""
    calibration_days: float | None = None
    """Instead of pumps.calibration_days."""
    tube_life_g: float | None = None
    """Instead of pumps.tube_life_g."""
    tube_life_hours: float | None = None
    """Instead of pumps.tube_life_hours."""


def build_service_limits(plant: PumpSettings, overrides: Sequence[PumpLimitSettings]) -> PlantServiceLimits:
    """Of every pump; later sections count."""
    return PlantServiceLimits(
        ServiceLimits(
            plant.calibration_days, plant.scale_calibration_days, plant.tube_life_g, plant.tube_life_hours
        ),
        tuple(
            ServiceLimitOverride(
                one.station, one.pump, one.calibration_days, one.tube_life_g, one.tube_life_hours
            )
            for one in overrides
        ),
    )
