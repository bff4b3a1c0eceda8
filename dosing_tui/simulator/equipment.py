"""A station's tanks and pumps: stock, dosing error, wear."""

from random import Random

SCALE_STEP_CG = 1
"""The scale reads hundredths of a gram; masses are counted in them (cg), so that sums stay exact."""
MAX_RECENT_LEVELS = 5_000
REPEAT_WINDOW_S = 2 * 3600.0

NOMINAL_DURATION_MS = 59_500.0
DRIFT_PER_DOSE_G = 0.003
MAX_DRIFT_G = 0.65
GROSS_ERROR_SHARE = 0.008


class SimulatedTank:
    """One chemical's calculated stock, in cg. It never reports the same level twice within two hours.

    Levels carry no time, so that two equal ones are one message to any consumer. The simulated scale
    therefore changes a repeated level by a hundredth of a gram.
    """

    def __init__(self, capacity_g: int, share: float, refill_below: float) -> None:
        self.capacity_cg = capacity_g * 100
        self.remaining_cg = round(self.capacity_cg * share)
        self._refill_below = refill_below
        self._report_times: dict[int, float] = {}

    def withdraw_mass(self, mass_cg: int, at: float) -> int:
        """Withdraw about ``mass_cg``. Returns the real amount in cg."""
        while self.is_recent_level(self.remaining_cg - mass_cg, at):
            mass_cg += SCALE_STEP_CG
        self.remaining_cg -= mass_cg
        return mass_cg

    def report_level(self, at: float) -> float:
        """The level in g, as reported at ``at`` (unix s)."""
        self._report_times.pop(self.remaining_cg, None)
        self._report_times[self.remaining_cg] = at
        if len(self._report_times) > MAX_RECENT_LEVELS:
            del self._report_times[next(iter(self._report_times))]
        return self.remaining_cg / 100

    def refill_if_low(self, random: Random) -> None:
        """Refill below a limit that changes with each refill."""
        if self.remaining_cg < self.capacity_cg * self._refill_below:
            self.remaining_cg = round(self.capacity_cg * random.uniform(0.90, 0.999))
            self._refill_below = random.uniform(0.06, 0.28)

    def is_recent_level(self, level_cg: int, at: float) -> bool:
        """Whether this level was reported within the last two hours."""
        reported_at = self._report_times.get(level_cg)
        return reported_at is not None and at - reported_at < REPEAT_WINDOW_S


class SimulatedPump:
    """A peristaltic pump: bias, scatter, and with a worn tube a drift until the tube is replaced."""

    def __init__(self, random: Random, *, is_wearing: bool) -> None:
        self._random = random
        self._bias_g = random.gauss(0.03, 0.06)
        self._noise_g = random.uniform(0.08, 0.16)
        self._speed_factor = random.gauss(1.0, 0.015)
        self._drift_per_dose_g = DRIFT_PER_DOSE_G if is_wearing else 0.0
        self._drift_g = 0.0

    def dispense_dose(self, target_g: float) -> int:
        """The real dose for a target, in cg; small doses scatter less. Wears the tube."""
        self._drift_g += self._drift_per_dose_g
        if self._drift_g > MAX_DRIFT_G:
            self._drift_g = 0.0
        scale = min(max(target_g / 40, 0.3), 2.0)
        error_g = scale * (self._bias_g + self._drift_g + self._random.gauss(0, self._noise_g))
        if self._random.random() < GROSS_ERROR_SHARE:
            error_g += self._random.choice((-1, 1)) * self._random.uniform(0.8, 2.5)
        return max(round((target_g + error_g) * 100), 0)

    def sample_duration_ms(self) -> int:
        """Duration of a dose: about a minute by the firmware's speed, longer with a worn tube."""
        wear = 1 + self._drift_g / 10
        return round(self._random.gauss(NOMINAL_DURATION_MS, 1_200) * self._speed_factor * wear)
