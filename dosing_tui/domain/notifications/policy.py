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

from dosing_tui.domain.alarms.journal_projection import AlarmTransition
from dosing_tui.domain.alarms.models import (
    SYSTEM_ACTOR,
    UNACKNOWLEDGED_STATES,
    Actor,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    Priority,
)

MESSAGE_NAMESPACE = UUID("5f0c9be3-5d2e-4bd8-9f5c-3a86a1f0b1c7")
"""Of the ids of messages."""
RATE_LIMIT_PERIOD = timedelta(minutes=10)
"""Of the rate limit."""
SUMMARY_DELAY = timedelta(seconds=10)
"""The last message of a period waits so long for company: what is held back is told in one."""
MAX_NOTICE_AGE = timedelta(days=1)
"""Nobody is told of what is older."""


class Trigger(StrEnum):
    """Why somebody is told."""

    RAISE = "raise"
    RETURN = "return"
    SUPPRESSION = "hidden"
    """Nobody need come: shelved, suppressed by design, out of service. Whoever wants returns gets it."""
    UNACKNOWLEDGED = "unacknowledged"
    SUMMARY = "summary"
    """Several of the others in one message."""
    TEST = "test"


class DeliveryStatus(StrEnum):
    """What became of a notice, as the database keeps it."""

    PENDING = "waiting"
    CLAIMED = "claimed"
    """A process is sending it, or was when it ended."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The process that sent it ended before it knew; it is not sent again."""
    FAILED = "failed"
    """Refused for good, or given up."""
    WITHDRAWN = "withdrawn"
    """Before its turn it was acknowledged, hidden or over."""
    IN_SUMMARY = "summarised"
    """Told in a summary."""


END_TRIGGERS = frozenset({Trigger.RETURN, Trigger.SUPPRESSION})
"""The alarm sounds no more."""
POSSIBLY_SENT = frozenset(
    {DeliveryStatus.CLAIMED, DeliveryStatus.SENT, DeliveryStatus.UNKNOWN, DeliveryStatus.IN_SUMMARY}
)
"""Somebody knows of it, or may."""


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What a channel wants to be told."""

    channel: str
    priorities: frozenset[Priority]
    triggers: frozenset[Trigger]
    unacknowledged_after: timedelta = timedelta()
    """An alarm that is unacknowledged for so long is told of."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to one channel; ``occurrence``, ``trigger`` and ``channel`` make it unique."""

    channel: str
    trigger: Trigger
    occurrence: UUID
    journal_id: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AlarmSummary:
    """One alarm as a message tells of it."""

    key: AlarmKey
    event: AlarmEvent
    priority: Priority
    at: datetime
    message: str
    value: float | None = None
    limit: float | None = None
    who: Actor = SYSTEM_ACTOR
    """Of what a person did."""
    comment: str = ""
    until: datetime | None = None
    """Of shelving: its end."""


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """A notice that waits for its turn.

    ``raise_status``: what became of what told before that the same alarm sounds; ``first_notice``: which one told it.
    """

    id: int
    trigger: Trigger
    occurrence: UUID
    due_at: datetime
    alarm: AlarmSummary
    raise_status: DeliveryStatus | None = None
    first_notice: tuple[Trigger, UUID] | None = None

    @property
    def urgency(self) -> tuple[int, int]:
        return (self.alarm.priority.rank, self.id)


@dataclass(frozen=True, slots=True)
class NotificationMessage:
    """What a channel sends. ``id`` is the same at every try and after every restart."""

    id: UUID
    trigger: Trigger
    site: str
    plant: str
    alarms: tuple[AlarmSummary, ...]
    """The most urgent first; a summary names no more than it has room for."""
    counts: Mapping[Priority, int] = field(default_factory=dict)
    """How many alarms the message is about."""
    in_reply_to: UUID | None = None
    """The message that told first of the same alarm: it has neither returned nor been hidden since."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What is to be done now: notices that are over, and what is sent next, one or several in one."""

    withdrawn_ids: tuple[int, ...] = ()
    notices: tuple[QueuedNotice, ...] = ()


def create_notices(transitions: Iterable[AlarmTransition], policy: ChannelPolicy) -> Iterator[Notice]:
    """What the channel is to be told, at once or later if it is still true then."""
    for effect in transitions:
        entry = effect.entry
        if effect.is_new_occurrence and effect.after.priority in policy.priorities:
            for occasion, wait in (
                (Trigger.RAISE, timedelta()),
                (Trigger.UNACKNOWLEDGED, policy.unacknowledged_after),
            ):
                if occasion in policy.triggers:
                    yield Notice(policy.channel, occasion, entry.uuid, entry.id, entry.at + wait)
        elif (end := _find_end_trigger(effect)) is not None and effect.before.priority in policy.priorities:
            occurrence = effect.before.occurrence
            if Trigger.RETURN in policy.triggers and occurrence is not None:
                yield Notice(policy.channel, end, occurrence, entry.id, entry.at)


def _find_end_trigger(transition: AlarmTransition) -> Trigger | None:
    """How the alarm ceased to sound, if it did: what is hidden or has returned already does not again."""
    before, after = transition.before, transition.after
    if not before.active or before.hiding is not None:
        return None
    if after.hiding is not None:
        return Trigger.SUPPRESSION
    return None if after.active else Trigger.RETURN


def is_still_due(notice: QueuedNotice, state: AlarmState, *, now: datetime) -> bool:
    """Whether it is to be told all the same, now that its turn has come.

    An alarm: while it is that occurrence, unacknowledged and not hidden. Its end: if somebody was told of its
    beginning, or did not want to be, and it has not begun again.
    """
    if now - notice.due_at > MAX_NOTICE_AGE:
        return False
    if notice.trigger in END_TRIGGERS:
        over = not state.active or state.hiding is not None
        return over and (notice.raise_status is None or notice.raise_status in POSSIBLY_SENT)
    if state.hiding is not None:
        return False
    return state.occurrence == notice.occurrence and state.state_name in UNACKNOWLEDGED_STATES


def choose_dispatch(
    notices: Sequence[QueuedNotice],
    states: Mapping[AlarmKey, AlarmState],
    *,
    recent_count: int,
    recent_high_count: int,
    max_messages: int,
    now: datetime,
) -> Dispatch:
    """What to send next of what is due. ``recent_count``: messages of the last period, of which there are ``max_messages``.

    The last message that a period allows tells of everything that is due by then. What is of high priority
    has as many messages again: for it, only those count that told of some of it (``recent_high_count``).
    """
    withdrawn: list[QueuedNotice] = []
    due: list[QueuedNotice] = []
    for one in notices:
        if (
            one.trigger in END_TRIGGERS
            and one.raise_status is DeliveryStatus.PENDING
            and now - one.due_at <= MAX_NOTICE_AGE
        ):
            continue  # its beginning may still be told: the end comes after it
        alive = is_still_due(one, states.get(one.alarm.key) or AlarmState(one.alarm.key), now=now)
        (due.append if alive else withdrawn.append)(one)
    gone = tuple(one.id for one in withdrawn)
    due.sort(key=lambda one: one.urgency)
    urgent = [one for one in due if one.alarm.priority is Priority.HIGH]
    room, room_high = max_messages - recent_count, max_messages - recent_high_count
    if urgent and room_high > 1:
        return Dispatch(gone, tuple(urgent[:1]))
    if room <= 0:
        due, room = urgent, room_high
    if room <= 0 or not due:
        return Dispatch(gone)
    if room > 1:
        return Dispatch(gone, tuple(due[:1]))
    if now - min(one.due_at for one in due) < SUMMARY_DELAY:
        return Dispatch(gone)
    return Dispatch(gone, tuple(due))


def create_message_id(site: str, channel: str, trigger: Trigger, occurrence: UUID) -> UUID:
    """A receiver that gets the same id twice has been told the same thing twice."""
    return uuid5(MESSAGE_NAMESPACE, f"{site}/{channel}/{trigger}/{occurrence}")


def create_summary_id(members: Iterable[UUID]) -> UUID:
    """Stands for the occurrence of a summary; of the same members it is the same."""
    return uuid5(MESSAGE_NAMESPACE, "/".join(sorted(str(one) for one in members)))
