"""The rows of an alarm list: filtered, sorted, and a flood of one rule in a single row. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.snapshot import FLOOD_START_COUNT, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, STATE_LABELS

WHOLE_PLANT = "plant"
"""In place of a station, for an alarm of none."""
MAX_SINGLE_ROWS = FLOOD_START_COUNT
"""Alarms of one rule, state and priority that have a row each; more are one group."""


class GroupKey(Struct, frozen=True):
    """Identity of a group: all of its alarms have the same rule, state and priority."""

    rule: str
    state_name: AlarmStateName
    priority: Priority


RowKey = AlarmKey | GroupKey


class AlarmRow(Struct, frozen=True):
    """One alarm, or a group. ``views`` are in the order of the list."""

    views: tuple[AlarmView, ...]

    @property
    def is_group(self) -> bool:
        return len(self.views) > 1

    @property
    def first(self) -> AlarmView:
        return self.views[0]

    @property
    def key(self) -> RowKey:
        return _get_group_key(self.first) if self.is_group else self.first.state.key

    @property
    def is_unacknowledged(self) -> bool:
        return self.first.state.state_name in UNACKNOWLEDGED_STATES


class AlarmSort(StrEnum):
    """The first part of a list's order; alarms that are equal in it keep the display order."""

    PRIORITY = "priority"
    NEWEST = "newest"
    STATION = "station"
    STATE = "state"


_STATES_IN_ORDER = tuple(AlarmStateName)
_SORT_KEYS: Mapping[AlarmSort, Callable[[AlarmView], Any]] = {
    AlarmSort.NEWEST: lambda view: -view.state.raised_at.timestamp() if view.state.raised_at else 0.0,
    AlarmSort.STATION: lambda view: view.state.key.device.casefold(),
    AlarmSort.STATE: lambda view: _STATES_IN_ORDER.index(view.state.state_name),
}
"""The snapshot's own order is the one by priority."""


class AlarmListOptions(Struct, frozen=True):
    """Sort and filter of the alarm lists; an empty filter selects everything."""

    sort: AlarmSort = AlarmSort.PRIORITY
    stations: tuple[str, ...] = ()
    """Device ids; '' for alarms of no station."""
    priorities: tuple[Priority, ...] = ()
    states: tuple[AlarmStateName, ...] = ()

    @property
    def is_filtered(self) -> bool:
        return bool(self.stations or self.priorities or self.states)

    @property
    def filter_text(self) -> str:
        """
        >>> AlarmListOptions(priorities=(Priority.HIGH, Priority.MEDIUM), stations=("st_01",)).filter_text
        'HIGH, MED · st_01'
        """
        parts = (
            ", ".join(PRIORITY_MARKS[priority].word for priority in self.priorities),
            ", ".join(STATE_LABELS[state] for state in self.states),
            ", ".join(sanitize_text(station) or WHOLE_PLANT for station in self.stations),
        )
        return " · ".join(part for part in parts if part)

    def includes(self, view: AlarmView) -> bool:
        state = view.state
        return (
            (not self.stations or state.key.device in self.stations)
            and (not self.priorities or state.priority in self.priorities)
            # a suppressed alarm is in the list of its suppression, whatever states are selected
            and (not self.states or not state.is_annunciated or state.state_name in self.states)
        )

    def sort_by_next(self) -> "AlarmListOptions":
        sorts = list(AlarmSort)
        return replace(self, sort=sorts[(sorts.index(self.sort) + 1) % len(sorts)])


class AlarmRows(Struct, frozen=True):
    """The rows in view, and how many alarms the filter leaves out."""

    rows: tuple[AlarmRow, ...] = ()
    shown_count: int = 0
    hidden_count: int = 0
    hidden_unacknowledged: int = 0
    numbers: Mapping[RowKey, int] = field(default_factory=dict)
    """The row of each key; an alarm of a group has the group's row."""


def build_rows(views: Sequence[AlarmView], options: AlarmListOptions, open_rule: str = "") -> AlarmRows:
    """``views`` in display order; ``open_rule``: only this rule's alarms, each in a row of its own."""
    included = [view for view in views if options.includes(view)]
    hidden = [view for view in views if not options.includes(view)] if options.is_filtered else []
    if open_rule:
        included = [view for view in included if view.state.key.rule == open_rule]
    if options.sort in _SORT_KEYS:
        included.sort(key=_SORT_KEYS[options.sort])
    rows = tuple(AlarmRow((view,)) for view in included) if open_rule else _group_views(included)
    numbers: dict[RowKey, int] = {
        view.state.key: number for number, row in enumerate(rows) for view in row.views
    }
    return AlarmRows(
        rows,
        len(included),
        len(hidden),
        sum(view.state.state_name in UNACKNOWLEDGED_STATES for view in hidden),
        numbers | {row.key: number for number, row in enumerate(rows)},
    )


def _group_views(views: Sequence[AlarmView]) -> tuple[AlarmRow, ...]:
    """A group takes the place of its first alarm."""
    groups: dict[GroupKey, list[AlarmView]] = defaultdict(list)
    for view in views:
        groups[_get_group_key(view)].append(view)
    rows = []
    for view in views:
        members = groups[_get_group_key(view)]
        if len(members) <= MAX_SINGLE_ROWS:
            rows.append(AlarmRow((view,)))
        elif view is members[0]:
            rows.append(AlarmRow(tuple(members)))
    return tuple(rows)


def _get_group_key(view: AlarmView) -> GroupKey:
    return GroupKey(view.state.key.rule, view.state.state_name, view.state.priority)


def format_station(key: AlarmKey, short_names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The id, behind the station's short name if it has one."""
    device = sanitize_text(key.device)
    short = short_names.get(key.device, "")
    return f"{short} ({device})" if short else device or WHOLE_PLANT


def format_short_tag(key: AlarmKey) -> str:
    """The tag without its station.

    >>> format_short_tag(AlarmKey("STOCK_LOW", "dosing_system_01", "T-12"))
    'STOCK_LOW/T-12'
    """
    return sanitize_text(AlarmKey(key.rule, "", key.item).tag, 100)


def format_message(view: AlarmView) -> str:
    """The message, or the rule's title, without the station's name, which is in a column of its own.

    It ends as ``… (st_01)`` or ``… (pump 2, st_01)``.
    """
    message, device = clean_line(view.message), sanitize_text(view.state.key.device)
    if device:
        message = message.removesuffix(f" ({device})").replace(f", {device})", ")")
    return message or (view.rule.title if view.rule else format_short_tag(view.state.key))
