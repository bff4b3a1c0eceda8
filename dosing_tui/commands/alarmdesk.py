"""What a script does with alarms: list them, acknowledge, reset, shelve, unshelve.

By the journal alone: it needs the database, and no broker. The collector hears of it like every console.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from dosing_tui.config.alarms import most_shelved
from dosing_tui.config.settings import Settings
from dosing_tui.database import alarms
from dosing_tui.errors import AlarmRefused
from dosing_tui.plant.alarms import commands
from dosing_tui.plant.alarms.commands import Asking
from dosing_tui.plant.alarms.records import UNACKNOWLEDGED, AlarmKey, AlarmState, Entry, Shown
from dosing_tui.plant.alarms.rules import RULES

Asked = Callable[[AlarmState], Entry]


def listed(settings: Settings, *, tag: str = "", shown: Iterable[Shown] = ()) -> list[AlarmState]:
    """The alarms that are not normal, the most urgent first.

    Raises: DatabaseAway, DatabaseRefused.
    """
    wanted = frozenset(shown)
    states = [
        state
        for state in alarms.states(settings).values()
        if tag.lower() in state.key.tag.lower() and (not wanted or state.shown in wanted)
    ]
    states.sort(key=lambda s: (s.shown not in UNACKNOWLEDGED, s.priority.rank, s.key))
    return states


def acknowledge(settings: Settings, tags: Sequence[str], asking: Asking, *, comment: str) -> list[str]:
    """Acknowledge these alarms, or without tags all that are unacknowledged; answers their tags.

    Raises: AlarmRefused (then nothing was done), DatabaseAway, DatabaseRefused.
    """
    return _ask(
        settings, tags, lambda state: commands.acknowledge(state, asking, comment=comment), UNACKNOWLEDGED
    )


def reset(settings: Settings, tags: Sequence[str], asking: Asking, *, comment: str) -> list[str]:
    """End these latched alarms, or without tags all that are latched and acknowledged. Raises: as above."""
    every = frozenset({Shown.LATCHED_ACKED})
    return _ask(settings, tags, lambda state: commands.reset(state, asking, comment=comment), every)


def shelve(
    settings: Settings, tags: Sequence[str], asking: Asking, *, duration: timedelta, reason: str
) -> list[str]:
    """Raises: as above."""

    def entry(state: AlarmState) -> Entry:
        rule = RULES.get(state.key.rule)
        priority = state.priority if state.active or rule is None else rule.priority
        most = most_shelved(settings, priority)
        return commands.shelve(state, asking, priority=priority, duration=duration, most=most, reason=reason)

    return _ask(settings, tags, entry, frozenset())


def unshelve(settings: Settings, tags: Sequence[str], asking: Asking, *, comment: str) -> list[str]:
    """Raises: as above."""
    return _ask(settings, tags, lambda state: commands.unshelve(state, asking, comment=comment), frozenset())


def _ask(settings: Settings, tags: Sequence[str], asked: Asked, every: frozenset[Shown]) -> list[str]:
    states = alarms.states(settings)
    if tags:
        chosen = [_named(states, tag) for tag in tags]
    else:
        chosen = [state for state in states.values() if state.shown in every]
    entries = [asked(state) for state in chosen]
    if entries:
        alarms.append(settings, entries)
    return [entry.key.tag for entry in entries]


def _named(states: dict[AlarmKey, AlarmState], tag: str) -> AlarmState:
    for state in states.values():
        if state.key.tag.lower() == tag.lower():
            return state
    raise AlarmRefused(f"There is no alarm {tag} now; 'dosing-tui alarms list' shows those there are.")
