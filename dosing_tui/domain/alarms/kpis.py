"""How well the alarms serve the operator: the figures of ISA-18.2 and EEMUA 191, from the journal. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from dosing_tui.domain.alarms.journal_projection import Effect, Replica, folded
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Priority, Shown
from dosing_tui.domain.alarms.snapshot import FLOOD_BEGINS, FLOOD_PERIOD, flooded

SPAN = timedelta(days=30)
"""Fewer days than this give figures, but no judgement of the alarm system."""
CHATTERS, CHATTERING = 3, timedelta(seconds=60)
"""An alarm that is raised so often within a minute chatters."""
STALE = timedelta(hours=24)
SLOW = timedelta(minutes=10)
"""An alarm that nobody acknowledges for so long."""


MARGIN = timedelta(days=1)
"""Read before the span, so that what was shelved then is known as such; nothing is shelved for longer."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a judgement needs of a site's journal: its entries of the span and the margin, in their order.

    ``states``: every alarm that is not normal now; ``began``: the journal's first entry, None without any.
    """

    entries: Sequence[Entry] = ()
    states: Sequence[AlarmState] = ()
    began: datetime | None = None


def past_of(entries: Sequence[Entry]) -> Past:
    """Of a journal that is at hand whole."""
    began = min((entry.at for entry in entries), default=None)
    return Past(entries, tuple(folded(entries).values()), began)


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of what was annunciated between ``since`` and ``until`` (UTC); shares in percent."""

    since: datetime
    until: datetime
    annunciated: int
    peak: int
    """Most in one period of ten minutes."""
    busy_percent: float
    """Periods with more than ten."""
    flood_percent: float
    top_percent: float
    """What the ten most frequent alarms have of all; a plant of ten alarms has 100."""
    top: tuple[tuple[AlarmKey, int], ...]
    chattering: int
    stale: int
    shares: Mapping[Priority, float]
    shelved: int
    shelvings: int
    endless: int
    """Shelved without an end; must be none."""
    median_ack: timedelta | None
    slow: int
    """Occurrences that waited longer than ten minutes, or still wait."""

    @property
    def judged(self) -> bool:
        """There are days enough for a verdict."""
        return self.until - self.since >= SPAN

    @property
    def days(self) -> float:
        return max((self.until - self.since) / timedelta(days=1), 1 / 144)


def health(past: Past, now: datetime) -> Health | None:
    """None while there is nothing in the journal."""
    if past.began is None:
        return None
    since = max(now - SPAN, past.began)
    effects = [effect for effect in Replica().heard(past.entries) if effect.entry.at <= now]
    return _figures(effects, past.states, since, now)


def _figures(
    effects: Sequence[Effect], states: Sequence[AlarmState], since: datetime, now: datetime
) -> Health:
    recent = [effect for effect in effects if effect.entry.at >= since]
    sounded = [effect.entry for effect in recent if effect.begins]
    periods, every = _periods(sounded, since, now), len(sounded)
    frequent = Counter(entry.key for entry in sounded).most_common(10)
    waits = _waits(effects, since, now)
    shares = Counter(entry.priority for entry in sounded)
    return Health(
        since, now, every,
        peak=max(periods),
        busy_percent=_percent(sum(count > FLOOD_BEGINS for count in periods), len(periods)),
        flood_percent=_percent(sum(_floods(periods)), len(periods)),
        top_percent=_percent(sum(count for _, count in frequent), every),
        top=tuple(frequent),
        chattering=len(_chattering(sounded)),
        stale=sum(_is_stale(state, now) for state in states),
        shares={priority: _percent(shares[priority], every) for priority in Priority},
        shelved=sum(state.shown is Shown.SHELVED for state in states),
        shelvings=sum(effect.entry.event is Event.SHELVE for effect in recent),
        endless=sum(_is_endless(state) for state in states),
        median_ack=_median([wait for wait, ended in waits if ended]),
        slow=sum(wait > SLOW for wait, _ in waits),
    )  # fmt: skip


def _median(waits: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(wait.total_seconds() for wait in waits)) if waits else None


def _periods(sounded: Iterable[Entry], since: datetime, now: datetime) -> list[int]:
    """How many came in each ten minutes."""
    counts = [0] * ((now - since) // FLOOD_PERIOD + 1)
    for entry in sounded:
        counts[(entry.at - since) // FLOOD_PERIOD] += 1
    return counts


def _floods(periods: Iterable[int]) -> list[bool]:
    """Whether there is a flood in each period."""
    found: list[bool] = []
    for count in periods:
        found.append(flooded(bool(found) and found[-1], count))
    return found


def _chattering(sounded: Iterable[Entry]) -> set[AlarmKey]:
    times: dict[AlarmKey, list[datetime]] = {}
    for entry in sounded:
        times.setdefault(entry.key, []).append(entry.at)
    return {key for key, moments in times.items() if _dense(moments)}


def _dense(moments: Sequence[datetime]) -> bool:
    runs = zip(moments, moments[CHATTERS - 1 :], strict=False)
    return any(last - first <= CHATTERING for first, last in runs)


def _waits(effects: Iterable[Effect], since: datetime, now: datetime) -> list[tuple[timedelta, bool]]:
    """How long each occurrence was unacknowledged, and whether somebody has acknowledged it."""
    begun: dict[AlarmKey, datetime] = {}
    found: list[tuple[timedelta, bool]] = []
    for effect in effects:
        key, at = effect.entry.key, effect.entry.at
        if effect.begins:
            begun.setdefault(key, at)
        elif effect.entry.event is Event.ACKNOWLEDGE or effect.after.hiding is not None:
            start = begun.pop(key, None)
            if start is not None and start >= since and effect.after.hiding is None:
                found.append((at - start, True))
    return found + [(now - start, False) for start in begun.values() if start >= since]


def _is_stale(state: AlarmState, now: datetime) -> bool:
    if not state.active or state.hiding is not None or state.raised_at is None:
        return False
    return now - state.raised_at > STALE


def _is_endless(state: AlarmState) -> bool:
    return state.hiding is not None and state.hiding.shown is Shown.SHELVED and state.hiding.until is None


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0
