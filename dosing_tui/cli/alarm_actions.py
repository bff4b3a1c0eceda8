"""What a script does with alarms: list them, acknowledge, reset, shelve, put out of service.

By the journal alone: it needs the database, and no broker. The collector hears of it like every console.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.tag_lookup import PlantNames, find_normal_alarm
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import AlarmCommandError

EntryBuilder = Callable[[AlarmState], JournalEntry]


def list_alarms(
    settings: Settings, *, tag: str = "", state_names: Iterable[AlarmStateName] = ()
) -> list[AlarmState]:
    """The alarms that are not normal, the most urgent first.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    wanted = frozenset(state_names)
    states = [
        state
        for state in journal.read_alarm_states(settings).values()
        if tag.lower() in state.key.tag.lower() and (not wanted or state.state_name in wanted)
    ]
    states.sort(key=lambda s: (s.state_name not in UNACKNOWLEDGED_STATES, s.priority.rank, s.key))
    return states


@dataclass(frozen=True, slots=True)
class AlarmCommandResult:
    """Tags of what was done, and of what was left as it is, why, a sentence each."""

    changed_tags: tuple[str, ...]
    refusals: tuple[str, ...] = ()


def find_alarms(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags. Raises: AlarmCommandError if there is none, DatabaseUnavailableError, DatabaseAccessError."""
    states = journal.read_alarm_states(settings)
    return [_find_alarm(states, tag) for tag in tags]


def find_alarms_or_normal(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags, normal ones too: an alarm is hidden before the work that would raise it.

    Raises: AlarmCommandError if nothing could ever raise one of them, DatabaseUnavailableError, DatabaseAccessError.
    """
    known = {state.key.tag.lower(): state for state in journal.read_alarm_states(settings).values()}
    if all(tag.lower() in known for tag in tags):
        return [known[tag.lower()] for tag in tags]
    heard = _read_known_tags(settings)
    return [known.get(tag.lower()) or find_normal_alarm(tag, heard) for tag in tags]


def acknowledge_alarms(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, *, comment: str
) -> AlarmCommandResult:
    """Raises: AlarmCommandError if nothing can be done about any of them, DatabaseUnavailableError, DatabaseAccessError."""
    return _append_entries(
        settings, targets, lambda state: operator_commands.acknowledge_alarm(state, context, comment=comment)
    )


def reset_alarms(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, *, comment: str
) -> AlarmCommandResult:
    """End latched alarms. Raises: as above."""
    return _append_entries(
        settings, targets, lambda state: operator_commands.reset_alarm(state, context, comment=comment)
    )


def shelve_alarms(
    settings: Settings,
    targets: Sequence[AlarmState],
    context: CommandContext,
    *,
    duration: timedelta,
    reason: str,
) -> AlarmCommandResult:
    """Raises: as above."""

    def entry(state: AlarmState) -> JournalEntry:
        priority = _get_priority(state)
        most = get_max_shelving(settings, priority)
        return operator_commands.shelve_alarm(
            state, context, priority=priority, duration=duration, max_duration=most, reason=reason
        )

    return _append_entries(settings, targets, entry)


def unshelve_alarms(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, *, comment: str
) -> AlarmCommandResult:
    """Raises: as above."""
    return _append_entries(
        settings, targets, lambda state: operator_commands.unshelve_alarm(state, context, comment=comment)
    )


def remove_from_service(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, *, reason: str
) -> AlarmCommandResult:
    """Out of service. Raises: as above."""
    return _append_entries(
        settings, targets,
        lambda state: operator_commands.remove_from_service(state, context, priority=_get_priority(state), reason=reason),
    )  # fmt: skip


def return_to_service(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, *, comment: str
) -> AlarmCommandResult:
    """Raises: as above."""
    return _append_entries(
        settings, targets, lambda state: operator_commands.return_to_service(state, context, comment=comment)
    )


def _get_priority(state: AlarmState) -> Priority:
    rule = RULES.get(state.key.rule)
    return state.priority if state.active or rule is None else rule.priority


def _append_entries(
    settings: Settings, targets: Sequence[AlarmState], build_entry: EntryBuilder
) -> AlarmCommandResult:
    """Judged by what was seen and by what is so by now."""
    states = journal.read_alarm_states(settings)
    entries, left = [], []
    for state in targets:
        try:
            entry = build_entry(state)
            operator_commands.check_command(states.get(state.key) or AlarmState(state.key), entry)
        except AlarmCommandError as error:
            left.append(str(error))
        else:
            entries.append(entry)
    if entries:
        journal.append_entries(settings, entries)
    elif left:
        raise AlarmCommandError(" ".join(left))
    return AlarmCommandResult(tuple(entry.key.tag for entry in entries), tuple(left))


def _read_known_tags(settings: Settings) -> PlantNames:
    reader = PanelReader(settings)
    reader.open()
    try:
        stations = {*reader.list_filter_values(Dimension.DEVICE), *settings.plant.devices}
        return PlantNames(stations, reader.list_filter_values(Dimension.CHEMICAL))
    finally:
        reader.close()


def _find_alarm(states: dict[AlarmKey, AlarmState], tag: str) -> AlarmState:
    for state in states.values():
        if state.key.tag.lower() == tag.lower():
            return state
    raise AlarmCommandError(f"There is no alarm {tag} now; 'dosing-tui alarms list' shows those there are.")
