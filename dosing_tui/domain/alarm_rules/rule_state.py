"""Mutable state of the rules: tank levels, dose errors of one hour, open batches.

All collections are bounded. The state is updated in place for throughput (thousands of readings per second).
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from dosing_tui.domain.messages.models import BatchEvent, Dose

MAX_SERIES = 2_000
"""Maximum number of stations, and of tanks: it bounds memory if names are invented."""
MAX_PUMPS = 8
MAX_RECENT_READINGS = 4_096
"""Number of doses and events kept to detect redelivered ones."""
WINDOW_MINUTES = 60
SKEW_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class DoseErrorMinute:
    """Doses of a pump in one minute: count, sum of absolute errors in g, count out of tolerance."""

    device: str
    pump: int
    minute: datetime
    doses: int
    error_g: float
    outside: int


class DoseErrorWindow:
    """Sliding window of one hour over the doses, in steps of one minute."""

    __slots__ = (
        "_minutes",
        "dose_count",
        "error_sum_g",
        "outside_tolerance",
    )

    def __init__(self) -> None:
        self._minutes: deque[list[float]] = deque()
        self.dose_count = 0
        self.error_sum_g = 0.0
        """Sum of the absolute errors, in g."""
        self.outside_tolerance = 0

    def add(self, minute: int, *, doses: int, error_g: float, outside_tolerance: int) -> None:
        """Add doses. ``minute``: since 1970, within WINDOW_MINUTES of the newest; ``error_g``: sum in g."""
        if not self._minutes or self._minutes[-1][0] < minute:
            self._minutes.append([minute, 0, 0.0, 0])
        last = self._minutes[-1]
        last[1] += doses
        last[2] += error_g
        last[3] += outside_tolerance
        self.dose_count += doses
        self.error_sum_g += error_g
        self.outside_tolerance += outside_tolerance

    def remove_older(self, minute: int) -> None:
        """Remove the doses that are at least WINDOW_MINUTES older than ``minute``."""
        while self._minutes and self._minutes[0][0] <= minute - WINDOW_MINUTES:
            _, doses, error_g, outside = self._minutes.popleft()
            self.dose_count -= int(doses)
            self.error_sum_g -= error_g
            self.outside_tolerance -= int(outside)
        if not self.dose_count:
            self.error_sum_g = 0.0

    @property
    def mean_g(self) -> float:
        return self.error_sum_g / self.dose_count if self.dose_count else 0.0

    @property
    def outside_percent(self) -> float:
        return 100.0 * self.outside_tolerance / self.dose_count if self.dose_count else 0.0


class BatchState:
    """Open batch. ``has_start``: its start event was received live, so its doses can be counted."""

    __slots__ = (
        "dose_chemicals",
        "dose_pumps",
        "expected_doses",
        "has_start",
        "last_message_at",
        "mode",
        "recipe",
        "started_at",
    )

    def __init__(self, recipe: str, at: datetime, expected_doses: int | None, *, has_start: bool) -> None:
        self.recipe = recipe
        self.started_at = self.last_message_at = at
        self.expected_doses = expected_doses
        self.has_start = has_start
        self.dose_pumps: list[int] = []
        """Pump numbers, in the order of the doses."""
        self.dose_chemicals: list[str] = []
        """Chemicals, in the order of the doses."""
        self.mode = ""


class StationState:
    """State of one station."""

    __slots__ = (
        "batch",
        "clock_offsets",
        "error_window",
        "has_live_event",
        "last_message_at",
        "pump_error_windows",
    )

    def __init__(self) -> None:
        self.last_message_at: datetime | None = None
        self.batch: BatchState | None = None
        self.has_live_event = False
        """A batch event was received since the start of this process."""
        self.error_window = DoseErrorWindow()
        self.pump_error_windows: dict[int, DoseErrorWindow] = {}
        self.clock_offsets: deque[float | None] = deque(maxlen=SKEW_SAMPLES)
        """Last clock offsets in s, positive if the clock is behind; None for an unusable timestamp."""


class TankState:
    """State of one tank. ``dosed_g``: since the last level; ``gap_g``: unreported difference to the doses."""

    __slots__ = (
        "batch_need_at",
        "batch_need_g",
        "dose_count",
        "dosed_g",
        "gap_g",
        "gap_since",
        "level_g",
        "level_time",
        "recipe",
    )

    def __init__(self) -> None:
        self.level_g: float | None = None
        self.level_time: datetime | None = None
        self.dosed_g: float | None = 0.0
        self.dose_count = 0
        self.gap_g = 0.0
        self.gap_since: datetime | None = None
        self.batch_need_g = 0.0
        """Target, or else actual mass, of the newest dose; 0 without a dose."""
        self.batch_need_at: datetime | None = None
        self.recipe = ""
        """Recipe of that dose."""


class RuleState:
    """State of all rules, not thread-safe. ``started_at``: start of the evaluation."""

    def __init__(self, expected_stations: tuple[str, ...], started_at: datetime) -> None:
        self.started_at = started_at
        self.is_history_loaded = False
        """The history was loaded from the database."""
        self.stations: dict[str, StationState] = {
            name: StationState() for name in expected_stations[:MAX_SERIES]
        }
        self.tanks: dict[tuple[str, str], TankState] = {}
        self.tanks_with_gap: set[tuple[str, str]] = set()
        """Keys of the tanks with an unreported difference."""
        self._recent_readings: dict[tuple[object, ...], int] = {}

    def get_station(self, device: str) -> StationState | None:
        """Return the station, created if new; None above MAX_SERIES."""
        station = self.stations.get(device)
        if station is None and len(self.stations) < MAX_SERIES:
            station = self.stations[device] = StationState()
        return station

    def get_tank(self, device: str, chemical: str) -> TankState | None:
        """Return the tank, created if new; None above MAX_SERIES."""
        key = (device, chemical)
        tank = self.tanks.get(key)
        if tank is None and len(self.tanks) < MAX_SERIES:
            tank = self.tanks[key] = TankState()
        return tank

    def is_new(self, reading: Dose | BatchEvent) -> bool:
        """Record a reading; return False if it is a redelivery."""
        thing = reading.pump if isinstance(reading, Dose) else reading.event
        key = (reading.device_id, reading.time, thing, reading.dedup)
        known = len(self._recent_readings)
        self._recent_readings.setdefault(key, 0)
        if len(self._recent_readings) == known:
            return False
        if known >= MAX_RECENT_READINGS:
            del self._recent_readings[next(iter(self._recent_readings))]
        return True


def to_epoch_minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


HOUR = timedelta(minutes=WINDOW_MINUTES)
