"""KPIs of alarm-system performance (ISA-18.2, EEMUA 191), computed from the journal. No I/O."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from statistics import median

from msgspec import Struct

from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection
from dosing_tui.domain.alarms.models import (
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.snapshot import FLOOD_PERIOD, FLOOD_START_COUNT, is_flood_active

KPI_PERIOD = timedelta(days=30)
"""Evaluation period. With fewer days, KPIs are computed but not compared with their targets."""
CHATTER_COUNT, CHATTER_WINDOW = 3, timedelta(seconds=60)
"""Chattering alarm: this number of raises within this time (ISA-18.2)."""
STALE_AFTER = timedelta(hours=24)
SLOW_ACK_AFTER = timedelta(minutes=10)
"""Time after which an unacknowledged alarm counts as slow."""


SHELVE_LOOKBACK = timedelta(days=1)
"""Time read before the period, to include earlier shelvings. It exceeds every shelving time."""


class KpiHistory(Struct, frozen=True):
    """Input of the KPI calculation: journal entries of the period and of SHELVE_LOOKBACK, by ID.

    ``states``: all alarms that are not normal; ``first_entry_at``: time of the journal's first entry.
    """

    entries: Sequence[JournalEntry] = ()
    states: Sequence[AlarmState] = ()
    first_entry_at: datetime | None = None


class AlarmKpiSummary(Struct, frozen=True):
    """KPIs of the alarms annunciated between ``since`` and ``until`` (UTC); shares in percent."""

    since: datetime
    until: datetime
    annunciated_count: int
    peak_count: int
    """Maximum number of alarms in a ten-minute period."""
    busy_period_percent: float
    """Share of ten-minute periods with more than ten alarms."""
    flood_period_percent: float
    most_frequent_percent: float
    """Share of the ten most frequent alarms; 100 for a plant with ten alarms or fewer."""
    most_frequent: tuple[tuple[AlarmKey, int], ...]
    chattering_count: int
    stale_count: int
    priority_percents: Mapping[Priority, float]
    shelved_count: int
    shelve_event_count: int
    unlimited_shelve_count: int
    """Alarms shelved without an expiry; the target is 0."""
    median_ack_time: timedelta | None
    slow_ack_count: int
    """Occurrences unacknowledged for more than ten minutes, acknowledged since or not."""

    @property
    def has_full_period(self) -> bool:
        """Whether the data cover KPI_PERIOD, so that the KPIs can be compared with their targets."""
        return self.until - self.since >= KPI_PERIOD

    @property
    def days(self) -> float:
        return max((self.until - self.since) / timedelta(days=1), 1 / 144)


def calculate_kpis(history: KpiHistory, now: datetime) -> AlarmKpiSummary | None:
    """Calculate the KPIs of the last KPI_PERIOD; None if the journal is empty."""
    if history.first_entry_at is None:
        return None
    since = max(now - KPI_PERIOD, history.first_entry_at)
    effects = [
        effect for effect in JournalProjection().apply_committed(history.entries) if effect.entry.at <= now
    ]
    return _summarize_transitions(effects, history.states, since, now)


def _summarize_transitions(
    transitions: Sequence[AlarmTransition], states: Sequence[AlarmState], since: datetime, now: datetime
) -> AlarmKpiSummary:
    recent = [effect for effect in transitions if effect.entry.at >= since]
    sounded = [effect.entry for effect in recent if effect.is_new_occurrence]
    periods, every = _count_per_period(sounded, since, now), len(sounded)
    frequent = Counter(entry.key for entry in sounded).most_common(10)
    waits = _measure_ack_times(transitions, since, now)
    ack_times = [wait.total_seconds() for wait, ended in waits if ended]
    shelvings = [state.hiding for state in states if state.state_name is AlarmStateName.SHELVED]
    shares = Counter(entry.priority for entry in sounded)
    return AlarmKpiSummary(
        since,
        now,
        every,
        peak_count=max(periods),
        busy_period_percent=_calculate_percent(
            sum(count > FLOOD_START_COUNT for count in periods), len(periods)
        ),
        flood_period_percent=_calculate_percent(
            sum(accumulate(periods, is_flood_active, initial=False)), len(periods)
        ),
        most_frequent_percent=_calculate_percent(sum(count for _, count in frequent), every),
        most_frequent=tuple(frequent),
        chattering_count=len(_find_chattering(sounded)),
        stale_count=sum(_is_stale(state, now) for state in states),
        priority_percents={priority: _calculate_percent(shares[priority], every) for priority in Priority},
        shelved_count=len(shelvings),
        shelve_event_count=sum(effect.entry.event is AlarmEvent.SHELVE for effect in recent),
        unlimited_shelve_count=sum(one is not None and one.until is None for one in shelvings),
        median_ack_time=timedelta(seconds=median(ack_times)) if ack_times else None,
        slow_ack_count=sum(wait > SLOW_ACK_AFTER for wait, _ in waits),
    )


def _count_per_period(raise_entries: Iterable[JournalEntry], since: datetime, now: datetime) -> list[int]:
    """Count the raises in each ten-minute period."""
    counts = [0] * ((now - since) // FLOOD_PERIOD + 1)
    for entry in raise_entries:
        counts[(entry.at - since) // FLOOD_PERIOD] += 1
    return counts


def _find_chattering(raise_entries: Iterable[JournalEntry]) -> set[AlarmKey]:
    times: defaultdict[AlarmKey, list[datetime]] = defaultdict(list)
    for entry in raise_entries:
        times[entry.key].append(entry.at)
    return {key for key, moments in times.items() if _is_chattering(moments)}


def _is_chattering(times: Sequence[datetime]) -> bool:
    runs = zip(times, times[CHATTER_COUNT - 1 :], strict=False)
    return any(last - first <= CHATTER_WINDOW for first, last in runs)


def _measure_ack_times(
    transitions: Iterable[AlarmTransition], since: datetime, now: datetime
) -> list[tuple[timedelta, bool]]:
    """Return each occurrence's unacknowledged time and whether it was acknowledged."""
    begun: dict[AlarmKey, datetime] = {}
    found: list[tuple[timedelta, bool]] = []
    for effect in transitions:
        key, at = effect.entry.key, effect.entry.at
        if effect.is_new_occurrence:
            begun.setdefault(key, at)
        elif effect.entry.event is AlarmEvent.ACKNOWLEDGE or effect.after.hiding is not None:
            start = begun.pop(key, None)
            if start is not None and start >= since and effect.after.hiding is None:
                found.append((at - start, True))
    return found + [(now - start, False) for start in begun.values() if start >= since]


def _is_stale(state: AlarmState, now: datetime) -> bool:
    raised_at = state.raised_at if state.active and state.hiding is None else None
    return raised_at is not None and now - raised_at > STALE_AFTER


def _calculate_percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
