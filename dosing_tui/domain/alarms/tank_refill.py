"""A refill that somebody tells of, as journal entries: the jump of the level is no alarm then.

Told before the station says the new level, or just after, the alarm of the jump is shelved for a while; told
later, it is acknowledged and reset. The journal has it, with who it was and how much: all agree.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmKey, AlarmState, Entry, Shown
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.state_machine import advance
from dosing_tui.errors import AlarmRefused

RULE = RULES["STOCK_RESET"]


def refilled(
    states: Mapping[AlarmKey, AlarmState],
    asking: Asking,
    *,
    device: str,
    chemical: str,
    grams: float | None,
    within: timedelta,
    most: timedelta,
) -> list[Entry]:
    """``grams``: what the tank holds now; ``within``: how long the new level may take to be told.

    Raises: AlarmRefused.
    """
    key = AlarmKey(RULE.id, device, chemical)
    state = states.get(key) or AlarmState(key)
    words = "Refilled." if grams is None else f"Refilled to {grams:g} g."
    if state.hiding is not None and state.shown is not Shown.SHELVED:
        raise AlarmRefused(f"{key.tag} is {state.shown}: a refill raises no alarm.")
    if state.annunciated and not state.active:
        return _explained(state, asking, words)
    entry = operator_commands.shelve(
        state, asking, priority=RULE.priority, duration=within, most=most, reason=words
    )
    return [replace(entry, value=grams)]


def _explained(state: AlarmState, asking: Asking, words: str) -> list[Entry]:
    entries = []
    if state.shown in UNACKNOWLEDGED:
        entries.append(operator_commands.acknowledge(state, asking, comment=words))
        state = advance(state, entries[0]).state
    if state.shown is Shown.LATCHED_ACKED:
        entries.append(operator_commands.reset(state, asking, comment=words))
    return entries
