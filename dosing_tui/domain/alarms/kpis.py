"""How well the alarms serve the operator: the figures of ISA-18.2 and EEMUA 191, from the journal. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection, fold_entries
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
"""Fewer days than this give figures, but no judgement of the alarm system."""
CHATTER_COUNT, CHATTER_WINDOW = 3, timedelta(seconds=60)
"""An alarm that is raised so often within a minute chatters."""
STALE_AFTER = timedelta(hours=24)
SLOW_ACK_AFTER = timedelta(minutes=10)
"""An alarm that nobody acknowledges for so long."""


SHELVE_LOOKBACK = timedelta(days=1)
"""Read before the span, so that what was shelved then is known as such; nothing is shelved for longer."""


@dataclass(frozen=True, slots=True)
class KpiHistory:
    """What a judgement needs of a site's journal: its entries of the span and the margin, in their order.

    ``states``: every alarm that is not normal now; ``first_entry_at``: the journal's first entry, None without any.
    """

    entries: Sequence[JournalEntry] = ()
    states: Sequence[AlarmState] = ()
    first_entry_at: datetime | None = None


def build_history(entries: Sequence[JournalEntry]) -> KpiHistory:
    """Of a journal that is at hand whole."""
    began = min((entry.at for entry in entries), default=None)
    return KpiHistory(entries, tuple(fold_entries(entries).values()), began)


@dataclass(frozen=True, slots=True)
class AlarmKpiSummary:
    """Counts of what was annunciated between ``since`` and ``until`` (UTC); shares in percent."""

    since: datetime
    until: datetime
    annunciated_count: int
    peak_count: int
    """Most in one period of ten minutes."""
    busy_period_percent: float
    """Periods with more than ten."""
    flood_period_percent: float
    most_frequent_percent: float
    """What the ten most frequent alarms have of all; a plant of ten alarms has 100."""
    most_frequent: tuple[tuple[AlarmKey, int], ...]
    chattering_count: int
    stale_count: int
    priority_percents: Mapping[Priority, float]
    shelved_count: int
    shelve_event_count: int
    unlimited_shelve_count: int
    """Shelved without an end; must be none."""
    median_ack_time: timedelta | None
    slow_ack_count: int
    """Occurrences that waited longer than ten minutes, or still wait."""

    @property
    def has_full_period(self) -> bool:
        """There are days enough for a verdict."""
        return self.until - self.since >= KPI_PERIOD

    @property
    def days(self) -> float:
        return max((self.until - self.since) / timedelta(days=1), 1 / 144)


def calculate_kpis(history: KpiHistory, now: datetime) -> AlarmKpiSummary | None:
    """None while there is nothing in the journal."""
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
    shares = Counter(entry.priority for entry in sounded)
    return AlarmKpiSummary(
        since, now, every,
        peak_count=max(periods),
        busy_period_percent=_calculate_percent(sum(count > FLOOD_START_COUNT for count in periods), len(periods)),
        flood_period_percent=_calculate_percent(sum(_find_flood_periods(periods)), len(periods)),
        most_frequent_percent=_calculate_percent(sum(count for _, count in frequent), every),
        most_frequent=tuple(frequent),
        chattering_count=len(_find_chattering(sounded)),
        stale_count=sum(_is_stale(state, now) for state in states),
        priority_percents={priority: _calculate_percent(shares[priority], every) for priority in Priority},
        shelved_count=sum(state.state_name is AlarmStateName.SHELVED for state in states),
        shelve_event_count=sum(effect.entry.event is AlarmEvent.SHELVE for effect in recent),
        unlimited_shelve_count=sum(_is_shelved_indefinitely(state) for state in states),
        median_ack_time=_calculate_median([wait for wait, ended in waits if ended]),
        slow_ack_count=sum(wait > SLOW_ACK_AFTER for wait, _ in waits),
    )  # fmt: skip


def _calculate_median(ack_times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(wait.total_seconds() for wait in ack_times)) if ack_times else None


def _count_per_period(raise_entries: Iterable[JournalEntry], since: datetime, now: datetime) -> list[int]:
    """How many came in each ten minutes."""
    counts = [0] * ((now - since) // FLOOD_PERIOD + 1)
    for entry in raise_entries:
        counts[(entry.at - since) // FLOOD_PERIOD] += 1
    return counts


def _find_flood_periods(period_counts: Iterable[int]) -> list[bool]:
    """Whether there is a flood in each period."""
    found: list[bool] = []
    for count in period_counts:
        found.append(is_flood_active(bool(found) and found[-1], count))
    return found


def _find_chattering(raise_entries: Iterable[JournalEntry]) -> set[AlarmKey]:
    times: dict[AlarmKey, list[datetime]] = {}
    for entry in raise_entries:
        times.setdefault(entry.key, []).append(entry.at)
    return {key for key, moments in times.items() if _is_chattering(moments)}


def _is_chattering(times: Sequence[datetime]) -> bool:
    runs = zip(times, times[CHATTER_COUNT - 1 :], strict=False)
    return any(last - first <= CHATTER_WINDOW for first, last in runs)


def _measure_ack_times(
    transitions: Iterable[AlarmTransition], since: datetime, now: datetime
) -> list[tuple[timedelta, bool]]:
    """How long each occurrence was unacknowledged, and whether somebody has acknowledged it."""
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
    if not state.active or state.hiding is not None or state.raised_at is None:
        return False
    return now - state.raised_at > STALE_AFTER


def _is_shelved_indefinitely(state: AlarmState) -> bool:
    return (
        state.hiding is not None
        and state.hiding.shown is AlarmStateName.SHELVED
        and state.hiding.until is None
    )


def _calculate_percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
