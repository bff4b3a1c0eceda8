"""Alarms and journal entries for tests: everything has a value, a test says only what it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.kpis import KpiHistory
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


def numbered_uuid(number: int) -> UUID:
    return UUID(int=number)


def make_entry(
    event: AlarmEvent, number: int = 1, *, seconds: float = 0.0, **changes: object
) -> JournalEntry:
    """``number`` is its uuid and its place in the journal, ``seconds`` when it happened, after NOW."""
    at = NOW + timedelta(seconds=seconds)
    made = JournalEntry(
        numbered_uuid(number),
        KEY,
        event,
        at,
        at,
        Priority.MEDIUM,
        1,
        message="Low inventory: T-12 at 19.9 %",
        value=19.9,
        limit=20.0,
        id=number,
    )
    if event in (AlarmEvent.SHELVE, AlarmEvent.REMOVE_FROM_SERVICE):
        made = replace(made, comment="pump is being repaired", who=ANNA)
    if event is AlarmEvent.SHELVE:
        made = replace(made, until=at + timedelta(hours=1))
    return replace(made, **changes)  # type: ignore[arg-type]  # names of Entry's fields


def build_history(entries: Sequence[JournalEntry]) -> KpiHistory:
    """The input of the KPIs, from a complete journal."""
    began = min((entry.at for entry in entries), default=None)
    return KpiHistory(entries, tuple(fold_entries(entries).values()), began)


def latching_return(number: int = 2) -> JournalEntry:
    return make_entry(AlarmEvent.RETURN, number, latching=True)


def apply_entries(*entries: JournalEntry) -> AlarmState:
    state = AlarmState(KEY)
    for one in entries:
        state = apply_event(state, one).state
    return state


_B = make_entry(AlarmEvent.RAISE)
_ACK = make_entry(AlarmEvent.ACKNOWLEDGE, 3)

STATES: dict[AlarmStateName, AlarmState] = {
    AlarmStateName.NORMAL: AlarmState(KEY),
    AlarmStateName.UNACK: apply_entries(_B),
    AlarmStateName.ACKED: apply_entries(_B, _ACK),
    AlarmStateName.RTN_UNACK: apply_entries(_B, make_entry(AlarmEvent.RETURN, 2)),
    AlarmStateName.LATCHED_UNACK: apply_entries(_B, latching_return()),
    AlarmStateName.LATCHED_ACKED: apply_entries(_B, latching_return(), _ACK),
    AlarmStateName.SHELVED: apply_entries(_B, make_entry(AlarmEvent.SHELVE, 2)),
    AlarmStateName.SUPPRESSED: apply_entries(_B, make_entry(AlarmEvent.SUPPRESS, 2)),
    AlarmStateName.OUT_OF_SERVICE: apply_entries(_B, make_entry(AlarmEvent.REMOVE_FROM_SERVICE, 2)),
}
"""An alarm in each of the nine states."""
