"""Who is to be told what of the alarms, and what of it now: due rules and rate limit. Pure.

What is told is an effect on the journal, so it is known by the entry that began the occurrence: the same
journal gives the same notices, however often and by whomever it is read.

Whoever was told that an alarm sounds has somebody on the way. So he is told as well when that is over, and
that once: it returned, or it was hidden (shelved, suppressed by design, put out of service), by whom, why and
until when. Hidden is not normal, so it has an occasion of its own; a program that keeps incidents closes them
on both. What happens while it is hidden is told to nobody. When the hiding ends and the condition holds, that
is a new occurrence, and told as one; if it is gone, there is nothing left to tell. An alarm that sounds again
while it is active (again after an acknowledgement, or louder) is still the one that was told first, and so is
its end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from dosing_tui.domain.alarms.journal_projection import Effect
from dosing_tui.domain.alarms.models import NOBODY, UNACKNOWLEDGED, AlarmKey, AlarmState, Event, Priority, Who

NAMESPACE = UUID("5f0c9be3-5d2e-4bd8-9f5c-3a86a1f0b1c7")
"""Of the ids of messages."""
PERIOD = timedelta(minutes=10)
"""Of the rate limit."""
GATHERING = timedelta(seconds=10)
"""The last message of a period waits so long for company: what is held back is told in one."""
LATEST = timedelta(days=1)
"""Nobody is told of what is older."""


class Occasion(StrEnum):
    """Why somebody is told."""

    RAISE = "raise"
    RETURN = "return"
    HIDDEN = "hidden"
    """Nobody need come: shelved, suppressed by design, out of service. Whoever wants returns gets it."""
    UNACKNOWLEDGED = "unacknowledged"
    SUMMARY = "summary"
    """Several of the others in one message."""
    TEST = "test"


class Fate(StrEnum):
    """What became of a notice, as the database keeps it."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    """A process is sending it, or was when it ended."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The process that sent it ended before it knew; it is not sent again."""
    FAILED = "failed"
    """Refused for good, or given up."""
    WITHDRAWN = "withdrawn"
    """Before its turn it was acknowledged, hidden or over."""
    SUMMARISED = "summarised"
    """Told in a summary."""


ENDS = frozenset({Occasion.RETURN, Occasion.HIDDEN})
"""The alarm sounds no more."""
TOLD = frozenset({Fate.CLAIMED, Fate.SENT, Fate.UNKNOWN, Fate.SUMMARISED})
"""Somebody knows of it, or may."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a channel wants to be told."""

    channel: str
    priorities: frozenset[Priority]
    occasions: frozenset[Occasion]
    after: timedelta = timedelta()
    """An alarm that is unacknowledged for so long is told of."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one channel; ``occurrence``, ``occasion`` and ``channel`` make it unique."""

    channel: str
    occasion: Occasion
    occurrence: UUID
    journal_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One alarm as a message tells of it."""

    key: AlarmKey
    event: Event
    priority: Priority
    at: datetime
    message: str
    value: float | None = None
    limit: float | None = None
    who: Who = NOBODY
    """Of what a person did."""
    comment: str = ""
    until: datetime | None = None
    """Of shelving: its end."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits for its turn.

    ``raised``: what became of what told before that the same alarm sounds; ``before``: which one told it.
    """

    id: int
    occasion: Occasion
    occurrence: UUID
    due_at: datetime
    told: Told
    raised: Fate | None = None
    before: tuple[Occasion, UUID] | None = None

    @property
    def urgency(self) -> tuple[int, int]:
        return (self.told.priority.rank, self.id)


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel sends. ``id`` is the same at every try and after every restart."""

    id: UUID
    occasion: Occasion
    site: str
    plant: str
    alarms: tuple[Told, ...]
    """The most urgent first; a summary names no more than it has room for."""
    counts: Mapping[Priority, int] = field(default_factory=dict)
    """How many alarms the message is about."""
    follows: UUID | None = None
    """The message that told first of the same alarm: it has neither returned nor been hidden since."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done now: notices that are over, and what is sent next, one or several in one."""

    withdrawn: tuple[int, ...] = ()
    sent: tuple[Waiting, ...] = ()


def noticed(effects: Iterable[Effect], wish: Wish) -> Iterator[Notice]:
    """What the channel is to be told, at once or later if it is still true then."""
    for effect in effects:
        entry = effect.entry
        if effect.begins and effect.after.priority in wish.priorities:
            for occasion, wait in ((Occasion.RAISE, timedelta()), (Occasion.UNACKNOWLEDGED, wish.after)):
                if occasion in wish.occasions:
                    yield Notice(wish.channel, occasion, entry.uuid, entry.id, entry.at + wait)
        elif (end := _end(effect)) is not None and effect.before.priority in wish.priorities:
            occurrence = effect.before.occurrence
            if Occasion.RETURN in wish.occasions and occurrence is not None:
                yield Notice(wish.channel, end, occurrence, entry.id, entry.at)


def _end(effect: Effect) -> Occasion | None:
    """How the alarm ceased to sound, if it did: what is hidden or has returned already does not again."""
    before, after = effect.before, effect.after
    if not before.active or before.hiding is not None:
        return None
    if after.hiding is not None:
        return Occasion.HIDDEN
    return None if after.active else Occasion.RETURN


def still_true(waiting: Waiting, state: AlarmState, *, now: datetime) -> bool:
    """Whether it is to be told all the same, now that its turn has come.

    An alarm: while it is that occurrence, unacknowledged and not hidden. Its end: if somebody was told of its
    beginning, or did not want to be, and it has not begun again.
    """
    if now - waiting.due_at > LATEST:
        return False
    if waiting.occasion in ENDS:
        over = not state.active or state.hiding is not None
        return over and (waiting.raised is None or waiting.raised in TOLD)
    if state.hiding is not None:
        return False
    return state.occurrence == waiting.occurrence and state.shown in UNACKNOWLEDGED


def chosen(
    waiting: Sequence[Waiting],
    states: Mapping[AlarmKey, AlarmState],
    *,
    recent: int,
    recent_high: int,
    most: int,
    now: datetime,
) -> Choice:
    """What to send next of what is due. ``recent``: messages of the last period, of which there are ``most``.

    The last message that a period allows tells of everything that is due by then. What is of high priority
    has as many messages again: for it, only those count that told of some of it (``recent_high``).
    """
    withdrawn: list[Waiting] = []
    due: list[Waiting] = []
    for one in waiting:
        if one.occasion in ENDS and one.raised is Fate.WAITING and now - one.due_at <= LATEST:
            continue  # its beginning may still be told: the end comes after it
        alive = still_true(one, states.get(one.told.key) or AlarmState(one.told.key), now=now)
        (due.append if alive else withdrawn.append)(one)
    gone = tuple(one.id for one in withdrawn)
    due.sort(key=lambda one: one.urgency)
    urgent = [one for one in due if one.told.priority is Priority.HIGH]
    room, room_high = most - recent, most - recent_high
    if urgent and room_high > 1:
        return Choice(gone, tuple(urgent[:1]))
    if room <= 0:
        due, room = urgent, room_high
    if room <= 0 or not due:
        return Choice(gone)
    if room > 1:
        return Choice(gone, tuple(due[:1]))
    if now - min(one.due_at for one in due) < GATHERING:
        return Choice(gone)
    return Choice(gone, tuple(due))


def message_id(site: str, channel: str, occasion: Occasion, occurrence: UUID) -> UUID:
    """A receiver that gets the same id twice has been told the same thing twice."""
    return uuid5(NAMESPACE, f"{site}/{channel}/{occasion}/{occurrence}")


def summary_of(members: Iterable[UUID]) -> UUID:
    """Stands for the occurrence of a summary; of the same members it is the same."""
    return uuid5(NAMESPACE, "/".join(sorted(str(one) for one in members)))
