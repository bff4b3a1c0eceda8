"""Alarms and journal entries for tests: everything has a value, a test says only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Priority, Shown, Who
from dosing_tui.domain.alarms.state_machine import advance

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = AlarmKey("STOCK_LOW", "dosing_system_01", "T-12")
ANNA = Who("Anna", "anna")


def uuid(number: int) -> UUID:
    return UUID(int=number)


def entry(event: Event, number: int = 1, *, seconds: float = 0.0, **changes: object) -> Entry:
    """``number`` is its uuid and its place in the journal, ``seconds`` when it happened, after NOW."""
    at = NOW + timedelta(seconds=seconds)
    made = Entry(
        uuid(number), KEY, event, at, at, Priority.MEDIUM, 1, message="Low inventory: T-12 at 19.9 %",
        value=19.9, limit=20.0, id=number,
    )  # fmt: skip
    if event in (Event.SHELVE, Event.REMOVE):
        made = replace(made, comment="pump is being repaired", who=ANNA)
    if event is Event.SHELVE:
        made = replace(made, until=at + timedelta(hours=1))
    return replace(made, **changes)  # type: ignore[arg-type]  # names of Entry's fields


def latching(number: int = 2) -> Entry:
    return entry(Event.RETURN, number, latching=True)


def follow(*entries: Entry) -> AlarmState:
    state = AlarmState(KEY)
    for one in entries:
        state = advance(state, one).state
    return state


_B = entry(Event.RAISE)
_ACK = entry(Event.ACKNOWLEDGE, 3)

STATES: dict[Shown, AlarmState] = {
    Shown.NORMAL: AlarmState(KEY),
    Shown.UNACK: follow(_B),
    Shown.ACKED: follow(_B, _ACK),
    Shown.RTN_UNACK: follow(_B, entry(Event.RETURN, 2)),
    Shown.LATCHED_UNACK: follow(_B, latching()),
    Shown.LATCHED_ACKED: follow(_B, latching(), _ACK),
    Shown.SHELVED: follow(_B, entry(Event.SHELVE, 2)),
    Shown.SUPPRESSED: follow(_B, entry(Event.SUPPRESS, 2)),
    Shown.OUT_OF_SERVICE: follow(_B, entry(Event.REMOVE, 2)),
}
"""An alarm in each of the nine states."""
