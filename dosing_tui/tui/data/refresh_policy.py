"""When each panel is asked again. Pure: states in, states out, time passed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dosing_tui.domain.messages.models import Kind
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.live_state import Picture, Role

AT_MOST_EVERY = timedelta(seconds=1)
AT_LEAST_EVERY = timedelta(seconds=30)
RETRY_AFTER = timedelta(seconds=5)
SETTLE = timedelta(seconds=1)
"""A console that only watches sees the message, not the commit: that follows within this time."""

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """How far one panel's questions have come."""

    generation: int = 0
    """Number of the newest question; an answer to an older one is discarded."""
    in_flight: bool = False
    started: datetime | None = None
    failed: bool = False
    seen: Counts = ()
    """The readings' counts when they were last looked at."""
    moved: datetime | None = None
    """When they were last found different."""
    wanted: bool = False
    """The operator asked for it."""


def counts(panel: Panel[Any], picture: Picture) -> Counts:
    """The counts that make this panel due: what is committed, or, for a mere watcher, what was received."""
    told = picture.stored if picture.role is Role.COLLECTING else picture.changed
    known: Mapping[Kind, int] = dict(told)
    return tuple(known.get(kind, 0) for kind in sorted(panel.drawn_from))


def noticed(turn: Turn, now_counts: Counts, now: datetime) -> Turn:
    """Remember when there was something new."""
    return turn if now_counts == turn.seen else replace(turn, seen=now_counts, moved=now)


def due(turn: Turn, now: datetime, *, settle: timedelta) -> bool:
    """Never two questions at a time, never two within a second.

    A question covers what was there ``settle`` before it was asked: what moved later needs another.
    """
    if turn.in_flight:
        return False
    if turn.started is None or turn.started > now:
        return True
    waited = now - turn.started
    if waited < AT_MOST_EVERY:
        return False
    if turn.wanted or waited >= AT_LEAST_EVERY:
        return True
    if turn.failed:
        return waited >= RETRY_AFTER
    return turn.moved is not None and turn.moved > turn.started - settle


def asked(turn: Turn, now: datetime) -> Turn:
    """The question is on its way."""
    return replace(turn, generation=turn.generation + 1, in_flight=True, started=now, wanted=False)


def answered(turn: Turn, generation: int, *, failed: bool) -> Turn | None:
    """After an answer; None when nobody waits for this one any more."""
    if generation != turn.generation or not turn.in_flight:
        return None
    return replace(turn, in_flight=False, failed=failed)


def anew(turn: Turn) -> Turn:
    """To be asked again, whatever is on its way: the answer to that is not wanted any more."""
    return replace(turn, in_flight=False, wanted=True)


def wanted(turns: Mapping[str, Turn], panels: Iterable[str]) -> dict[str, Turn]:
    """The operator wants these now."""
    chosen = set(panels)
    return {name: replace(turn, wanted=True) if name in chosen else turn for name, turn in turns.items()}


def settle_time(role: Role) -> timedelta:
    return timedelta(0) if role is Role.COLLECTING else SETTLE
