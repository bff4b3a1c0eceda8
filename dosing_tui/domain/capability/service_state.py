"""When a pump's tube and the calibrations are due, by the log and the plant's limits. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field

from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.panels.pump_capability import PumpCapability


class ServiceState(Struct, frozen=True):
    """A pump as of a time; what is not logged is None."""

    device_id: str
    pump: int
    tube_at: datetime | None
    calibrated_at: datetime | None
    scale_calibrated_at: datetime | None
    first_at: datetime
    """The pump's first dose, to six hours: intervals count from here while nothing is logged."""
    tube_g: float
    """Dosed since the tube change, or since the first dose."""
    tube_run_s: float


def get_service_state(row: PumpCapability) -> ServiceState:
    """The state of a row's pump."""
    return ServiceState(
        row.device_id, row.pump, row.tube_at, row.calibrated_at, row.scale_calibrated_at, row.first_at,
        row.tube_g, row.tube_hours * 3600,
    )  # fmt: skip


class ServiceLimits(Struct, frozen=True):
    """0: no limit."""

    calibration_days: float = 0.0
    scale_calibration_days: float = 0.0
    tube_life_g: float = 0.0
    tube_life_hours: float = 0.0


class ServiceLimitOverride(Struct, frozen=True):
    """Limits of one pump, or of a pump's number at every station; None: the plant's."""

    device: str
    pump: int
    calibration_days: float | None = None
    tube_life_g: float | None = None
    tube_life_hours: float | None = None


class PlantServiceLimits(Struct, frozen=True):
    """The plant's limits, and those of single pumps; later ones count."""

    plant: ServiceLimits = field(default_factory=ServiceLimits)
    overrides: Sequence[ServiceLimitOverride] = ()

    def get_limits(self, device: str, pump: int) -> ServiceLimits:
        limits = self.plant
        for one in self.overrides:
            if one.pump == pump and (not one.device or fold_name(one.device) == fold_name(device)):
                limits = ServiceLimits(
                    limits.calibration_days if one.calibration_days is None else one.calibration_days,
                    limits.scale_calibration_days,
                    limits.tube_life_g if one.tube_life_g is None else one.tube_life_g,
                    limits.tube_life_hours if one.tube_life_hours is None else one.tube_life_hours,
                )
        return limits


class ServiceWork(StrEnum):
    """What can be due."""

    CALIBRATION = "calibration"
    SCALE_CALIBRATION = "calibration of the scale"
    TUBE = "tube change"


class ServiceDue(Struct, frozen=True):
    """``used`` of ``limit``, both in ``unit``: 'd', 'g' or 'h'. ``due_at`` is known for days alone."""

    work: ServiceWork
    used: float
    limit: float
    unit: str
    last_at: datetime | None
    """When it was done last; None: nothing is logged, and the first dose counts."""
    due_at: datetime | None = None

    @property
    def is_due(self) -> bool:
        return self.used >= self.limit

    @property
    def share(self) -> float:
        """1 when it is due."""
        return self.used / self.limit


def list_service_dues(state: ServiceState, limits: ServiceLimits, now: datetime) -> Iterator[ServiceDue]:
    """Of each limit that is set, how much of it is used."""
    for work, days, at in (
        (ServiceWork.CALIBRATION, limits.calibration_days, state.calibrated_at),
        (ServiceWork.SCALE_CALIBRATION, limits.scale_calibration_days, state.scale_calibrated_at),
    ):
        if days > 0:
            since = at or state.first_at
            due_at = since + timedelta(days=days)
            yield ServiceDue(work, (now - since) / timedelta(days=1), days, "d", at, due_at)
    for used, limit, unit in (
        (state.tube_g, limits.tube_life_g, "g"),
        (state.tube_run_s / 3600, limits.tube_life_hours, "h"),
    ):
        if limit > 0:
            yield ServiceDue(ServiceWork.TUBE, used, limit, unit, state.tube_at)
