"""What a screen needs to know of the alarms: one frozen copy, sorted as it is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from dosing_tui.domain.alarms.catalog import RULES, Rule
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmKey, AlarmState, Priority, Shown

FIRST_OUT = timedelta(seconds=5)
FLOOD_PERIOD = timedelta(minutes=10)
FLOOD_BEGINS = 10
"""More than so many new alarms in ten minutes are a flood ..."""
FLOOD_ENDS = 5
"""... until there are fewer than so many."""


@dataclass(frozen=True, slots=True)
class AlarmView:
    state: AlarmState
    rule: Rule | None
    """None for a rule that this program does not know: another release journaled it."""
    message: str
    """As of now: the state has the words it was raised with."""
    value: float | None
    limit: float | None
    holds: bool | None
    """Whether the condition holds, hidden or not; None where this process does not know."""
    first_out: bool


@dataclass(frozen=True, slots=True)
class AlarmPicture:
    """``listed``: what is to be worked through, unacknowledged first, the most urgent first, newest first."""

    at: datetime = field(compare=False)
    listed: tuple[AlarmView, ...] = ()
    shelved: tuple[AlarmView, ...] = ()
    suppressed: tuple[AlarmView, ...] = ()
    out_of_service: tuple[AlarmView, ...] = ()
    raised: int = 0
    """New alarms in the last ten minutes."""
    flood: bool = False
    journal: bool = False
    """The journal is heard: what other consoles do shows here, and the other way round."""
    pending: int = 0
    """What people did that is kept on this machine until the journal is back."""

    @property
    def unacknowledged(self) -> int:
        return sum(view.state.shown in UNACKNOWLEDGED for view in self.listed)

    def count(self, priority: Priority) -> int:
        """How many of this priority are listed."""
        return sum(view.state.priority is priority for view in self.listed)


def flooded(before: bool, raised: int) -> bool:
    """Whether there is a flood now.

    >>> flooded(False, 10), flooded(False, 11), flooded(True, 5), flooded(True, 4)
    (False, True, True, False)
    """
    return raised >= FLOOD_ENDS if before else raised > FLOOD_BEGINS


def first_outs(states: Iterable[AlarmState]) -> frozenset[AlarmKey]:
    """Of alarms of one group that came within five seconds, the first, which tells the cause."""
    groups: dict[str, list[tuple[datetime, AlarmKey]]] = {}
    for state in states:
        rule = RULES.get(state.key.rule)
        if rule is not None and state.raised_at is not None and state.annunciated:
            groups.setdefault(rule.group_of(state.key), []).append((state.raised_at, state.key))
    found: set[AlarmKey] = set()
    for members in groups.values():
        members.sort()
        first: datetime | None = None
        for (at, key), (after, _) in pairwise(members):
            if (first is None or at - first > FIRST_OUT) and after - at <= FIRST_OUT:
                first = at
                found.add(key)
    return frozenset(found)


def pictured(
    views: Mapping[AlarmKey, AlarmView], *, at: datetime, raised: int, flood: bool, journal: bool,
    pending: int = 0,
) -> AlarmPicture:  # fmt: skip
    """The views, sorted into their lists."""
    ordered = sorted(views.values(), key=_urgency)

    def only(shown: Shown) -> tuple[AlarmView, ...]:
        return tuple(view for view in ordered if view.state.shown is shown)

    return AlarmPicture(
        at=at,
        listed=tuple(view for view in ordered if view.state.annunciated),
        shelved=only(Shown.SHELVED),
        suppressed=only(Shown.SUPPRESSED),
        out_of_service=only(Shown.OUT_OF_SERVICE),
        raised=raised,
        flood=flood,
        journal=journal,
        pending=pending,
    )


def _urgency(view: AlarmView) -> tuple[bool, int, float, AlarmKey]:
    state = view.state
    since = -state.raised_at.timestamp() if state.raised_at else 0.0
    return (state.shown not in UNACKNOWLEDGED, state.priority.rank, since, state.key)
