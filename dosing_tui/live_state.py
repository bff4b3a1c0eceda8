"""The live state of the plant: updated by every message, seeded from the database, read twice a second.

Bounded in every dimension. Any thread may write or read it.
"""

from bisect import bisect_left
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import accumulate
from threading import Event, Lock
from typing import TypeVar

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, ReadingKind
from dosing_tui.domain.presence.models import MessageLoss, StationNews, StationPresence
from dosing_tui.domain.quantities.set_back_clock import is_set_back
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.live_snapshot import (
    DatabaseFault,
    LinkState,
    LiveSnapshot,
    MessageCounts,
    Role,
    add_database_faults,
)

MAX_RECENT_READINGS = 200
MAX_SERIES = 2_000
"""Maximum of tanks, and of devices: a flood of invented names must not fill the memory."""
RATE_WINDOW = timedelta(seconds=10)


class LatencyHistogram:
    """Times from the receipt of a message to its COMMIT, as cumulative counts. For any thread."""

    BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0, 3600.0)
    """Upper bound of each bucket, in s; above the last there is one more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = [0] * (len(self.BOUNDS_S) + 1)
        self._sum_s = 0.0

    def record_latencies(self, seconds: Iterable[float]) -> None:
        with self._lock:
            for each in seconds:
                self._counts[bisect_left(self.BOUNDS_S, each)] += 1
                self._sum_s += each

    def read_totals(self) -> tuple[tuple[int, ...], float]:
        """Messages up to each bound, the last without one; and the sum of their times, in s."""
        with self._lock:
            return tuple(accumulate(self._counts)), self._sum_s


class LiveState:
    """The only mutable state that the collector's threads share with the console."""

    def __init__(self) -> None:
        self.storage_latency = LatencyHistogram()
        self._lock = Lock()
        self._levels: dict[tuple[str, str], InventoryLevel] = {}
        self._doses: OrderedDict[tuple[object, ...], Dose] = OrderedDict()
        self._events: OrderedDict[tuple[object, ...], BatchEvent] = OrderedDict()
        self._device_last_seen: dict[str, datetime] = {}
        self._presences: dict[str, StationPresence] = {}
        self._received_counts = dict.fromkeys(ReadingKind, 0)
        self._stored_counts = Counter(dict.fromkeys(ReadingKind, 0))
        self._arrivals: deque[tuple[datetime, int]] = deque()
        self._topic_last_message: dict[str, datetime] = {}
        self._console_faults: tuple[DatabaseFault, ...] = ()
        self._snapshot = LiveSnapshot()
        """As of the last ``get_snapshot``: a copy for each of thousands of changes would take too long."""
        self._published = LiveSnapshot()
        """What the last ``get_snapshot`` returned."""
        self.change_event = Event()
        """Set by every change, for one thread that waits for them and clears it."""
        self._changes: dict[str, object] = {}
        """Fields set since, by their names in LiveSnapshot."""
        self._outdated = set(_LISTED_FIELDS)
        """Fields whose values have changed since: the others are the same objects as before."""
        self._revision = 0

    def apply_readings(self, readings: Iterable[Reading]) -> None:
        """Add live readings. A redelivered dose or event, or an older level, changes nothing."""
        with self._lock:
            for reading in readings:
                kind, is_new = self._store_reading(reading)
                if is_new:
                    self._received_counts[kind] += 1
                    self._outdated.add("received_counts")
            self._increment_revision()

    def apply_news(self, news: Iterable[StationNews]) -> None:
        """Enter stations' status and losses of messages."""
        with self._lock:
            for each in news:
                known = self._presences.get(each.device_id) or StationPresence(each.device_id)
                if not isinstance(each, MessageLoss) and each.is_sign_of_life:
                    self._update_last_seen(each.device_id, each.received_at)
                _make_room(self._presences, each.device_id, lambda presence: ())  # the first that came
                self._outdated.add("presences")
                self._presences[each.device_id] = (
                    known.add_loss(each) if isinstance(each, MessageLoss) else known.apply_report(each)
                )
            self._increment_revision()

    def seed_readings(self, readings: Iterable[Reading]) -> None:
        """Add readings from the database, without counting them; the newer one wins."""
        with self._lock:
            for reading in readings:
                self._store_reading(reading)
            self._increment_revision()

    def count_messages(self, topics: Sequence[str], at: datetime) -> None:
        """Count messages for the rate, one for each topic."""
        with self._lock:
            self._arrivals.append((at, len(topics)))
            self._topic_last_message.update(dict.fromkeys(topics, at))
            self._outdated.add("topic_last_message")
            self._drop_old_arrivals(at)
            self._increment_revision(last_message_at=at)

    def count_stored(self, kinds: Iterable[ReadingKind]) -> None:
        """Count readings of these kinds as committed to the database."""
        with self._lock:
            self._stored_counts.update(kinds)
            self._outdated.add("stored_counts")
            self._increment_revision()

    def set_broker(self, state: LinkState) -> None:
        self._update_fields(broker=state)

    def set_refused_topics(self, topics: tuple[str, ...]) -> None:
        self._update_fields(refused_topics=topics)

    def set_database(self, state: LinkState, faults: tuple[DatabaseFault, ...] = ()) -> None:
        self._update_fields(database=state, database_faults=faults)

    def set_console_faults(self, faults: tuple[DatabaseFault, ...]) -> None:
        with self._lock:
            if faults != self._console_faults:
                self._console_faults = faults
                self._increment_revision()

    def set_failed_threads(self, names: tuple[str, ...]) -> None:
        self._update_fields(failed_threads=names)

    def set_message_counts(self, counts: MessageCounts) -> None:
        self._update_fields(message_counts=counts)

    def set_alarms(self, alarms: AlarmSnapshot) -> None:
        self._update_fields(alarms=alarms)

    def set_tolerances(self, tolerances: ToleranceBook) -> None:
        self._update_fields(tolerances=tolerances)

    def set_limits(self, limits: AlarmLimits) -> None:
        self._update_fields(limits=limits)

    def set_role(self, role: Role, notice: str = "") -> None:
        self._update_fields(role=role, notice=notice)

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        """The same object as before while nothing has changed."""
        with self._lock:
            self._drop_old_arrivals(now)
            self._follow_set_back_clock(now)
            rate = sum(count for _, count in self._arrivals) / RATE_WINDOW.total_seconds()
            if (self._revision, rate) != (self._published.revision, self._published.message_rate):
                self._published = self._build_snapshot(rate)
            return self._published

    def _build_snapshot(self, rate: float) -> LiveSnapshot:
        fields = self._changes | {name: _LISTED_FIELDS[name](self) for name in self._outdated}
        self._changes.clear()
        self._outdated.clear()
        self._snapshot = replace(
            self._snapshot,
            revision=self._revision,
            message_rate=rate,
            **fields,  # type: ignore[arg-type]  # the names are those of LiveSnapshot
        )
        return add_database_faults(self._snapshot, self._console_faults)

    def _update_fields(self, **fields: object) -> None:
        with self._lock:
            if any(self._get_field(name) != value for name, value in fields.items()):
                self._increment_revision(**fields)

    def _get_field(self, name: str) -> object:
        return self._changes.get(name, getattr(self._snapshot, name))

    def _follow_set_back_clock(self, now: datetime) -> None:
        for name in ("broker", "database"):
            link = self._get_field(name)
            if isinstance(link, LinkState) and link.since and is_set_back(link.since, now):
                self._increment_revision(**{name: replace(link, since=now)})

    def _increment_revision(self, **fields: object) -> None:
        """Set fields of the snapshot, by their names."""
        self._revision += 1
        self._changes.update(fields)
        if not self.change_event.is_set():
            self.change_event.set()

    def _store_reading(self, reading: Reading) -> tuple[ReadingKind, bool]:
        """The kind of the reading, and whether it was new; every level counts as new."""
        device_id = reading.device_id
        self._update_last_seen(device_id, reading.received_at)
        match reading:
            case InventoryLevel():
                tank = (device_id, reading.chemical)
                known = self._levels.get(tank)
                if known is None or _get_order(known) <= _get_order(reading):
                    if _make_room(self._levels, tank, _get_order):
                        self._increment_revision(has_more_tanks=True)
                    self._levels[tank] = reading
                    self._outdated.add("levels")
                return ReadingKind.LEVEL, True
            case Dose():
                key = (device_id, reading.time, reading.pump, reading.dedup)
                self._outdated.add("doses")
                return ReadingKind.DOSE, _add_recent(self._doses, key, reading)
            case BatchEvent():
                event_key = (device_id, reading.time, reading.event, reading.recipe, reading.dedup)
                self._outdated.add("events")
                return ReadingKind.EVENT, _add_recent(self._events, event_key, reading)

    def _update_last_seen(self, device: str, at: datetime) -> None:
        seen = self._device_last_seen.get(device)
        if seen is None or seen < at:
            if _make_room(self._device_last_seen, device, lambda time: (time,)):
                self._increment_revision(has_more_stations=True)
            self._device_last_seen[device] = at
            self._outdated.add("device_last_seen")

    def _drop_old_arrivals(self, now: datetime) -> None:
        while self._arrivals and self._arrivals[0][0] < now - RATE_WINDOW:
            self._arrivals.popleft()


TimedReadingT = TypeVar("TimedReadingT", Dose, BatchEvent)
KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


def _make_room(
    series: dict[KeyT, ValueT], key: KeyT, get_order: Callable[[ValueT], tuple[datetime, ...]]
) -> bool:
    """Before a new key above the maximum: drop the oldest values, one in twenty at once. True if any."""
    if key in series or len(series) < MAX_SERIES:
        return False
    for oldest in nsmallest(MAX_SERIES // 20, series, key=lambda each: get_order(series[each])):
        del series[oldest]
    return True


def _add_recent(
    recent: OrderedDict[tuple[object, ...], TimedReadingT], key: tuple[object, ...], reading: TimedReadingT
) -> bool:
    """Add the reading, drop the earliest arrival above the maximum; False if it is a repetition."""
    if key in recent:
        return False
    recent[key] = reading
    if len(recent) > MAX_RECENT_READINGS:
        recent.popitem(last=False)
    return True


def _sort_newest_first(readings: Iterable[TimedReadingT]) -> tuple[TimedReadingT, ...]:
    return tuple(sorted(readings, key=_get_order, reverse=True))


def _get_order(reading: Reading) -> tuple[datetime, datetime]:
    return reading.time, reading.received_at


_LISTED_FIELDS: Mapping[str, Callable[[LiveState], tuple[object, ...]]] = {
    "levels": lambda state: tuple(state._levels[key] for key in sorted(state._levels)),
    "doses": lambda state: _sort_newest_first(state._doses.values()),
    "events": lambda state: _sort_newest_first(state._events.values()),
    "topic_last_message": lambda state: tuple(state._topic_last_message.items()),
    "device_last_seen": lambda state: tuple(sorted(state._device_last_seen.items())),
    "presences": lambda state: tuple(state._presences[device] for device in sorted(state._presences)),
    "received_counts": lambda state: tuple(state._received_counts.items()),
    "stored_counts": lambda state: tuple(state._stored_counts.items()),
}
"""How the fields of a snapshot are made that many readings change, by their names."""
