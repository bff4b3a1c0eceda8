"""Alarm state machine of ISA-18.2: one pure function per event.

All processes fold the same entries in the same order, so no function depends on settings or on a clock.
An event that does not apply leaves the state unchanged. An operator event then returns the reason.

The letters in the docstrings are the states of ISA-18.2: A normal, B unacknowledged, C acknowledged,
D returned to normal unacknowledged, E latched unacknowledged, F latched acknowledged, G shelved, H suppressed
by design, I out of service.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import (
    MAX_SHELVE_DURATION,
    UNACKNOWLEDGED_STATES,
    AlarmEvent,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Suppression,
)


class EventResult(Struct, frozen=True):
    """Result of an event. ``refusal``: why an operator event does not apply, otherwise ''."""

    state: AlarmState
    is_changed: bool
    refusal: str = ""


def apply_event(state: AlarmState, entry: JournalEntry) -> EventResult:
    """Apply a journal entry to the state of its alarm."""
    after = _EVENT_RULES[entry.event](state, entry)
    if isinstance(after, str):
        return EventResult(state, is_changed=False, refusal=after)
    return EventResult(after, is_changed=after != state)


def apply_raise(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """A, D, E and F to B, as a new occurrence. An active or suppressed alarm is unchanged."""
    return state if state.active or state.hiding else _start_occurrence(state, entry)


def apply_return(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """B to D and C to A; for a latching rule B to E and C to F.

    A return that does not latch ends a latched alarm as well, E to D and F to A: it was proven wrong.
    """
    if state.hiding or not (state.active or (state.latched and not entry.latching)):
        return state
    if state.acked and not entry.latching:
        return make_normal(state)
    comment = entry.comment or state.comment
    return replace(state, active=False, latched=entry.latching, returned_at=entry.at, comment=comment)


def apply_acknowledge(state: AlarmState, entry: JournalEntry) -> AlarmState | str:
    """B to C, D to A, E to F; C and F are unchanged. The condition is not affected."""
    tag = state.key.tag
    if state.hiding:
        return f"{tag} is {state.state_name}: it cannot be acknowledged."
    if state.state_name is AlarmStateName.NORMAL:
        return f"{tag} is normal: there is nothing to acknowledge."
    if entry.occurrence is not None and entry.occurrence != state.occurrence:
        return f"{tag} has been raised again: check it before acknowledging."
    if state.state_name not in UNACKNOWLEDGED_STATES:
        return state
    if state.state_name is AlarmStateName.RTN_UNACK:
        return make_normal(state)
    return replace(
        state,
        acked=True,
        acked_at=entry.at,
        acked_by=entry.who,
        comment=entry.comment,
        unacked_since=None,
    )


def apply_reset(state: AlarmState, entry: JournalEntry) -> AlarmState | str:
    """F to A; refused in all other states."""
    match state.state_name:
        case AlarmStateName.LATCHED_ACKED:
            return make_normal(state)
        case AlarmStateName.LATCHED_UNACK:
            return f"{state.key.tag} is not acknowledged: acknowledge it before it is reset."
        case AlarmStateName.UNACK | AlarmStateName.ACKED:
            return f"{state.key.tag} cannot be reset: its condition still holds."
        case _:
            return f"{state.key.tag} is {state.state_name}: there is nothing to reset."


def apply_realarm(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """C to B: the alarm annunciates again after its re-alarm time."""
    return _clear_acknowledgement(state, entry) if state.state_name is AlarmStateName.ACKED else state


def apply_escalate(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """B and C to B with the higher priority."""
    if not state.active or state.hiding or entry.priority.rank >= state.priority.rank:
        return state
    return replace(_clear_acknowledgement(state, entry), priority=entry.priority)


def apply_shelve(state: AlarmState, entry: JournalEntry) -> AlarmState | str:
    """All states except I to G, for a limited time and with a reason."""
    tag = state.key.tag
    if state.state_name is AlarmStateName.OUT_OF_SERVICE:
        return f"{tag} is out of service: it cannot be shelved."
    if not entry.comment:
        return f"{tag} is not shelved: a reason is needed."
    most = MAX_SHELVE_DURATION[entry.priority]
    if entry.until is None or not entry.at < entry.until <= entry.at + most:
        minutes = most.total_seconds() / 60
        return f"{tag} is not shelved: with priority {entry.priority} for {round(minutes)} minutes at most."
    hiding = Suppression(AlarmStateName.SHELVED, entry.at, entry.comment, entry.who, entry.until)
    return replace(_update_details(state, entry), hiding=hiding)


def apply_shelve_expiry(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """G to B or A when the shelving time has expired; unchanged if it was shelved again."""
    hiding = state.hiding
    if hiding is None or hiding.until is None or entry.at < hiding.until:
        return state
    return _end_suppression(state, entry)


def apply_suppress(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """A to F to H. A suppressed alarm is unchanged."""
    if state.hiding:
        return state
    return replace(
        _update_details(state, entry), hiding=Suppression(AlarmStateName.SUPPRESSED, entry.at, entry.comment)
    )


def apply_remove_from_service(state: AlarmState, entry: JournalEntry) -> AlarmState | str:
    """All states to I, with a reason."""
    if state.state_name is AlarmStateName.OUT_OF_SERVICE:
        return f"{state.key.tag} is out of service already."
    if not entry.comment:
        return f"{state.key.tag} stays in service: a reason is needed."
    hiding = Suppression(AlarmStateName.OUT_OF_SERVICE, entry.at, entry.comment, entry.who)
    return replace(_update_details(state, entry), hiding=hiding)


def apply_release(state: AlarmState, entry: JournalEntry) -> AlarmState | str:
    """G, H or I to B if the condition is true, otherwise to A; never back to acknowledged."""
    released = _RELEASED_STATES[entry.event]
    if state.state_name is released:
        return _end_suppression(state, entry)
    if released is AlarmStateName.SUPPRESSED:
        return state
    return f"{state.key.tag} is not {released}."


_RELEASED_STATES = {
    AlarmEvent.UNSHELVE: AlarmStateName.SHELVED,
    AlarmEvent.UNSUPPRESS: AlarmStateName.SUPPRESSED,
    AlarmEvent.RETURN_TO_SERVICE: AlarmStateName.OUT_OF_SERVICE,
}
"""State that an event ends."""

_EVENT_RULES: Mapping[AlarmEvent, Callable[[AlarmState, JournalEntry], AlarmState | str]] = {
    AlarmEvent.RAISE: apply_raise,
    AlarmEvent.RETURN: apply_return,
    AlarmEvent.ACKNOWLEDGE: apply_acknowledge,
    AlarmEvent.RESET: apply_reset,
    AlarmEvent.REALARM: apply_realarm,
    AlarmEvent.ESCALATE: apply_escalate,
    AlarmEvent.SHELVE: apply_shelve,
    AlarmEvent.UNSHELVE: apply_release,
    AlarmEvent.SHELVE_EXPIRE: apply_shelve_expiry,
    AlarmEvent.SUPPRESS: apply_suppress,
    AlarmEvent.UNSUPPRESS: apply_release,
    AlarmEvent.REMOVE_FROM_SERVICE: apply_remove_from_service,
    AlarmEvent.RETURN_TO_SERVICE: apply_release,
}


def make_normal(state: AlarmState) -> AlarmState:
    """Return the alarm in state A (normal)."""
    return AlarmState(state.key)


def _start_occurrence(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """Return the alarm in state B, as a new occurrence."""
    return AlarmState(
        state.key,
        priority=entry.priority,
        active=True,
        occurrence=entry.uuid,
        count=state.count + 1,
        raised_at=entry.at,
        message=entry.message,
        value=entry.value,
        limit=entry.limit,
        rule_version=entry.rule_version,
        unacked_since=state.unacked_since or entry.at,
    )


def _clear_acknowledgement(state: AlarmState, entry: JournalEntry) -> AlarmState:
    return replace(
        state,
        acked=False,
        acked_at=None,
        occurrence=entry.uuid,
        unacked_since=state.unacked_since or entry.at,
        message=entry.message or state.message,
        value=entry.value,
        limit=entry.limit,
    )


def _end_suppression(state: AlarmState, entry: JournalEntry) -> AlarmState:
    return _start_occurrence(make_normal(state), entry) if entry.active else make_normal(state)


def _update_details(state: AlarmState, entry: JournalEntry) -> AlarmState:
    """Update priority, message and rule version, which are also displayed for a suppressed alarm."""
    return replace(
        state,
        priority=entry.priority,
        message=entry.message or state.message,
        rule_version=entry.rule_version,
    )
