"""What each station does now: its last message, its running batch, its emptiest tank, its open alarms."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel
from dosing_tui.domain.presence.models import StationPresence
from dosing_tui.domain.running_batches import RunningBatches


class StationActivity(StrEnum):
    NEVER_REPORTED = "no data"
    """It is in the settings, and no message of it is known."""
    OFFLINE = "offline"
    STALLED = "stalled"
    """Its batch runs, and its messages have stopped: the alarm BATCH_STALLED is active."""
    RUNNING = "running"
    IDLE = "idle"
    RETIRED = "retired"
    """It was taken out of service for good, and has not sent since."""


class StationStatus(Struct, frozen=True):
    device: str
    state: StationActivity
    last_message_at: datetime | None = None
    batch: Batch | None = None
    """The batch that runs."""
    worst_tank: InventoryLevel | None = None
    """The one with the lowest level in percent."""
    alarms: tuple[AlarmView, ...] = ()
    """The annunciated ones, the most urgent first."""

    @property
    def identity(self) -> str:
        """The station, whatever it does."""
        return self.device

    @property
    def alarm_counts(self) -> Mapping[Priority, int]:
        """Open alarms by priority, the highest first; without those that have none."""
        if not self.alarms:
            return {}  # most stations, at every frame
        counts = Counter(view.state.priority for view in self.alarms)
        return {priority: counts[priority] for priority in Priority if counts[priority]}

    @property
    def has_unacknowledged(self) -> bool:
        return any(view.state.state_name in UNACKNOWLEDGED_STATES for view in self.alarms)

    @property
    def urgency(self) -> tuple[int, bool, str]:
        """Sort position, the most urgent first: by the highest priority, then the unacknowledged."""
        ranks = [view.state.priority.rank for view in self.alarms]
        return (min(ranks, default=len(Priority)), not self.has_unacknowledged, self.device)


class StationReadings(Struct, frozen=True):
    """The present readings of all stations."""

    last_seen: Sequence[tuple[str, datetime]] = ()
    """Station -> receive time of its last message."""
    levels: Sequence[InventoryLevel] = ()
    doses: Sequence[Dose] = ()
    events: Sequence[BatchEvent] = ()
    presences: Sequence[StationPresence] = ()
    """Of the stations with a status topic."""


def list_station_statuses(
    readings: StationReadings, alarms: AlarmSnapshot | None, *,
    expected: Iterable[str], now: datetime, offline_after: timedelta,
    running_batches: RunningBatches | None = None,
) -> list[StationStatus]:  # fmt: skip
    """The stations that have reported and those that must, by name.

    ``running_batches``: from one call to the next; without it every station is looked at.
    """
    last_seen = dict(readings.last_seen)
    presences = {presence.device_id: presence for presence in readings.presences}
    running = (running_batches or RunningBatches()).find_batches(readings.doses, readings.events, now)
    retired_parts = list_retired(alarms)
    retired = {device for device, chemical in retired_parts if not chemical}
    tanks: dict[str, list[InventoryLevel]] = defaultdict(list)
    for level in select_in_service(readings.levels, retired_parts):
        tanks[level.device_id].append(level)
    views: dict[str, list[AlarmView]] = defaultdict(list)
    for view in alarms.annunciated_alarms if alarms else ():
        views[view.state.key.device].append(view)
    return [
        StationStatus(
            device,
            StationActivity.RETIRED if device in retired
            else StationActivity.OFFLINE
            if device in presences and presences[device].is_offline(last_seen.get(device))
            else _find_state(last_seen.get(device), running.get(device), views[device], now, offline_after),
            last_seen.get(device), running.get(device), find_worst_tank(tanks[device]), tuple(views[device]),
        )
        for device in sorted({*expected, *last_seen, *tanks, *presences, *retired})
    ]  # fmt: skip


def list_retired(alarms: AlarmSnapshot | None) -> frozenset[tuple[str, str]]:
    """Station and chemical of each retired tank; of a retired station '' for the chemical."""
    keys = [view.state.key for view in alarms.out_of_service] if alarms else []
    return frozenset((key.device, key.item) for key in keys if key.rule == RETIRED)


def select_in_service(
    levels: Sequence[InventoryLevel], retired: frozenset[tuple[str, str]]
) -> Sequence[InventoryLevel]:
    """Those of tanks that are not retired, nor their stations."""
    if not retired:
        return levels
    return tuple(
        level
        for level in levels
        if (level.device_id, "") not in retired and (level.device_id, level.chemical) not in retired
    )


def find_worst_tank(levels: Iterable[InventoryLevel]) -> InventoryLevel | None:
    """The tank with the lowest level in percent; None without a level in percent."""
    found = [
        (level.percent_full, level.chemical, level) for level in levels if level.percent_full is not None
    ]
    return min(found, key=lambda each: each[:2])[2] if found else None


def _find_state(
    last_seen: datetime | None, batch: Batch | None, alarms: Sequence[AlarmView], now: datetime,
    offline_after: timedelta,
) -> StationActivity:  # fmt: skip
    if last_seen is None:
        return StationActivity.NEVER_REPORTED
    active_rules = {view.state.key.rule for view in alarms if view.state.active} if alarms else ()
    if "DEVICE_OFFLINE" in active_rules or now - last_seen >= offline_after:
        return StationActivity.OFFLINE
    if "BATCH_STALLED" in active_rules:
        return StationActivity.STALLED
    return StationActivity.IDLE if batch is None else StationActivity.RUNNING
