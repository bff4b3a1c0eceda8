"""When the terminal's bell rings: while an alarm is unacknowledged, until somebody silences it. Pure.

Silence is not acknowledgement: the alarms stay as they are, and the next one rings again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from dosing_tui.domain.alarms.models import AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot

BELL_INTERVAL = timedelta(seconds=3)

AlarmOccurrences: TypeAlias = frozenset[tuple[AlarmKey, UUID | None]]
"""Occurrences: an alarm that is raised again is another one."""


@dataclass(frozen=True, slots=True)
class AudibleAlarm:
    silent_occurrences: AlarmOccurrences = frozenset()
    last_ring_at: datetime | None = None


def find_audible_occurrences(snapshot: AlarmSnapshot | None) -> AlarmOccurrences:
    """The occurrences that want to be heard; what has returned by itself and diagnostics do not."""
    return frozenset(
        (view.state.key, view.state.occurrence)
        for view in (snapshot.annunciated_alarms if snapshot else ())
        if view.state.state_name in (AlarmStateName.UNACK, AlarmStateName.LATCHED_UNACK)
        and view.state.priority is not Priority.DIAGNOSTIC
    )


def is_sounding(state: AudibleAlarm, occurrences: AlarmOccurrences) -> bool:
    """Something calls that nobody has silenced."""
    return not occurrences <= state.silent_occurrences


def is_ring_due(state: AudibleAlarm, occurrences: AlarmOccurrences, now: datetime) -> bool:
    """The bell is due now; it repeats every few seconds."""
    due = state.last_ring_at is None or not state.last_ring_at <= now < state.last_ring_at + BELL_INTERVAL
    return due and is_sounding(state, occurrences)


def record_ring(state: AudibleAlarm, now: datetime) -> AudibleAlarm:
    return replace(state, last_ring_at=now)


def silence_occurrences(occurrences: AlarmOccurrences) -> AudibleAlarm:
    """What calls now is not heard any more; the next occurrence is heard at once."""
    return AudibleAlarm(silent_occurrences=occurrences)
