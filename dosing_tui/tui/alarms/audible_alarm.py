"""The audible alarm: the terminal's bell rings while an alarm is unacknowledged, until it is silenced. Pure.

To silence is not to acknowledge (ISA-18.2): the alarms keep their state, and the next one rings again.
"""

from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot

BELL_INTERVAL = timedelta(seconds=3)

AlarmOccurrences: TypeAlias = frozenset[tuple[AlarmKey, UUID | None]]
"""An alarm that is raised again is another occurrence."""


class AudibleAlarm(Struct, frozen=True):
    silent_occurrences: AlarmOccurrences = frozenset()
    last_ring_at: datetime | None = None


def find_audible_occurrences(snapshot: AlarmSnapshot | None) -> AlarmOccurrences:
    """The active unacknowledged occurrences; not those that returned to normal, and no diagnostics."""
    return frozenset(
        (view.state.key, view.state.occurrence)
        for view in (snapshot.annunciated_alarms if snapshot else ())
        if view.state.state_name in (AlarmStateName.UNACK, AlarmStateName.LATCHED_UNACK)
        and view.state.priority is not Priority.DIAGNOSTIC
    )


def is_sounding(state: AudibleAlarm, occurrences: AlarmOccurrences) -> bool:
    """An occurrence is audible that has not been silenced."""
    return not occurrences <= state.silent_occurrences


def is_ring_due(state: AudibleAlarm, occurrences: AlarmOccurrences, now: datetime) -> bool:
    """The bell is due now; it repeats every ``BELL_INTERVAL``."""
    due = state.last_ring_at is None or not state.last_ring_at <= now < state.last_ring_at + BELL_INTERVAL
    return due and is_sounding(state, occurrences)


def record_ring(state: AudibleAlarm, now: datetime) -> AudibleAlarm:
    return replace(state, last_ring_at=now)


def silence_occurrences(occurrences: AlarmOccurrences) -> AudibleAlarm:
    """Silence these occurrences; the next one rings at once."""
    return AudibleAlarm(silent_occurrences=occurrences)
