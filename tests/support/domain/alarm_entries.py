"""Alarms and journal entries for tests: everything has a value, a test says only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dosing_tui.domain.alarms.models import (
    Actor,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.state_machine import apply_event

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = AlarmKey("STOCK_LOW", "dosing_system_01", "T-12")
ANNA = Actor("Anna", "anna")


def uuid(number: int) -> UUID:
    return UUID(int=number)


def entry(event: AlarmEvent, number: int = 1, *, seconds: float = 0.0, **changes: object) -> JournalEntry:
    """``number`` is its uuid and its place in the journal, ``seconds`` when it happened, after NOW."""
    at = NOW + timedelta(seconds=seconds)
    made = JournalEntry(
        uuid(number), KEY, event, at, at, Priority.MEDIUM, 1, message="Low inventory: T-12 at 19.9 %",
        value=19.9, limit=20.0, id=number,
    )  # fmt: skip
    if event in (AlarmEvent.SHELVE, AlarmEvent.REMOVE_FROM_SERVICE):
        made = replace(made, comment="pump is being repaired", who=ANNA)
    if event is AlarmEvent.SHELVE:
        made = replace(made, until=at + timedelta(hours=1))
    return replace(made, **changes)  # type: ignore[arg-type]  # names of Entry's fields


def latching(number: int = 2) -> JournalEntry:
    return entry(AlarmEvent.RETURN, number, latching=True)


def follow(*entries: JournalEntry) -> AlarmState:
    state = AlarmState(KEY)
    for one in entries:
        state = apply_event(state, one).state
    return state


_B = entry(AlarmEvent.RAISE)
_ACK = entry(AlarmEvent.ACKNOWLEDGE, 3)

STATES: dict[AlarmStateName, AlarmState] = {
    AlarmStateName.NORMAL: AlarmState(KEY),
    AlarmStateName.UNACK: follow(_B),
    AlarmStateName.ACKED: follow(_B, _ACK),
    AlarmStateName.RTN_UNACK: follow(_B, entry(AlarmEvent.RETURN, 2)),
    AlarmStateName.LATCHED_UNACK: follow(_B, latching()),
    AlarmStateName.LATCHED_ACKED: follow(_B, latching(), _ACK),
    AlarmStateName.SHELVED: follow(_B, entry(AlarmEvent.SHELVE, 2)),
    AlarmStateName.SUPPRESSED: follow(_B, entry(AlarmEvent.SUPPRESS, 2)),
    AlarmStateName.OUT_OF_SERVICE: follow(_B, entry(AlarmEvent.REMOVE_FROM_SERVICE, 2)),
}
"""An alarm in each of the nine states."""
