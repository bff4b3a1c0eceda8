"""A refill that somebody tells of, as journal entries: the jump of the level is no alarm then.

Told before the station says the new level, or just after, the alarm of the jump is shelved for a while; told
later, it is acknowledged and reset. The journal has it, with who it was and how much: all agree.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.state_machine import apply_event
from dosing_tui.errors import AlarmCommandError

REFILL_RULE = RULES["STOCK_RESET"]


def create_refill_entries(
    states: Mapping[AlarmKey, AlarmState],
    context: CommandContext,
    *,
    device: str,
    chemical: str,
    grams: float | None,
    level_timeout: timedelta,
    max_duration: timedelta,
) -> list[JournalEntry]:
    """``grams``: what the tank holds now; ``level_timeout``: how long the new level may take to be told.

    Raises: AlarmCommandError.
    """
    key = AlarmKey(REFILL_RULE.id, device, chemical)
    state = states.get(key) or AlarmState(key)
    words = "Refilled." if grams is None else f"Refilled to {grams:g} g."
    if state.hiding is not None and state.state_name is not AlarmStateName.SHELVED:
        raise AlarmCommandError(f"{key.tag} is {state.state_name}: a refill raises no alarm.")
    if state.is_annunciated and not state.active:
        return _acknowledge_level_jump(state, context, words)
    entry = operator_commands.shelve_alarm(
        state,
        context,
        priority=REFILL_RULE.priority,
        duration=level_timeout,
        max_duration=max_duration,
        reason=words,
    )
    return [replace(entry, value=grams)]


def _acknowledge_level_jump(state: AlarmState, context: CommandContext, comment: str) -> list[JournalEntry]:
    entries = []
    if state.state_name in UNACKNOWLEDGED_STATES:
        entries.append(operator_commands.acknowledge_alarm(state, context, comment=comment))
        state = apply_event(state, entries[0]).state
    if state.state_name is AlarmStateName.LATCHED_ACKED:
        entries.append(operator_commands.reset_alarm(state, context, comment=comment))
    return entries
