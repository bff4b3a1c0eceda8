"""Frozen snapshot of the alarms for the screens, in display order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RULES, AlarmRule
from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmKey,
    AlarmState,
    AlarmStateName,
)

FIRST_OUT_WINDOW = timedelta(seconds=5)
FLOOD_PERIOD = timedelta(minutes=10)
FLOOD_START_COUNT = 10
"""A flood starts above this number of alarms in ten minutes (EEMUA 191)."""
FLOOD_END_COUNT = 5
"""A flood ends below this number of alarms in ten minutes."""


class AlarmView(Struct, frozen=True):
    state: AlarmState
    rule: AlarmRule | None
    """None if the rule is not in this release's catalog."""
    message: str
    """Current message; ``state.message`` is the one of the raise."""
    value: float | None
    limit: float | None
    condition_active: bool | None
    """Whether the condition is true, also during a suppression; None if this process cannot evaluate it."""
    is_first_out: bool


@dataclass(frozen=True, slots=True)
class AlarmSnapshot:
    """Snapshot of all alarms at the time ``at``; each list is in the order of ``get_display_order``."""

    at: datetime = field(compare=False)
    annunciated_alarms: tuple[AlarmView, ...] = ()
    shelved: tuple[AlarmView, ...] = ()
    suppressed: tuple[AlarmView, ...] = ()
    out_of_service: tuple[AlarmView, ...] = ()
    recent_raise_count: int = 0
    """Number of new occurrences in the last ten minutes."""
    is_flood: bool = False
    is_journal_live: bool = False
    """The journal is being read: entries of other consoles are included."""
    pending_command_count: int = 0
    """Number of operator entries stored locally until the journal is available."""

    @property
    def unacknowledged_count(self) -> int:
        return sum(view.state.state_name in UNACKNOWLEDGED_STATES for view in self.annunciated_alarms)

    @property
    def active_count(self) -> int:
        """Number of annunciated alarms whose condition is true."""
        return sum(view.state.active for view in self.annunciated_alarms)


class AttentionRank(IntEnum):
    """How much an alarm needs a person. A latched alarm stands until it is reset, like an active one."""

    UNACKNOWLEDGED = 0
    RETURNED = 1
    """Back to normal by itself, and nobody has acknowledged it."""
    ACKNOWLEDGED = 2


def get_attention_rank(state: AlarmState) -> AttentionRank:
    """The first part of the display order, without the alarm's priority."""
    if state.state_name is AlarmStateName.RTN_UNACK:
        return AttentionRank.RETURNED
    is_unacknowledged = state.state_name in UNACKNOWLEDGED_STATES
    return AttentionRank.UNACKNOWLEDGED if is_unacknowledged else AttentionRank.ACKNOWLEDGED


def get_display_order(state: AlarmState) -> tuple[AttentionRank, int, float, AlarmKey]:
    """Sort key of every list of alarms: by attention rank, by priority, the newest first."""
    since = -state.raised_at.timestamp() if state.raised_at else 0.0
    return (get_attention_rank(state), state.priority.rank, since, state.key)


def is_flood_active(was_active: bool, raise_count: int) -> bool:
    """Return whether an alarm flood is active, with hysteresis; ``raise_count``: raises in ten minutes.

    >>> is_flood_active(False, 10), is_flood_active(False, 11)
    (False, True)
    >>> is_flood_active(True, 5), is_flood_active(True, 4)
    (True, False)
    """
    return raise_count >= FLOOD_END_COUNT if was_active else raise_count > FLOOD_START_COUNT


def find_first_outs(states: Iterable[AlarmState]) -> frozenset[AlarmKey]:
    """Find the first-out alarms: the first of each group with another one within five seconds.

    Source: OPC UA Part 9, FirstInGroup.
    """
    groups: dict[str, list[tuple[datetime, AlarmKey]]] = {}
    for state in states:
        rule = RULES.get(state.key.rule)
        if rule is not None and state.raised_at is not None and state.is_annunciated:
            groups.setdefault(rule.get_group_name(state.key), []).append((state.raised_at, state.key))
    found: set[AlarmKey] = set()
    for members in groups.values():
        members.sort()
        first: datetime | None = None
        for (at, key), (after, _) in pairwise(members):
            if (first is None or at - first > FIRST_OUT_WINDOW) and after - at <= FIRST_OUT_WINDOW:
                first = at
                found.add(key)
    return frozenset(found)


def build_snapshot(
    views: Mapping[AlarmKey, AlarmView],
    *,
    at: datetime,
    raise_count: int,
    is_flood: bool,
    is_journal_live: bool,
    pending_command_count: int = 0,
) -> AlarmSnapshot:
    """Build a snapshot: sort the views and split them by state."""
    ordered = sorted(views.values(), key=lambda view: get_display_order(view.state))

    def only(shown: AlarmStateName) -> tuple[AlarmView, ...]:
        return tuple(view for view in ordered if view.state.state_name is shown)

    return AlarmSnapshot(
        at=at,
        annunciated_alarms=tuple(view for view in ordered if view.state.is_annunciated),
        shelved=only(AlarmStateName.SHELVED),
        suppressed=only(AlarmStateName.SUPPRESSED),
        out_of_service=only(AlarmStateName.OUT_OF_SERVICE),
        recent_raise_count=raise_count,
        is_flood=is_flood,
        is_journal_live=is_journal_live,
        pending_command_count=pending_command_count,
    )
