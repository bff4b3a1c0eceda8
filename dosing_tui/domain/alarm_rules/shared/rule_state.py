"""Mutable state of the rules: tank levels, dose errors of one hour, open batches.

All collections are bounded. The state is updated in place for throughput (thousands of readings per second).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import DosingPace
from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext
from dosing_tui.domain.messages.models import BatchEvent, Dose
from dosing_tui.domain.presence.models import MessageLoss, StationPresence
from dosing_tui.domain.tolerances.pump_history import PumpHistory

MAX_SERIES = 2_000
"""Maximum number of stations, and of tanks: it bounds memory if names are invented."""
MAX_PUMPS = 8
MAX_RECENT_READINGS = 4_096
"""Number of doses and events kept to detect redelivered ones."""
WINDOW_MINUTES = 60
SKEW_SAMPLES = 10
MAX_CLOSED_BATCHES = 20
"""Number of ended batches of a station that late messages are assigned to."""

Key = TypeVar("Key")
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class DoseErrorMinute:
    """Doses of a pump in one minute: count, sum of absolute errors in g, count out of tolerance."""

    device: str
    pump: int
    minute: datetime
    doses: int
    error_g: float
    outside: int


@dataclass(slots=True)
class DoseErrorWindow:
    """Sliding window of one hour over the doses, in steps of one minute."""

    dose_count: int = 0
    error_sum_g: float = 0.0
    """Sum of the absolute errors, in g."""
    outside_tolerance: int = 0
    _minutes: deque[list[float]] = field(default_factory=deque)

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


@dataclass(slots=True)
class BatchState:
    """Open batch. ``has_start``: its start event was received live, so its doses can be counted."""

    recipe: str
    started_at: datetime
    expected_doses: int | None
    has_start: bool
    last_message_at: datetime
    start_time: datetime
    """Time of the start event itself; ``started_at`` is its receipt."""
    doses: list[tuple[int, str]] = field(default_factory=list)
    """Pump and chemical of each dose, in the order of the doses."""
    mode: str = ""


@dataclass(slots=True)
class ClosedBatch:
    """Batch that has ended, for messages of it that arrive late.

    ``complete``: its complete event, None if it was aborted; ``detection``: the alarm that its end raised.
    """

    batch: BatchState
    until: datetime
    """Latest time of its own that a message of it can have."""
    complete: BatchEvent | None
    detection: Detection | None


@dataclass(slots=True)
class StationState:
    """State of one station."""

    last_message_at: datetime | None = None
    presence: StationPresence | None = None
    """None without a status topic."""
    new_losses: list[MessageLoss] = field(default_factory=list)
    """Lost messages that no alarm has told yet."""
    batch: BatchState | None = None
    lone_end: BatchEvent | None = None
    """Last end event that was received without a batch: its start may arrive later."""
    has_live_event: bool = False
    """A batch event was received since the start of this process."""
    error_window: DoseErrorWindow = field(default_factory=DoseErrorWindow)
    pump_error_windows: dict[int, DoseErrorWindow] = field(default_factory=dict)
    pump_histories: dict[int, PumpHistory] = field(default_factory=dict)
    closed_batches: deque[ClosedBatch] = field(default_factory=lambda: deque(maxlen=MAX_CLOSED_BATCHES))
    clock_offsets: deque[tuple[datetime, float | None]] = field(
        default_factory=lambda: deque(maxlen=SKEW_SAMPLES)
    )
    """Times of receipt with the clock's offset in s, positive if it is behind; None for an unusable time."""


@dataclass(frozen=True, slots=True)
class LevelChange:
    """Times of the last level before a change of the tank's content and of the level that showed it."""

    since: datetime
    until: datetime

    def is_near(self, at: datetime, tolerance: timedelta) -> bool:
        return self.since - tolerance <= at <= self.until + tolerance


@dataclass(slots=True)
class TankState:
    """State of one tank.

    ``dosed_g``: since the last level, None if unknown; ``gap_g``: unreported difference to the doses.
    """

    level_g: float | None = None
    level_g_time: datetime | None = None
    level_time: datetime | None = None
    has_live_level: bool = False
    """The level was received, not loaded."""
    dosed_g: float | None = 0.0
    dose_count: int = 0
    gap_g: float = 0.0
    gap_since: datetime | None = None
    gap_change: LevelChange | None = None
    """From the level before the unreported difference to the last one that differed."""
    reported_gap: Detection | None = None
    """Detection of the last reported difference, of which late doses have not explained ``open_gap_g``."""
    reported_change: LevelChange | None = None
    open_gap_g: float = 0.0
    told_loss_g: float = 0.0
    """Loss by the material ledger that the next level may show."""
    filled_at: datetime | None = None
    """Time of the latest addition of the material ledger."""
    reported_jump: Detection | None = None
    """Detection of the last jump, until an addition or another level explains it."""
    jump_change: LevelChange | None = None
    batch_need_g: float = 0.0
    """Target, or else actual mass, of the newest dose; 0 without a dose."""
    batch_need_at: datetime | None = None


class RuleState:
    """State of all rules, not thread-safe. ``started_at``: start of the evaluation."""

    def __init__(self, expected_stations: tuple[str, ...], started_at: datetime) -> None:
        self.started_at = started_at
        self._intake_since = started_at
        """Since when messages are taken, whenever the broker delivers them."""
        self.is_history_loaded = False
        """The history was loaded from the database."""
        self.stations: dict[str, StationState] = {
            name: StationState() for name in expected_stations[:MAX_SERIES]
        }
        self.pace = DosingPace()
        self.tanks: dict[tuple[str, str], TankState] = {}
        self.tanks_with_gap: set[tuple[str, str]] = set()
        """Keys of the tanks with an unreported difference."""
        self._recent_readings: dict[tuple[object, ...], int] = {}

    def update_intake(self, context: EvaluationContext) -> None:
        if context.is_intake_stopped:
            self._intake_since = context.now

    def get_listening_since(self, context: EvaluationContext) -> datetime | None:
        """Since when a station would be heard; None while the broker is away, or no message is taken."""
        if not context.broker.is_up or context.is_intake_stopped:
            return None
        return max(context.broker.since or self._intake_since, self._intake_since)

    def get_station(self, device: str) -> StationState | None:
        """Return the station, created if new; None above MAX_SERIES."""
        return _get_or_add(self.stations, device, StationState)

    def get_tank(self, device: str, chemical: str) -> TankState | None:
        """Return the tank, created if new; None above MAX_SERIES."""
        return _get_or_add(self.tanks, (device, chemical), TankState)

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


def _get_or_add(states: dict[Key, State], key: Key, create: Callable[[], State]) -> State | None:
    state = states.get(key)
    if state is None and len(states) < MAX_SERIES:
        state = states[key] = create()
    return state


def to_epoch_minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


HOUR = timedelta(minutes=WINDOW_MINUTES)
