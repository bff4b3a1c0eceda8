"""When each panel is asked again. Pure: states in, states out, time passed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.live_state import LiveSnapshot, Role

MIN_INTERVAL = timedelta(seconds=1)
MAX_INTERVAL = timedelta(seconds=30)
RETRY_INTERVAL = timedelta(seconds=5)
SETTLE_TIME = timedelta(seconds=1)
"""A console that only watches sees the message, not the commit: that follows within this time."""

ReadingCounts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PanelRefreshState:
    """How far one panel's questions have come."""

    generation: int = 0
    """Number of the newest question; an answer to an older one is discarded."""
    is_in_flight: bool = False
    requested_at: datetime | None = None
    has_failed: bool = False
    last_counts: ReadingCounts = ()
    """The readings' counts when they were last looked at."""
    changed_at: datetime | None = None
    """When they were last found different."""
    is_refresh_due: bool = False
    """The operator asked for it."""


def get_reading_counts(panel: Panel[Any], snapshot: LiveSnapshot) -> ReadingCounts:
    """The counts that make this panel due: what is committed, or, for a mere watcher, what was received."""
    told = snapshot.stored_counts if snapshot.role is Role.COLLECTOR else snapshot.received_counts
    known: Mapping[ReadingKind, int] = dict(told)
    return tuple(known.get(kind, 0) for kind in sorted(panel.refresh_on))


def update_counts(state: PanelRefreshState, now_counts: ReadingCounts, now: datetime) -> PanelRefreshState:
    """Remember when there was something new."""
    return (
        state if now_counts == state.last_counts else replace(state, last_counts=now_counts, changed_at=now)
    )


def is_request_due(state: PanelRefreshState, now: datetime, *, settle_time: timedelta) -> bool:
    """Never two questions at a time, never two within a second.

    A question covers what was there ``settle_time`` before it was asked: what moved later needs another.
    """
    if state.is_in_flight:
        return False
    if state.requested_at is None or state.requested_at > now:
        return True
    waited = now - state.requested_at
    if waited < MIN_INTERVAL:
        return False
    if state.is_refresh_due or waited >= MAX_INTERVAL:
        return True
    if state.has_failed:
        return waited >= RETRY_INTERVAL
    return state.changed_at is not None and state.changed_at > state.requested_at - settle_time


def start_request(state: PanelRefreshState, now: datetime) -> PanelRefreshState:
    """The question is on its way."""
    return replace(
        state, generation=state.generation + 1, is_in_flight=True, requested_at=now, is_refresh_due=False
    )


def finish_request(
    state: PanelRefreshState, generation: int, *, has_failed: bool
) -> PanelRefreshState | None:
    """After an answer; None when nobody waits for this one any more."""
    if generation != state.generation or not state.is_in_flight:
        return None
    return replace(state, is_in_flight=False, has_failed=has_failed)


def reset_request(state: PanelRefreshState) -> PanelRefreshState:
    """To be asked again, whatever is on its way: the answer to that is not wanted any more."""
    return replace(state, is_in_flight=False, is_refresh_due=True)


def mark_due(states: Mapping[str, PanelRefreshState], panels: Iterable[str]) -> dict[str, PanelRefreshState]:
    """The operator wants these now."""
    chosen = set(panels)
    return {
        name: replace(turn, is_refresh_due=True) if name in chosen else turn for name, turn in states.items()
    }


def get_settle_time(role: Role) -> timedelta:
    return timedelta(0) if role is Role.COLLECTOR else SETTLE_TIME
