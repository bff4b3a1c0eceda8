"""What the rules remember between readings: the last level of a tank, an hour of errors, the open batch.

Bounded in every dimension. It changes in place, for thousands of readings a second come through it.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from dosing_tui.domain.messages.models import BatchEvent, Dose

MAX_SERIES = 2_000
"""Most stations, and most tanks, that are remembered: a flood of invented names must not fill the memory."""
MAX_PUMPS = 8
RECENT = 4_096
"""Doses and events that are known again when they are delivered twice."""
WINDOW_MINUTES = 60
SKEW_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class MinuteOfErrors:
    """Doses of a pump: how many, the sum of their absolute errors in g, how many out of tolerance."""

    device: str
    pump: int
    minute: datetime
    doses: int
    error_g: float
    outside: int


class ErrorWindow:
    """Doses of the last hour, by minute."""

    __slots__ = ("_minutes", "doses", "error_g", "outside")

    def __init__(self) -> None:
        self._minutes: deque[list[float]] = deque()
        self.doses = 0
        self.error_g = 0.0
        """Sum of the absolute errors."""
        self.outside = 0

    def add(self, minute: int, *, doses: int, error_g: float, outside: int) -> None:
        """``minute``: since 1970, never older than the newest less the window."""
        if not self._minutes or self._minutes[-1][0] < minute:
            self._minutes.append([minute, 0, 0.0, 0])
        last = self._minutes[-1]
        last[1] += doses
        last[2] += error_g
        last[3] += outside
        self.doses += doses
        self.error_g += error_g
        self.outside += outside

    def forget(self, minute: int) -> None:
        """Let go what is older than an hour before ``minute``."""
        while self._minutes and self._minutes[0][0] <= minute - WINDOW_MINUTES:
            _, doses, error_g, outside = self._minutes.popleft()
            self.doses -= int(doses)
            self.error_g -= error_g
            self.outside -= int(outside)
        if not self.doses:
            self.error_g = 0.0

    @property
    def mean_g(self) -> float:
        return self.error_g / self.doses if self.doses else 0.0

    @property
    def outside_percent(self) -> float:
        return 100.0 * self.outside / self.doses if self.doses else 0.0


class Batch:
    """An open batch. ``whole``: its beginning was seen, so its doses can be counted."""

    __slots__ = ("chemicals", "doses", "expected", "last_at", "mode", "recipe", "started_at", "whole")

    def __init__(self, recipe: str, at: datetime, expected: int | None, *, whole: bool) -> None:
        self.recipe = recipe
        self.started_at = self.last_at = at
        self.expected = expected
        self.whole = whole
        self.doses: list[int] = []
        """Pumps, in order."""
        self.chemicals: list[str] = []
        """What they dosed."""
        self.mode = ""


class Station:
    """What is known of one device."""

    __slots__ = ("batch", "heard_at", "pumps", "skews", "told", "window")

    def __init__(self) -> None:
        self.heard_at: datetime | None = None
        self.batch: Batch | None = None
        self.told = False
        """A batch event came since this process watches."""
        self.window = ErrorWindow()
        self.pumps: dict[int, ErrorWindow] = {}
        self.skews: deque[float | None] = deque(maxlen=SKEW_SAMPLES)
        """How far the clock was off, in s, behind is positive; None for a stamp that is no time."""


class Tank:
    """``dosed_g`` since the last level; ``gap_g``: what level and doses disagree about, not reported yet."""

    __slots__ = (
        "dosed_g", "doses", "gap_g", "gap_since", "level_g", "level_time", "need_at", "need_g", "recipe",
    )  # fmt: skip

    def __init__(self) -> None:
        self.level_g: float | None = None
        self.level_time: datetime | None = None
        self.dosed_g: float | None = 0.0
        self.doses = 0
        self.gap_g = 0.0
        self.gap_since: datetime | None = None
        self.need_g = 0.0
        """What the newest batch took, or should have; 0 while none is known."""
        self.need_at: datetime | None = None
        self.recipe = ""
        """Of that batch."""


class Memory:
    """For one thread. ``started_at``: since when this process watches."""

    def __init__(self, expected: tuple[str, ...], started_at: datetime) -> None:
        self.started_at = started_at
        self.seeded = False
        """What came before was read from the database."""
        self.stations: dict[str, Station] = {name: Station() for name in expected[:MAX_SERIES]}
        self.tanks: dict[tuple[str, str], Tank] = {}
        self.gaps: set[tuple[str, str]] = set()
        """Tanks with a gap."""
        self._recent: dict[tuple[object, ...], int] = {}

    def station(self, device: str) -> Station | None:
        """None for one too many."""
        station = self.stations.get(device)
        if station is None and len(self.stations) < MAX_SERIES:
            station = self.stations[device] = Station()
        return station

    def tank(self, device: str, chemical: str) -> Tank | None:
        """None for one too many."""
        key = (device, chemical)
        tank = self.tanks.get(key)
        if tank is None and len(self.tanks) < MAX_SERIES:
            tank = self.tanks[key] = Tank()
        return tank

    def is_new(self, reading: Dose | BatchEvent) -> bool:
        """False for one that was delivered before, of late."""
        thing = reading.pump if isinstance(reading, Dose) else reading.event
        key = (reading.device_id, reading.time, thing, reading.dedup)
        known = len(self._recent)
        self._recent.setdefault(key, 0)
        if len(self._recent) == known:
            return False
        if known >= RECENT:
            del self._recent[next(iter(self._recent))]
        return True


def minute_of(at: datetime) -> int:
    return int(at.timestamp() // 60)


HOUR = timedelta(minutes=WINDOW_MINUTES)
