"""An evaluator with a plant before it, whose clock only the test moves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmKey, AlarmStateName, JournalEntry
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality
from tests.support.domain.alarm_entries import NOW, numbered_uuid

STATION = "dosing_system_01"
UP = ConnectionState(True, NOW - timedelta(days=1))


@dataclass(slots=True)
class EvaluatedPlant:
    """``journal`` is every entry that was emitted."""

    limits: AlarmLimits = field(default_factory=AlarmLimits)
    expected: tuple[str, ...] = ()
    realarm_after: timedelta = timedelta()
    journaling: bool = True
    now: datetime = NOW
    outlook: EvaluationContext = field(default_factory=lambda: EvaluationContext(NOW, broker=UP, database=UP))
    journal: list[JournalEntry] = field(default_factory=list)
    evaluator: Evaluator = field(init=False)

    def __post_init__(self) -> None:
        numbers = count(1)
        self.evaluator = Evaluator(
            self.limits,
            expected_stations=self.expected,
            started_at=NOW,
            realarm_after=self.realarm_after,
            writes_journal=self.journaling,
            new_id=lambda: numbered_uuid(next(numbers)),
        )

    def receive_readings(self, *readings: Reading) -> list[JournalEntry]:
        entries = [entry for reading in readings for entry in self.evaluator.on_reading(reading)]
        self.journal += entries
        return entries

    def advance_clock(self, seconds: int = 1) -> list[JournalEntry]:
        """So many seconds pass."""
        found: list[JournalEntry] = []
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            found += self.evaluator.on_tick(replace(self.outlook, now=self.now))
        self.journal += found
        return found

    def confirm_journal(self) -> None:
        """All that was emitted is in the journal now, and heard."""
        known = self.evaluator.projection.last_entry_id
        entries = [replace(entry, id=n) for n, entry in enumerate(self.journal, start=1) if n > known]
        self.evaluator.apply_committed(entries)

    def get_shown_state(self, rule: str, device: str = STATION, item: str = "") -> AlarmStateName:
        return self.evaluator.projection.get_state(AlarmKey(rule, device, item)).state_name

    def make_level(
        self, percent: float, *, chemical: str = "T-12", device: str = STATION, capacity_g: float = 10_000.0
    ) -> InventoryLevel:
        return InventoryLevel(
            self.now, device, chemical, percent / 100 * capacity_g, capacity_g, percent, 1, self.now,
            TimeQuality.RECEIVE,
        )  # fmt: skip

    def make_dose(
        self,
        error_g: float | None = 0.0,
        *,
        target_g: float = 40.0,
        pump: int = 2,
        chemical: str = "T-12",
        device: str = STATION,
        recipe: str = "CU-85",
        dedup: int = 0,
        behind: timedelta = timedelta(),
    ) -> Dose:
        actual = None if error_g is None else target_g + error_g
        return Dose(
            self.now - behind, device, pump, chemical, target_g, actual, error_g, recipe, "CATALYST", 60_000,
            dedup, self.now, TimeQuality.DEVICE,
        )  # fmt: skip

    def make_event(
        self, event: str, *, recipe: str = "CU-85", pumps: int = 2, device: str = STATION
    ) -> BatchEvent:
        return BatchEvent(self.now, device, event, recipe, pumps, 0, self.now, TimeQuality.DEVICE)
