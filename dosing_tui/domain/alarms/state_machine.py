"""The state table of ISA-18.2: what each event makes of each state, one function per event. Pure.

Every process folds the same entries in the same order, so nothing here may depend on settings or on a clock.
What an event does not apply to stays as it is, with the sentence that says why if somebody asked for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dosing_tui.domain.alarms.models import (
    MOST_SHELVED,
    UNACKNOWLEDGED,
    AlarmState,
    Entry,
    Event,
    Hiding,
    Shown,
)


@dataclass(frozen=True, slots=True)
class Step:
    """``refusal`` is '' unless a person asked for what is not possible."""

    state: AlarmState
    changed: bool
    refusal: str = ""


def advance(state: AlarmState, entry: Entry) -> Step:
    """What the entry makes of the alarm it is about."""
    after = _EVENTS[entry.event](state, entry)
    if isinstance(after, str):
        return Step(state, changed=False, refusal=after)
    return Step(after, changed=after != state)


def raised(state: AlarmState, entry: Entry) -> AlarmState:
    """A to B; D, E, F to B again, counted. An active or hidden alarm stays as it is."""
    if state.active or state.hiding:
        return state
    return _begun(state, entry)


def returned(state: AlarmState, entry: Entry) -> AlarmState:
    """B to D and C to A; of a latching rule B to E and C to F."""
    if not state.active or state.hiding:
        return state
    if entry.latching:
        return replace(state, active=False, latched=True, returned_at=entry.at)
    if state.acked:
        return normal(state)
    return replace(state, active=False, returned_at=entry.at)


def acknowledged(state: AlarmState, entry: Entry) -> AlarmState | str:
    """B to C, D to A, E to F; C and F stay. Never touches the condition."""
    tag = state.key.tag
    if state.hiding:
        return f"{tag} is {state.shown}: it cannot be acknowledged."
    if state.shown is Shown.NORMAL:
        return f"{tag} is normal: there is nothing to acknowledge."
    if entry.occurrence is not None and entry.occurrence != state.occurrence:
        return f"{tag} has been raised again since: look at it before it is acknowledged."
    if state.shown not in UNACKNOWLEDGED:
        return state
    if state.shown is Shown.RTN_UNACK:
        return normal(state)
    return replace(state, acked=True, acked_at=entry.at, acked_by=entry.who, comment=entry.comment)


def reset(state: AlarmState, entry: Entry) -> AlarmState | str:
    """F to A."""
    match state.shown:
        case Shown.LATCHED_ACKED:
            return normal(state)
        case Shown.LATCHED_UNACK:
            return f"{state.key.tag} is not acknowledged: acknowledge it before it is reset."
        case Shown.UNACK | Shown.ACKED:
            return f"{state.key.tag} cannot be reset: its condition still holds."
        case _:
            return f"{state.key.tag} is {state.shown}: there is nothing to reset."


def realarmed(state: AlarmState, entry: Entry) -> AlarmState:
    """C to B: it was acknowledged and nothing has changed for too long."""
    if state.shown is not Shown.ACKED:
        return state
    return _unacknowledged(state, entry)


def escalated(state: AlarmState, entry: Entry) -> AlarmState:
    """B and C to B with the higher priority."""
    if not state.active or state.hiding or entry.priority.rank >= state.priority.rank:
        return state
    return replace(_unacknowledged(state, entry), priority=entry.priority)


def shelved(state: AlarmState, entry: Entry) -> AlarmState | str:
    """Every state but I to G, for a limited time and a reason."""
    tag = state.key.tag
    if state.shown is Shown.OUT_OF_SERVICE:
        return f"{tag} is out of service: it cannot be shelved."
    if not entry.comment:
        return f"{tag} is not shelved: a reason is needed."
    most = MOST_SHELVED[entry.priority]
    if entry.until is None or not entry.at < entry.until <= entry.at + most:
        minutes = most.total_seconds() / 60
        return f"{tag} is not shelved: with priority {entry.priority} for {minutes:.0f} minutes at most."
    hiding = Hiding(Shown.SHELVED, entry.at, entry.comment, entry.who, entry.until)
    return replace(_known(state, entry), hiding=hiding)


def unshelved(state: AlarmState, entry: Entry) -> AlarmState | str:
    """G to B if the condition holds, else to A; never back to acknowledged."""
    if state.shown is not Shown.SHELVED:
        return f"{state.key.tag} is not shelved."
    return _revealed(state, entry)


def expired(state: AlarmState, entry: Entry) -> AlarmState:
    """The same when the time is over; nothing if somebody shelved it again meanwhile."""
    hiding = state.hiding
    if hiding is None or hiding.until is None or entry.at < hiding.until:
        return state
    return _revealed(state, entry)


def suppressed(state: AlarmState, entry: Entry) -> AlarmState:
    """A to F to H. What a person has hidden stays where it is."""
    if state.hiding:
        return state
    return replace(_known(state, entry), hiding=Hiding(Shown.SUPPRESSED, entry.at, entry.comment))


def released(state: AlarmState, entry: Entry) -> AlarmState:
    """H to B if the condition holds, else to A."""
    return _revealed(state, entry) if state.shown is Shown.SUPPRESSED else state


def removed(state: AlarmState, entry: Entry) -> AlarmState | str:
    """Every state to I, for a reason."""
    if state.shown is Shown.OUT_OF_SERVICE:
        return f"{state.key.tag} is out of service already."
    if not entry.comment:
        return f"{state.key.tag} stays in service: a reason is needed."
    hiding = Hiding(Shown.OUT_OF_SERVICE, entry.at, entry.comment, entry.who)
    return replace(_known(state, entry), hiding=hiding)


def restored(state: AlarmState, entry: Entry) -> AlarmState | str:
    """I to B if the condition holds, else to A."""
    if state.shown is not Shown.OUT_OF_SERVICE:
        return f"{state.key.tag} is not out of service."
    return _revealed(state, entry)


_EVENTS: Mapping[Event, Callable[[AlarmState, Entry], AlarmState | str]] = {
    Event.RAISE: raised,
    Event.RETURN: returned,
    Event.ACKNOWLEDGE: acknowledged,
    Event.RESET: reset,
    Event.REALARM: realarmed,
    Event.ESCALATE: escalated,
    Event.SHELVE: shelved,
    Event.UNSHELVE: unshelved,
    Event.EXPIRE: expired,
    Event.SUPPRESS: suppressed,
    Event.RELEASE: released,
    Event.REMOVE: removed,
    Event.RESTORE: restored,
}


def normal(state: AlarmState) -> AlarmState:
    """The alarm with nothing to say."""
    return AlarmState(state.key)


def _begun(state: AlarmState, entry: Entry) -> AlarmState:
    """Active and unacknowledged, as a new occurrence."""
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
    )


def _unacknowledged(state: AlarmState, entry: Entry) -> AlarmState:
    return replace(
        state,
        acked=False,
        acked_at=None,
        occurrence=entry.uuid,
        message=entry.message or state.message,
        value=entry.value,
        limit=entry.limit,
    )


def _revealed(state: AlarmState, entry: Entry) -> AlarmState:
    return _begun(normal(state), entry) if entry.active else normal(state)


def _known(state: AlarmState, entry: Entry) -> AlarmState:
    """The alarm with its priority and last words, which a hidden one has to show, too."""
    return replace(
        state,
        priority=entry.priority,
        message=entry.message or state.message,
        rule_version=entry.rule_version,
    )
