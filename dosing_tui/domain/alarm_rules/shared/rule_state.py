"""Mutable state of the rules: tank levels, dose errors of one hour, open batches.

All collections are bounded. The state is updated in place for throughput (thousands of readings per second).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import DosingPace
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.bounded_states import BoundedStates
from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.link_history import LinkHistory
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading
from dosing_tui.domain.presence.models import MessageLoss, StationPresence
from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.domain.quantities.set_back_clock import limit_to_clock
from dosing_tui.domain.tolerances.pump_history import PumpHistory

MAX_SERIES = 2_000
"""Maximum number of stations, and of tanks: it bounds memory if names are invented."""
MAX_ALARMED = 8_000
"""And of those in addition that have an alarm of a tank: freed, they would end it, and raise it again."""
MAX_PUMPS = 8
MAX_RECENT_READINGS = 4_096
"""Number of doses and events kept to detect redelivered ones."""
WINDOW_MINUTES = 60
SKEW_SAMPLES = 10
MAX_CLOSED_BATCHES = 20
"""Number of ended batches of a station that late messages are assigned to."""
ESTABLISHED_MESSAGES = 20
"""A station with so many messages is no invented name."""
UNUSED_AFTER = timedelta(days=30)
"""A station that is silent for so long, and has no alarm, is freed."""


class DoseErrorMinute(Struct, frozen=True):
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
    message_count: int = 0
    """Up to ESTABLISHED_MESSAGES, of this process and of what it loaded."""
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


class LevelChange(Struct, frozen=True):
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
    last_level: InventoryLevel | None = None
    batch_need: BatchNeed | None = None
    last_dose_at: datetime | None = None
    """Of the dose that is the need while no batch is known."""

    def forget_balance(self) -> None:
        """Doses are missing since the last level: the next one is not compared with it."""
        self.dosed_g, self.dose_count = None, 0
        self.gap_g, self.gap_since, self.gap_change = 0.0, None, None


class RuleState:
    """State of all rules, not thread-safe. ``started_at``: start of the evaluation."""

    def __init__(self, expected_stations: tuple[str, ...], started_at: datetime) -> None:
        self.started_at = started_at
        self._intake_since = started_at
        """Since when messages are taken, whenever the broker delivers them."""
        self.is_history_loaded = False
        """The history was loaded from the database."""
        self.tanks_with_gap: set[tuple[str, str]] = set()
        """Keys of the tanks with an unreported difference."""
        self.links: dict[str, LinkHistory] = {}
        """Outages of the connections, by alarm rule."""
        self.expected_stations = frozenset(expected_stations)
        self.list_tank_alarms: Callable[[], Iterable[AlarmKey]] = tuple
        """Those that are active; their item is the chemical."""
        self.freed_stations: set[str] = set()
        """Stations freed since the evaluator last ended their alarms."""
        self.pace = DosingPace()
        self.tanks: BoundedStates[tuple[str, str], TankState] = BoundedStates(
            most=MAX_SERIES,
            rank_use=self._rank_tank,
            on_freed=self._forget_tanks,
            find_needed=self._find_alarmed_tanks,
            most_needed=MAX_ALARMED,
        )
        self.stations: BoundedStates[str, StationState] = BoundedStates(
            most=MAX_SERIES,
            rank_use=self._rank_station,
            on_freed=self._forget_stations,
            find_needed=self._find_alarmed_stations,
            most_needed=MAX_ALARMED,
        )
        for name in expected_stations:
            self.get_station(name)
        self.is_normal: Callable[[tuple[str, str, str]], bool] = lambda key: False
        """Whether nobody waits for a detection of this alarm that is not active: it may be left out then.

        The key: rule, station and item.
        """
        self._recent_readings: OrderedDict[tuple[object, ...], None] = OrderedDict()

    def update_intake(self, context: EvaluationContext) -> None:
        self._intake_since = limit_to_clock(self._intake_since, context.now)
        if context.is_intake_stopped:
            self._intake_since = context.now

    def get_listening_since(self, context: EvaluationContext) -> datetime | None:
        """Since when a station would be heard; None while the broker is away, or no message is taken."""
        if not context.broker.is_up or context.is_intake_stopped:
            return None
        return max(context.broker.since or self._intake_since, self._intake_since)

    def get_station(self, device: str) -> StationState:
        """Return the station, created if new; above MAX_SERIES the least active ones are freed."""
        return self.stations.get_or_add(device, StationState)

    def get_tank(self, device: str, chemical: str) -> TankState:
        """Return the tank, created if new; above MAX_SERIES those of the least active stations are freed."""
        return self.tanks.get_or_add((device, chemical), TankState)

    @property
    def ceiling_text(self) -> str:
        """A sentence if there are more stations or tanks than alarms can watch, '' if not."""
        full = [
            name for name, states in (("stations", self.stations), ("tanks", self.tanks)) if states.is_full
        ]
        if not full:
            return ""
        return (
            f"Alarms watch at most {format_count(MAX_SERIES)} {' and '.join(full)}, and"
            f" {format_count(MAX_ALARMED)} more with a tank alarm: those that sent the fewest messages are"
            " left out. Retire stations that are gone."
        )

    def find_level(self, reading: Reading) -> InventoryLevel | None:
        """The last level of the tank of a level; None for other readings."""
        if not isinstance(reading, InventoryLevel):
            return None
        tank = self.tanks.get((reading.device_id, reading.chemical))
        return None if tank is None else tank.last_level

    def free_unused(
        self, now: datetime, devices_in_use: Collection[str], retired: Collection[str] = ()
    ) -> None:
        """Free the stations that nobody expects or that are retired, and that are silent for UNUSED_AFTER."""
        used = self.expected_stations.union(devices_in_use) - frozenset(retired)
        oldest = now - UNUSED_AFTER
        self.stations.remove(
            [
                device
                for device, station in self.stations.items()
                if device not in used and (station.last_message_at or self.started_at) < oldest
            ]
        )

    def _find_alarmed_stations(self) -> set[str]:
        return {key.device for key in self.list_tank_alarms()}

    def _find_alarmed_tanks(self) -> set[tuple[str, str]]:
        return {(key.device, key.item) for key in self.list_tank_alarms()}

    def _rank_station(self, device: str, station: StationState) -> tuple[int, datetime]:
        """Expected ones last, then those that sent many messages; of others the newest."""
        count = ESTABLISHED_MESSAGES + 1 if device in self.expected_stations else station.message_count
        return count, station.last_message_at or self.started_at

    def _rank_tank(self, key: tuple[str, str], tank: TankState) -> tuple[int, datetime]:
        station = self.stations.get(key[0])
        count = 0 if station is None else self._rank_station(key[0], station)[0]
        return count, tank.level_time or self.started_at

    def _forget_stations(self, devices: Iterable[str]) -> None:
        gone = frozenset(devices)
        self.freed_stations |= gone
        self.tanks.remove([key for key in self.tanks if key[0] in gone])

    def _forget_tanks(self, keys: Iterable[tuple[str, str]]) -> None:
        self.tanks_with_gap.difference_update(keys)

    def is_new(self, reading: Dose | BatchEvent) -> bool:
        """Record a reading; return False if it is a redelivery."""
        thing = reading.pump if isinstance(reading, Dose) else reading.event
        key = (reading.device_id, reading.time, thing, reading.dedup)
        if key in self._recent_readings:
            return False
        self._recent_readings[key] = None
        if len(self._recent_readings) > MAX_RECENT_READINGS:
            self._recent_readings.popitem(last=False)
        return True


def to_epoch_minute(at: datetime) -> int:
    return int(at.timestamp() // 60)


HOUR = timedelta(minutes=WINDOW_MINUTES)
