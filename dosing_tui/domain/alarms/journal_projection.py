"""The states as the journal tells them, and on top what this process knows and the journal does not yet."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dosing_tui.domain.alarms.checkpoint import NOTHING, Checkpoint
from dosing_tui.domain.alarms.models import BY_PEOPLE, AlarmKey, AlarmState, Entry, Shown
from dosing_tui.domain.alarms.state_machine import advance, normal


@dataclass(frozen=True, slots=True)
class Effect:
    """What one entry did when its turn in the journal came. Entries without an effect are kept, too."""

    entry: Entry
    before: AlarmState
    after: AlarmState
    own: bool
    """This process had proposed it."""

    @property
    def begins(self) -> bool:
        """It made the alarm sound: raised, raised again, louder, or out of its hiding."""
        return self.after.shown is Shown.UNACK and self.after.occurrence == self.entry.uuid


class Replica:
    """For one thread. Holds what is not normal, and entries that still have to appear in the journal."""

    def __init__(self, *, yields: bool = False) -> None:
        """``yields``: what the journal says of an alarm replaces what was proposed for it."""
        self._yields = yields
        self._told: dict[AlarmKey, AlarmState] = {}
        self._pending: dict[UUID, Entry] = {}
        self._states: dict[AlarmKey, AlarmState] = {}
        self.last_id = 0
        """The newest entry of the journal that was heard."""

    @property
    def states(self) -> Mapping[AlarmKey, AlarmState]:
        """Every alarm that is not normal."""
        return self._states

    @property
    def pending(self) -> tuple[Entry, ...]:
        """What was proposed and not heard back, the oldest first."""
        return tuple(self._pending.values())

    @property
    def people_pending(self) -> int:
        """How much of that people did."""
        return sum(entry.event in BY_PEOPLE for entry in self._pending.values())

    def state(self, key: AlarmKey) -> AlarmState:
        return self._states.get(key) or AlarmState(key)

    def propose(self, entry: Entry) -> Effect | None:
        """Take an entry of this process's own for granted until the journal says when its turn was.

        None if it changes nothing: then it is not to be journaled.
        """
        before = self.state(entry.key)
        step = advance(before, entry)
        if not step.changed:
            return None
        self._pending[entry.uuid] = entry
        _keep(self._states, step.state)
        return Effect(entry, before, step.state, own=True)

    def adopt(self, entries: Iterable[Entry]) -> None:
        """What somebody else will have journaled: until then it counts as well; what is known so is left."""
        for entry in entries:
            if entry.uuid not in self._pending:
                self._pending[entry.uuid] = entry
                _keep(self._states, advance(self.state(entry.key), entry).state)

    def states_of(self, before: datetime) -> Mapping[AlarmKey, AlarmState]:
        """Every alarm that is not normal, without what was proposed since ``before``."""
        young = {entry.key for entry in self._pending.values() if entry.at > before}
        if not young:
            return self._states
        states = {key: state for key, state in self._states.items() if key not in young}
        for key in young & self._told.keys():
            states[key] = self._told[key]
        return states

    def forget(self, uuids: Collection[UUID]) -> None:
        """These are in the journal, and will not be heard of again."""
        gone = [self._pending.pop(uuid) for uuid in uuids if uuid in self._pending]
        self._refold({entry.key for entry in gone})

    @property
    def told(self) -> tuple[AlarmState, ...]:
        """Every alarm that is not normal by what the journal says alone."""
        return tuple(self._told.values())

    def begin_anew(self, known: Checkpoint = NOTHING) -> None:
        """The journal is another one, or is read again: from behind ``known``, or from its first entry."""
        self._told = {state.key: state for state in known.states}
        self.last_id = known.last_id
        self._refold({*self._states, *self._told})

    def heard(self, entries: Iterable[Entry]) -> list[Effect]:
        """Entries of the journal in the order of their ids; one that was heard before changes nothing."""
        effects: list[Effect] = []
        touched: set[AlarmKey] = set()
        for entry in entries:
            own = self._pending.pop(entry.uuid, None) is not None
            touched.add(entry.key)
            if entry.id <= self.last_id:
                continue
            self.last_id = entry.id
            before = self._told.get(entry.key) or AlarmState(entry.key)
            step = advance(before, entry)
            _keep(self._told, step.state)
            if step.changed:
                effects.append(Effect(entry, before, step.state, own))
        if self._yields:
            self._pending = {uuid: one for uuid, one in self._pending.items() if one.key not in touched}
        self._refold(touched)
        return effects

    def _refold(self, touched: set[AlarmKey]) -> None:
        for key in touched:
            _keep(self._states, self._told.get(key) or AlarmState(key))
        for entry in self._pending.values():
            if entry.key in touched:
                _keep(self._states, advance(self.state(entry.key), entry).state)


def folded(entries: Iterable[Entry], known: Checkpoint = NOTHING) -> dict[AlarmKey, AlarmState]:
    """The state of every alarm that is not normal after these entries, which follow on what is known."""
    states = {state.key: state for state in known.states}
    for entry in entries:
        _keep(states, advance(states.get(entry.key) or AlarmState(entry.key), entry).state)
    return states


def _keep(states: dict[AlarmKey, AlarmState], state: AlarmState) -> None:
    if state == normal(state):
        states.pop(state.key, None)
    else:
        states[state.key] = state
