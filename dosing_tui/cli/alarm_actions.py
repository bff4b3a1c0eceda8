"""Operator commands on alarms for scripts: list, acknowledge, reset, shelve, remove from service.

They write to the alarm journal and need no broker; the collector and the consoles read it from there.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.collector.alarms import offline_commands
from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal, journal_health
from dosing_tui.database.alarms.action_outcomes import find_action_outcomes
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.journal_projection import is_retired
from dosing_tui.domain.alarms.models import (
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.snapshot import get_display_order
from dosing_tui.domain.alarms.tag_lookup import TAG_SCOPES, PlantNames, TagScope, find_normal_alarm
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import AlarmCommandError

EntryBuilder = Callable[[AlarmState, CommandContext], JournalEntry]


def list_alarms(
    settings: Settings, *, tag: str = "", state_names: Iterable[AlarmStateName] = ()
) -> list[AlarmState]:
    """The alarms that are not normal, in the order of the console.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    names = frozenset(state_names)
    states = [
        state
        for state in journal.read_alarm_states(settings).values()
        if tag.lower() in state.key.tag.lower() and (not names or state.state_name in names)
    ]
    states.sort(key=get_display_order)
    return states


def list_retired(settings: Settings) -> list[AlarmState]:
    """The retired stations and tanks. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    return [state for state in journal.read_alarm_states(settings).values() if is_retired(state)]


def list_station_names(settings: Settings) -> set[str]:
    """Every station of the settings and of the database.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    return set(_read_plant_names(settings, journal.read_alarm_states(settings).values()).stations)


def list_journal_faults(settings: Settings, now: datetime) -> list[str]:
    """Why the list of alarms may lack some, a sentence each.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    states = journal.read_alarm_states(settings).values()
    partial_alarms = [state.message for state in states if state.key.rule == "DB_PARTIAL" and state.active]
    return [
        *(f"Alarm journal unavailable: {fault}" for fault in journal_health.list_journal_faults(settings)),
        *filter(None, [offline_commands.explain_unjournaled(settings, now)]),
        *partial_alarms,
    ]


class AlarmCommandResult(Struct, frozen=True):
    """Tags of the alarms that changed, and a sentence for each that did not."""

    changed_tags: tuple[str, ...]
    refusals: tuple[str, ...] = ()


def find_alarms(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags.

    Raises: AlarmCommandError if it is none or several, DatabaseUnavailableError, DatabaseAccessError.
    """
    states = journal.read_alarm_states(settings).values()
    found = []
    for tag in tags:
        state = _find_by_tag(states, tag)
        if state is None:
            raise AlarmCommandError(f"No alarm {tag} now; 'dosing-tui alarms list' shows the active ones.")
        found.append(state)
    return found


def find_alarms_or_normal(settings: Settings, tags: Sequence[str]) -> list[AlarmState]:
    """The alarms of these tags, normal ones too: they are suppressed before the work that would raise them.

    Raises: AlarmCommandError if no rule can raise one of them or a tag is of more than one,
    DatabaseUnavailableError, DatabaseAccessError.
    """
    states = journal.read_alarm_states(settings).values()
    found = [_find_by_tag(states, tag) for tag in tags]
    known = [state for state in found if state is not None]
    if len(known) == len(tags):
        return known
    names = _read_plant_names(settings, states)
    return [state or find_normal_alarm(tag, names) for state, tag in zip(found, tags, strict=True)]


def apply_command(
    settings: Settings, targets: Sequence[AlarmState], context: CommandContext, build_entry: EntryBuilder
) -> AlarmCommandResult:
    """Append an entry for each alarm whose present state allows it, and look what it has changed.

    ``build_entry`` makes it from the state that the operator has seen and from ``context``.

    Raises: AlarmCommandError if no alarm allows it, DatabaseUnavailableError, DatabaseAccessError.
    """
    states = journal.read_alarm_states(settings)
    entries, refusals = [], []
    for state in targets:
        try:
            entry = build_entry(state, context)
            operator_commands.check_command(states.get(state.key) or AlarmState(state.key), entry)
        except AlarmCommandError as error:
            refusals.append(str(error))
        else:
            entries.append(entry)
    if entries:
        journal.enter_actions(settings, entries)
        outcomes = find_action_outcomes(settings, [entry.uuid for entry in entries])
        refusals += filter(None, outcomes.values())
        entries = [entry for entry in entries if not outcomes.get(entry.uuid)]
    if refusals and not entries:
        raise AlarmCommandError(" ".join(refusals))
    return AlarmCommandResult(tuple(entry.key.tag for entry in entries), tuple(refusals))


def build_shelve_entry(
    state: AlarmState, context: CommandContext, settings: Settings, *, duration: timedelta, reason: str
) -> JournalEntry:
    """Raises: AlarmCommandError if this priority may not be shelved for so long, or without a reason."""
    priority = _get_priority(state)
    return operator_commands.shelve_alarm(
        state, context, priority=priority, duration=duration,
        max_duration=get_max_shelving(settings, priority), reason=reason,
    )  # fmt: skip


def build_removal_entry(state: AlarmState, context: CommandContext, *, reason: str) -> JournalEntry:
    """Raises: AlarmCommandError without a reason."""
    return operator_commands.remove_from_service(state, context, priority=_get_priority(state), reason=reason)


def _get_priority(state: AlarmState) -> Priority:
    """Of the alarm while it is active, else of its rule."""
    rule = RULES.get(state.key.rule)
    return state.priority if state.active or rule is None else rule.priority


def _read_plant_names(settings: Settings, states: Iterable[AlarmState]) -> PlantNames:
    """Those of the settings, of the readings of 90 days, and of alarms: what is long gone has an alarm."""
    keys = [state.key for state in states]
    with closing(PanelReader(settings)) as reader:
        reader.open()
        stations = {*reader.list_filter_values(Dimension.DEVICE), *settings.plant.devices}
        stations |= {key.device for key in keys if key.device}
        chemicals = set(reader.list_filter_values(Dimension.CHEMICAL))
        chemicals |= {key.item for key in keys if TAG_SCOPES.get(key.rule) is TagScope.CHEMICAL}
        return PlantNames(stations, chemicals)


def _find_by_tag(states: Iterable[AlarmState], tag: str) -> AlarmState | None:
    """Names with slashes may give two alarms the same tag. Raises: AlarmCommandError then."""
    found = [state for state in states if state.key.tag.lower() == tag.lower()]
    if len(found) > 1:
        stations = " and of ".join(sorted(state.key.device or "the plant" for state in found))
        raise AlarmCommandError(f"{tag} is the tag of an alarm of {stations}: choose one on the console.")
    return found[0] if found else None
