"""Notification policy: which notices are created, when they are due, and the rate limit.

Notices are derived from journal transitions and identified by the entry that started the occurrence. The same
journal therefore gives the same notices, independent of the process that reads it.

After a notified raise, the end of the annunciation is notified once: the return to normal, or a suppression
(shelved, suppressed by design, out of service). A suppression is not a return to normal and has its own
trigger; an incident tool closes the incident on both. Transitions during a suppression are not notified. If
the condition is true when the suppression ends, this is a new occurrence and notified as such. Re-alarms,
escalations and the return to normal are sent as replies to the first notification.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from msgspec import Struct, field

from dosing_tui.domain.alarms.journal_projection import AlarmTransition
from dosing_tui.domain.alarms.models import (
    SYSTEM_ACTOR,
    UNACKNOWLEDGED_STATES,
    Actor,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    Priority,
)

MESSAGE_NAMESPACE = UUID("5f0c9be3-5d2e-4bd8-9f5c-3a86a1f0b1c7")
"""UUID namespace of the message IDs."""
RATE_LIMIT_PERIOD = timedelta(minutes=10)
"""Period of the rate limit."""
SUMMARY_DELAY = timedelta(seconds=10)
"""Delay of the last message of a period, to combine further notices into one summary."""
MAX_NOTICE_AGE = timedelta(days=1)
"""Maximum age of a notice; older ones fail, except those of an alarm that ``needs_attention``."""


class Trigger(StrEnum):
    """Trigger of a notice."""

    RAISE = "raise"
    RETURN = "return"
    SUPPRESSION = "hidden"
    """Shelved, suppressed by design or out of service; sent to channels subscribed to returns."""
    UNACKNOWLEDGED = "unacknowledged"
    SUMMARY = "summary"
    """Several notices in one message."""
    TEST = "test"


class DeliveryStatus(StrEnum):
    """Delivery status of a notice; the value is stored."""

    PENDING = "waiting"
    CLAIMED = "claimed"
    """Being sent, or the sending process ended."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """The sending process ended before the result; it is not re-sent."""
    FAILED = "failed"
    """Permanent error, or all retries failed."""
    WITHDRAWN = "withdrawn"
    """Acknowledged, suppressed or returned to normal before it was sent."""
    IN_SUMMARY = "summarised"
    """Sent as part of a summary."""


END_TRIGGERS = frozenset({Trigger.RETURN, Trigger.SUPPRESSION})
"""Triggers for the end of the annunciation."""
POSSIBLY_SENT = frozenset(
    {DeliveryStatus.CLAIMED, DeliveryStatus.SENT, DeliveryStatus.UNKNOWN, DeliveryStatus.IN_SUMMARY}
)
"""Statuses after which the notice was, or may have been, received."""


class ChannelPolicy(Struct, frozen=True):
    """Subscription of a channel: priorities and triggers."""

    channel: str
    priorities: frozenset[Priority]
    triggers: frozenset[Trigger]
    unacknowledged_after: timedelta = timedelta()
    """Time without an acknowledgement before an UNACKNOWLEDGED notice."""


class Notice(Struct, frozen=True):
    """Notice for one channel; unique by ``occurrence``, ``trigger`` and ``channel``."""

    channel: str
    trigger: Trigger
    occurrence: UUID
    journal_id: int
    due_at: datetime


class AlarmSummary(Struct, frozen=True):
    """One alarm in a notification message."""

    key: AlarmKey
    event: AlarmEvent
    priority: Priority
    at: datetime
    message: str
    value: float | None = None
    limit: float | None = None
    who: Actor = SYSTEM_ACTOR
    """Operator, if the event is an operator event."""
    comment: str = ""
    until: datetime | None = None
    """For SHELVE: end of the shelving time."""


class QueuedNotice(Struct, frozen=True):
    """Queued notice.

    ``raise_status``: delivery status of the notice of the raise; ``first_notice``: trigger and occurrence of
    the first notice of the alarm.
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


class NotificationMessage(Struct, frozen=True):
    """Message of a channel. ``id`` does not change with retries or restarts."""

    id: UUID
    trigger: Trigger
    site: str
    plant: str
    alarms: tuple[AlarmSummary, ...]
    """Alarms by descending priority; a summary may be truncated."""
    counts: Mapping[Priority, int] = field(default_factory=dict)
    """Number of alarms by priority, including truncated ones."""
    in_reply_to: UUID | None = None
    """ID of the first message of the alarm, since which it has not returned or been suppressed."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Dispatch(Struct, frozen=True):
    """Next actions: notices to withdraw, those not sent in time, and the notices of the next message."""

    withdrawn_ids: tuple[int, ...] = ()
    expired_ids: tuple[int, ...] = ()
    notices: tuple[QueuedNotice, ...] = ()


def create_notices(transitions: Iterable[AlarmTransition], policy: ChannelPolicy) -> Iterator[Notice]:
    """Create the notices of a channel; ``choose_dispatch`` checks them again before sending."""
    for effect in transitions:
        entry = effect.entry
        if effect.is_new_occurrence and effect.after.priority in policy.priorities:
            for occasion, due_at in (
                (Trigger.RAISE, entry.at),
                (Trigger.UNACKNOWLEDGED, _find_page_time(effect, policy.unacknowledged_after)),
            ):
                if occasion in policy.triggers:
                    yield Notice(policy.channel, occasion, entry.uuid, entry.id, due_at)
        elif (end := _find_end_trigger(effect)) is not None and effect.before.priority in policy.priorities:
            occurrence = effect.before.occurrence
            if Trigger.RETURN in policy.triggers and occurrence is not None:
                yield Notice(policy.channel, end, occurrence, entry.id, entry.at)


def _find_page_time(effect: AlarmTransition, wait: timedelta) -> datetime:
    """When an unacknowledged alarm is due: whole waits after its first annunciation."""
    at = effect.entry.at
    since = effect.after.unacked_since or at
    if not wait:
        return at
    return since + max(-((since - at) // wait), 1) * wait


def _find_end_trigger(transition: AlarmTransition) -> Trigger | None:
    """Return the trigger if the transition ends an annunciation, otherwise None."""
    before, after = transition.before, transition.after
    if not before.active or before.hiding is not None:
        return None
    if after.hiding is not None:
        return Trigger.SUPPRESSION
    return None if after.active else Trigger.RETURN


def needs_attention(state: AlarmState) -> bool:
    """Whether the alarm is of high priority, active and unacknowledged: its notices do not become too old."""
    return state.priority is Priority.HIGH and state.state_name is AlarmStateName.UNACK


def _is_expired(notice: QueuedNotice, state: AlarmState, now: datetime) -> bool:
    is_kept = notice.trigger not in END_TRIGGERS and needs_attention(state)
    return now - notice.due_at > MAX_NOTICE_AGE and not is_kept


def _is_relevant(notice: QueuedNotice, state: AlarmState) -> bool:
    """Whether a queued notice is still to be sent.

    A raise is due while this occurrence is unacknowledged and not suppressed. An UNACKNOWLEDGED notice is due
    while the alarm has stayed unacknowledged since, through any number of raises. An end is due if the alarm
    has not been raised again, and if its raise was possibly sent or is not subscribed.
    """
    if notice.trigger in END_TRIGGERS:
        over = not state.active or state.hiding is not None
        return over and (notice.raise_status is None or notice.raise_status in POSSIBLY_SENT)
    if state.hiding is not None:
        return False
    if state.state_name not in UNACKNOWLEDGED_STATES:
        return False
    if notice.trigger is Trigger.UNACKNOWLEDGED and state.unacked_since is not None:
        return notice.alarm.at >= state.unacked_since
    return state.occurrence == notice.occurrence


def choose_dispatch(
    notices: Sequence[QueuedNotice],
    states: Mapping[AlarmKey, AlarmState],
    *,
    recent_count: int,
    recent_high_count: int,
    max_messages: int,
    now: datetime,
) -> Dispatch:
    """Choose the notices of the next message, within the rate limit.

    ``recent_count``: messages in the last RATE_LIMIT_PERIOD, limit ``max_messages``. The last of a period
    is a summary of all due notices. Messages with a high-priority alarm have a second, equal limit.
    """
    due, withdrawn, expired = _check_notices(notices, states, now)
    gone = tuple(one.id for one in withdrawn), tuple(one.id for one in expired)
    due.sort(key=lambda one: one.urgency)
    urgent = [one for one in due if one.alarm.priority is Priority.HIGH]
    room, room_high = max_messages - recent_count, max_messages - recent_high_count
    if urgent and room_high > 1:
        return Dispatch(*gone, tuple(urgent[:1]))
    if room <= 0:
        due, room = urgent, room_high
    if room <= 0 or not due:
        return Dispatch(*gone)
    if room > 1:
        return Dispatch(*gone, tuple(due[:1]))
    if now - min(one.due_at for one in due) < SUMMARY_DELAY:
        return Dispatch(*gone)
    return Dispatch(*gone, tuple(due))


def _check_notices(
    notices: Sequence[QueuedNotice], states: Mapping[AlarmKey, AlarmState], now: datetime
) -> tuple[list[QueuedNotice], list[QueuedNotice], list[QueuedNotice]]:
    """Return the notices to send, to withdraw and to fail; in none: an end whose raise may still be sent."""
    due: list[QueuedNotice] = []
    withdrawn: list[QueuedNotice] = []
    expired: list[QueuedNotice] = []
    paged_keys: set[AlarmKey] = set()
    for one in reversed(notices):
        is_end_early = one.trigger in END_TRIGGERS and one.raise_status is DeliveryStatus.PENDING
        if is_end_early and now - one.due_at <= MAX_NOTICE_AGE:
            continue
        state = states.get(one.alarm.key) or AlarmState(one.alarm.key)
        is_due = _is_relevant(one, state)
        if is_due and one.trigger is Trigger.UNACKNOWLEDGED:
            is_due = one.alarm.key not in paged_keys  # the newest of an alarm is enough
            paged_keys.add(one.alarm.key)
        (withdrawn if not is_due else expired if _is_expired(one, state, now) else due).append(one)
    return due[::-1], withdrawn[::-1], expired[::-1]


def create_message_id(site: str, channel: str, trigger: Trigger, occurrence: UUID) -> UUID:
    """Create a message ID; equal arguments give equal IDs, so that a receiver can discard duplicates."""
    return uuid5(MESSAGE_NAMESPACE, f"{site}/{channel}/{trigger}/{occurrence}")


def create_summary_id(members: Iterable[UUID]) -> UUID:
    """Create the occurrence ID of a summary; equal members give equal IDs."""
    return uuid5(MESSAGE_NAMESPACE, "/".join(sorted(str(one) for one in members)))
