"""A row of the panel of pumps."""

from datetime import datetime

from msgspec import Struct


class PumpCapability(Struct, frozen=True):
    """A pump's doses of one target; docs/capability.md has the formulas.

    Mean error, sigma and what is made of them are None below ten doses, and below what the scale can weigh.
    """

    device_id: str
    pump: int
    chemical: str
    target_g: float
    doses: int
    mean_error_g: float | None
    allowance_g: float
    """Permitted |mean error|: a quarter of the tolerance."""
    bias_percent: float | None
    """|mean error|, in percent of the allowance."""
    sigma_g: float | None
    cpk: float | None
    """At least -99: so also without scatter if the mean error is beyond the tolerance; else None then."""
    tolerance_g: float
    sum_error_g: float
    """All errors together: what was dosed too much, negative for too little."""
    rate_g_per_s: float | None
    """Mean of target / duration."""
    stop_delay_s: float | None
    """tau of error = a + tau x rate; None where the rates do not differ."""
    overshoot_g: float | None
    """a of it."""
    cause: str
    """``domain.capability.shift_cause.ShiftCause``: '' while the bias is permitted."""
    figures_since: datetime | None
    """A tube change or calibration within the range, after which the figures start again."""
    new_rate_g_per_s: float | None
    """Mean of the doses since the tube change, up to the six hours of the 50th; None below ten."""
    first_at: datetime
    """The six hours (UTC) of the pump's first stored dose."""
    tube_at: datetime | None
    tube_g: float
    """Dosed by the pump, at all targets, since the tube change, or since its first dose."""
    tube_hours: float
    """Run time of the same."""
    calibrated_at: datetime | None
    scale_calibrated_at: datetime | None

    @property
    def identity(self) -> tuple[str, int, str, float]:
        """The row stays selected when its figures change."""
        return self.device_id, self.pump, self.chemical, self.target_g
