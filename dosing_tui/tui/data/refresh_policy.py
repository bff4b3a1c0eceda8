"""When a panel's query is due. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.live_snapshot import LiveSnapshot, Role

SHORT_RANGE, SHORT_RANGE_INTERVAL = timedelta(hours=6), timedelta(seconds=1)
"""The least time between two queries of a range up to that length."""
LONG_RANGE_INTERVAL = timedelta(seconds=5)
"""Of longer ranges: one dose changes little of what they show, and their ages are by ten seconds."""
IDLE_SHARE = 4
"""A slow server rests this many times as long as its last answer took."""
MAX_INTERVAL = timedelta(seconds=30)
OPERATOR_INTERVAL = timedelta(seconds=0.25)
"""Between queries that an operator asks for: a key held down is not one for each of its repeats."""
RETRY_INTERVAL = timedelta(seconds=5)
SETTLE_TIME = timedelta(seconds=1)
"""A viewer receives a message before the collector commits it: the commit follows within this time."""

ReadingCounts = tuple[int, ...]


class PanelRefreshState(Struct, frozen=True):
    """State of one panel's requests."""

    generation: int = 0
    """Number of the last request; replies to earlier ones are discarded."""
    is_in_flight: bool = False
    requested_at: datetime | None = None
    interval: timedelta = timedelta(0)
    """The least time from this request to the next, unless an operator asks."""
    has_failed: bool = False
    last_counts: ReadingCounts = ()
    """The reading counts of the last tick."""
    changed_at: datetime | None = None
    """Time of their last change."""
    is_refresh_due: bool = False
    """Requested by the operator."""


def get_reading_counts(panel: Panel[Any], snapshot: LiveSnapshot) -> ReadingCounts:
    """Counts of the readings this panel shows: committed ones, or on a viewer received ones."""
    told = snapshot.stored_counts if snapshot.role is Role.COLLECTOR else snapshot.received_counts
    known: Mapping[ReadingKind, int] = dict(told)
    return tuple(known.get(kind, 0) for kind in sorted(panel.refresh_on))


def update_counts(state: PanelRefreshState, now_counts: ReadingCounts, now: datetime) -> PanelRefreshState:
    """Record the counts, and the time of a change; the first ones are none."""
    if not state.last_counts:
        return replace(state, last_counts=now_counts)
    return (
        state if now_counts == state.last_counts else replace(state, last_counts=now_counts, changed_at=now)
    )


def is_request_due(state: PanelRefreshState, now: datetime, *, settle_time: timedelta) -> bool:
    """Never two queries at a time, never two within the interval of the range.

    A query covers what was there ``settle_time`` before it was sent: a later change needs another.
    """
    if state.is_in_flight:
        return False
    if state.requested_at is None or state.requested_at > now:
        return True
    waited = now - state.requested_at
    if state.is_refresh_due:
        return waited >= OPERATOR_INTERVAL
    if waited < state.interval:
        return False
    if waited >= MAX_INTERVAL:
        return True
    if state.has_failed:
        return waited >= RETRY_INTERVAL
    return state.changed_at is not None and state.changed_at > state.requested_at - settle_time


def choose_interval(length: timedelta) -> timedelta:
    """The least time between two queries of a range of this length."""
    return SHORT_RANGE_INTERVAL if length <= SHORT_RANGE else LONG_RANGE_INTERVAL


def start_request(state: PanelRefreshState, now: datetime, length: timedelta) -> PanelRefreshState:
    """State after a request was submitted; ``length`` of its range."""
    return replace(
        state, generation=state.generation + 1, is_in_flight=True, requested_at=now,
        interval=choose_interval(length), is_refresh_due=False,
    )  # fmt: skip


def refuse_request(state: PanelRefreshState, now: datetime) -> PanelRefreshState:
    """State after a request that has no range: as after a failure."""
    return replace(start_request(state, now, timedelta(0)), is_in_flight=False, has_failed=True)


def finish_request(
    state: PanelRefreshState, generation: int, now: datetime, *, has_failed: bool
) -> PanelRefreshState | None:
    """State after a reply; None when the reply is outdated."""
    if generation != state.generation or not state.is_in_flight or state.requested_at is None:
        return None
    rest = min(MAX_INTERVAL, (now - state.requested_at) * IDLE_SHARE)
    return replace(state, is_in_flight=False, has_failed=has_failed, interval=max(state.interval, rest))


def reset_request(state: PanelRefreshState) -> PanelRefreshState:
    """Due again; the reply to a running request is outdated."""
    return replace(state, is_in_flight=False, is_refresh_due=True)


def get_settle_time(role: Role) -> timedelta:
    return timedelta(0) if role is Role.COLLECTOR else SETTLE_TIME
