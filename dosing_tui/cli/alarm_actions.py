"""What a script does with alarms: list them, acknowledge, reset, shelve, put out of service.

By the journal alone: it needs the database, and no broker. The collector hears of it like every console.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.config.alarm_limits import most_shelved
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.panel_reader import Reader
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmKey, AlarmState, Entry, Priority, Shown
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.tag_lookup import Heard, normal_alarm
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import AlarmRefused

Asked = Callable[[AlarmState], Entry]


def listed(settings: Settings, *, tag: str = "", shown: Iterable[Shown] = ()) -> list[AlarmState]:
    """The alarms that are not normal, the most urgent first.

    Raises: DatabaseAway, DatabaseRefused.
    """
    wanted = frozenset(shown)
    states = [
        state
        for state in journal.states(settings).values()
        if tag.lower() in state.key.tag.lower() and (not wanted or state.shown in wanted)
    ]
    states.sort(key=lambda s: (s.shown not in UNACKNOWLEDGED, s.priority.rank, s.key))
    return states


@dataclass(frozen=True, slots=True)
class Done:
    """Tags of what was done, and of what was left as it is, why, a sentence each."""

    done: tuple[str, ...]
    left: tuple[str, ...] = ()


def named(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags. Raises: AlarmRefused if there is none, DatabaseAway, DatabaseRefused."""
    states = journal.states(settings)
    return [_named(states, tag) for tag in tags]


def named_or_normal(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags, normal ones too: an alarm is hidden before the work that would raise it.

    Raises: AlarmRefused if nothing could ever raise one of them, DatabaseAway, DatabaseRefused.
    """
    known = {state.key.tag.lower(): state for state in journal.states(settings).values()}
    if all(tag.lower() in known for tag in tags):
        return [known[tag.lower()] for tag in tags]
    heard = _heard(settings)
    return [known.get(tag.lower()) or normal_alarm(tag, heard) for tag in tags]


def acknowledge(settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, comment: str) -> Done:
    """Raises: AlarmRefused if nothing can be done about any of them, DatabaseAway, DatabaseRefused."""
    return _ask(settings, seen, lambda state: operator_commands.acknowledge(state, asking, comment=comment))


def reset(settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, comment: str) -> Done:
    """End latched alarms. Raises: as above."""
    return _ask(settings, seen, lambda state: operator_commands.reset(state, asking, comment=comment))


def shelve(
    settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, duration: timedelta, reason: str
) -> Done:
    """Raises: as above."""

    def entry(state: AlarmState) -> Entry:
        priority = _urgency(state)
        most = most_shelved(settings, priority)
        return operator_commands.shelve(
            state, asking, priority=priority, duration=duration, most=most, reason=reason
        )

    return _ask(settings, seen, entry)


def unshelve(settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, comment: str) -> Done:
    """Raises: as above."""
    return _ask(settings, seen, lambda state: operator_commands.unshelve(state, asking, comment=comment))


def remove(settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, reason: str) -> Done:
    """Out of service. Raises: as above."""
    return _ask(
        settings, seen,
        lambda state: operator_commands.remove(state, asking, priority=_urgency(state), reason=reason),
    )  # fmt: skip


def restore(settings: Settings, seen: Sequence[AlarmState], asking: Asking, *, comment: str) -> Done:
    """Raises: as above."""
    return _ask(settings, seen, lambda state: operator_commands.restore(state, asking, comment=comment))


def _urgency(state: AlarmState) -> Priority:
    rule = RULES.get(state.key.rule)
    return state.priority if state.active or rule is None else rule.priority


def _ask(settings: Settings, seen: Sequence[AlarmState], asked: Asked) -> Done:
    """Judged by what was seen and by what is so by now."""
    states = journal.states(settings)
    entries, left = [], []
    for state in seen:
        try:
            entry = asked(state)
            operator_commands.check(states.get(state.key) or AlarmState(state.key), entry)
        except AlarmRefused as error:
            left.append(str(error))
        else:
            entries.append(entry)
    if entries:
        journal.append(settings, entries)
    elif left:
        raise AlarmRefused(" ".join(left))
    return Done(tuple(entry.key.tag for entry in entries), tuple(left))


def _heard(settings: Settings) -> Heard:
    reader = Reader(settings)
    reader.open()
    try:
        stations = {*reader.known(Dimension.DEVICE), *settings.plant.devices}
        return Heard(stations, reader.known(Dimension.CHEMICAL))
    finally:
        reader.close()


def _named(states: dict[AlarmKey, AlarmState], tag: str) -> AlarmState:
    for state in states.values():
        if state.key.tag.lower() == tag.lower():
            return state
    raise AlarmRefused(f"There is no alarm {tag} now; 'dosing-tui alarms list' shows those there are.")
