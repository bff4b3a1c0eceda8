"""What fills a tank, as journal entries, so that the level jump raises no alarm.

If STOCK_RESET is normal or active, it is shelved until the new level is published. If it has returned, it is
acknowledged and reset. The entries contain the operator and the new level.
"""

from collections.abc import Mapping
from datetime import timedelta

from msgspec.structs import replace

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
LEVEL_TIMEOUT = timedelta(hours=1)
"""The station publishes the new level within it, unless the site shelves for less."""


def create_material_entries(
    states: Mapping[AlarmKey, AlarmState],
    context: CommandContext,
    *,
    device: str,
    chemical: str,
    words: str,
    added_g: float | None,
    max_duration: timedelta,
    level_timeout: timedelta = LEVEL_TIMEOUT,
) -> list[JournalEntry]:
    """Create the journal entries of anything that fills a tank; ``words`` are its reason.

    Raises: AlarmCommandError if the alarm is suppressed by design or out of service.
    """
    key = AlarmKey(REFILL_RULE.id, device, chemical)
    state = states.get(key) or AlarmState(key)
    if state.hiding is not None and state.state_name is not AlarmStateName.SHELVED:
        raise AlarmCommandError(f"{key.tag} is {state.state_name}: a refill raises no alarm.")
    if state.is_annunciated and not state.active:
        return _acknowledge_level_jump(state, context, words)
    entry = operator_commands.shelve_alarm(
        state,
        context,
        priority=REFILL_RULE.priority,
        duration=min(level_timeout, max_duration),
        max_duration=max_duration,
        reason=words,
    )
    return [replace(entry, value=added_g)]


def _acknowledge_level_jump(state: AlarmState, context: CommandContext, comment: str) -> list[JournalEntry]:
    entries = []
    if state.state_name in UNACKNOWLEDGED_STATES:
        entries.append(operator_commands.acknowledge_alarm(state, context, comment=comment))
        state = apply_event(state, entries[0]).state
    if state.state_name is AlarmStateName.LATCHED_ACKED:
        entries.append(operator_commands.reset_alarm(state, context, comment=comment))
    return entries
