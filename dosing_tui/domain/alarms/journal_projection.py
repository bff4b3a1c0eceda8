"""Alarm states by the journal, with this process's pending entries applied on top."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.checkpoint import EMPTY_CHECKPOINT, Checkpoint
from dosing_tui.domain.alarms.models import (
    OPERATOR_EVENTS,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.domain.alarms.state_machine import apply_event, make_normal


class AlarmTransition(Struct, frozen=True):
    """Effect of one entry on its alarm."""

    entry: JournalEntry
    before: AlarmState
    after: AlarmState

    @property
    def is_new_occurrence(self) -> bool:
        """Whether the alarm annunciates: by raise, re-alarm, escalation or the end of a suppression."""
        return self.after.state_name is AlarmStateName.UNACK and self.after.occurrence == self.entry.uuid


class JournalProjection:
    """Projection of the journal, not thread-safe: alarms that are not normal, and pending entries.

    A pending entry is applied locally but has not yet been read back from the journal.
    """

    def __init__(self, *, journal_overrides: bool = False) -> None:
        """``journal_overrides``: a journal entry discards the pending entries of the same alarm."""
        self._journal_overrides = journal_overrides
        self._confirmed_states: dict[AlarmKey, AlarmState] = {}
        self._pending_entries: dict[UUID, JournalEntry] = {}
        self._states: dict[AlarmKey, AlarmState] = {}
        self.retired_keys: set[AlarmKey] = set()
        """Of ``states``: the stations and tanks that are retired. Read only."""
        self.last_entry_id = 0
        """ID of the last journal entry that was applied."""

    @property
    def states(self) -> Mapping[AlarmKey, AlarmState]:
        """All alarms that are not normal, pending entries included."""
        return self._states

    @property
    def pending_entries(self) -> tuple[JournalEntry, ...]:
        """Pending entries, oldest first."""
        return tuple(self._pending_entries.values())

    @property
    def pending_command_count(self) -> int:
        """Number of pending operator entries."""
        return sum(entry.event in OPERATOR_EVENTS for entry in self._pending_entries.values())

    def get_state(self, key: AlarmKey) -> AlarmState:
        return self._states.get(key) or AlarmState(key)

    def is_active(self, key: AlarmKey) -> bool:
        """Whether the alarm is active, pending entries included."""
        state = self._states.get(key)
        return state is not None and state.active

    def is_confirmed(self, key: AlarmKey) -> bool:
        """Whether the alarm is not normal by the journal alone."""
        return key in self._confirmed_states

    def is_confirmed_active(self, key: AlarmKey) -> bool:
        """Whether the alarm is active by the journal alone."""
        state = self._confirmed_states.get(key)
        return state is not None and state.active

    def apply_pending(self, entry: JournalEntry) -> AlarmTransition | None:
        """Apply an entry of this process until it is read back from the journal.

        Returns None if the entry has no effect; it must not be journaled then.
        """
        before = self.get_state(entry.key)
        step = apply_event(before, entry)
        if not step.is_changed:
            return None
        self._pending_entries[entry.uuid] = entry
        self._store_state(step.state)
        return AlarmTransition(entry, before, step.state)

    def adopt_pending(self, entries: Iterable[JournalEntry]) -> None:
        """Apply entries that another process will journal; entries already pending are skipped."""
        for entry in entries:
            if entry.uuid not in self._pending_entries:
                self._pending_entries[entry.uuid] = entry
                self._store_state(apply_event(self.get_state(entry.key), entry).state)

    def get_states(self, pending_until: datetime) -> Mapping[AlarmKey, AlarmState]:
        """All alarms that are not normal, without entries pending since ``pending_until``."""
        young = {entry.key for entry in self._pending_entries.values() if entry.at > pending_until}
        if not young:
            return self._states
        states = {key: state for key, state in self._states.items() if key not in young}
        for key in young & self._confirmed_states.keys():
            states[key] = self._confirmed_states[key]
        return states

    def drop_pending(self, uuids: Collection[UUID]) -> None:
        """Drop pending entries that are in the journal but will not be read back."""
        gone = [self._pending_entries.pop(uuid) for uuid in uuids if uuid in self._pending_entries]
        self._rebuild_states({entry.key for entry in gone})

    @property
    def confirmed_states(self) -> tuple[AlarmState, ...]:
        """All alarms that are not normal, by the journal alone."""
        return tuple(self._confirmed_states.values())

    def restart_from(self, checkpoint: Checkpoint = EMPTY_CHECKPOINT) -> None:
        """Restart from a checkpoint, for another journal or to read the journal again."""
        self._confirmed_states = {state.key: state for state in checkpoint.states}
        self.last_entry_id = checkpoint.last_entry_id
        self._rebuild_states({*self._states, *self._confirmed_states})

    def apply_committed(self, entries: Iterable[JournalEntry]) -> list[AlarmTransition]:
        """Apply journal entries in the order of their IDs; entries already applied are skipped."""
        effects: list[AlarmTransition] = []
        touched: set[AlarmKey] = set()
        for entry in entries:
            self._pending_entries.pop(entry.uuid, None)
            touched.add(entry.key)
            if entry.id <= self.last_entry_id:
                continue
            self.last_entry_id = entry.id
            before = self._confirmed_states.get(entry.key) or AlarmState(entry.key)
            step = apply_event(before, entry)
            _store_state(self._confirmed_states, step.state)
            if step.is_changed:
                effects.append(AlarmTransition(entry, before, step.state))
        if self._journal_overrides:
            self._pending_entries = {
                uuid: one for uuid, one in self._pending_entries.items() if one.key not in touched
            }
        self._rebuild_states(touched)
        return effects

    def _rebuild_states(self, keys: set[AlarmKey]) -> None:
        for key in keys:
            self._store_state(self._confirmed_states.get(key) or AlarmState(key))
        for entry in self._pending_entries.values():
            if entry.key in keys:
                self._store_state(apply_event(self.get_state(entry.key), entry).state)

    def _store_state(self, state: AlarmState) -> None:
        _store_state(self._states, state)
        if is_retired(state):
            self.retired_keys.add(state.key)
        else:
            self.retired_keys.discard(state.key)


def is_retired(state: AlarmState) -> bool:
    """Whether the state is that of a retired station or tank."""
    return state.key.rule == RETIRED and state.state_name is AlarmStateName.OUT_OF_SERVICE


def fold_entries(
    entries: Iterable[JournalEntry], checkpoint: Checkpoint = EMPTY_CHECKPOINT
) -> dict[AlarmKey, AlarmState]:
    """Fold the entries after ``checkpoint``; return all alarms that are not normal."""
    states = {state.key: state for state in checkpoint.states}
    for entry in entries:
        _store_state(states, apply_event(states.get(entry.key) or AlarmState(entry.key), entry).state)
    return states


def _store_state(states: dict[AlarmKey, AlarmState], state: AlarmState) -> None:
    if state == make_normal(state):
        states.pop(state.key, None)
    else:
        states[state.key] = state
