"""What people ask of alarms, as journal entries.

Each raises AlarmRefused, with the sentence that says why it is not possible.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from dosing_tui.domain.alarms.models import AlarmState, Entry, Event, Priority, Who
from dosing_tui.domain.alarms.state_machine import advance
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import AlarmRefused

COMMENT_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and when (UTC)."""

    who: Who
    now: datetime
    new_id: Callable[[], UUID] = field(default=uuid4)


def acknowledge(state: AlarmState, asking: Asking, *, comment: str = "") -> Entry:
    return _entry(state, asking, Event.ACKNOWLEDGE, comment)


def reset(state: AlarmState, asking: Asking, *, comment: str = "") -> Entry:
    """Ends a latched alarm whose condition is gone."""
    return _entry(state, asking, Event.RESET, comment)


def shelve(
    state: AlarmState,
    asking: Asking,
    *,
    priority: Priority,
    duration: timedelta,
    most: timedelta,
    reason: str,
) -> Entry:
    """``priority``: the rule's, where the alarm is normal; ``most``: the site's limit for it."""
    urgency = state.priority if state.active else priority
    if duration > most:
        minutes = most.total_seconds() / 60
        raise AlarmRefused(
            f"{state.key.tag} is not shelved: with priority {urgency} for {minutes:.0f} minutes at most."
        )
    return _entry(state, asking, Event.SHELVE, reason, priority=urgency, until=asking.now + duration)


def unshelve(state: AlarmState, asking: Asking, *, comment: str = "") -> Entry:
    """Back to normal; the collector raises it anew if its condition holds."""
    return _entry(state, asking, Event.UNSHELVE, comment)


def remove(state: AlarmState, asking: Asking, *, priority: Priority, reason: str) -> Entry:
    """Out of service, until somebody puts it back."""
    return _entry(state, asking, Event.REMOVE, reason, priority=state.priority if state.active else priority)


def restore(state: AlarmState, asking: Asking, *, comment: str = "") -> Entry:
    """Back into service, as ``unshelve``."""
    return _entry(state, asking, Event.RESTORE, comment)


def check(state: AlarmState, entry: Entry) -> None:
    """The entry was made for what somebody saw; this is the alarm as it is now. Raises: AlarmRefused."""
    step = advance(state, entry)
    if step.refusal:
        raise AlarmRefused(step.refusal)
    if not step.changed:
        who = state.acked_by.name or state.acked_by.os_user
        by = f", by {who}" if who else ""
        raise AlarmRefused(f"{state.key.tag} is {state.shown} already{by}.")


def _entry(
    state: AlarmState,
    asking: Asking,
    event: Event,
    comment: str,
    *,
    priority: Priority | None = None,
    until: datetime | None = None,
) -> Entry:
    entry = Entry(
        uuid=asking.new_id(),
        key=state.key,
        event=event,
        at=asking.now,
        received_at=asking.now,
        priority=priority or state.priority,
        rule_version=state.rule_version,
        message=state.message,
        value=state.value,
        limit=state.limit,
        occurrence=state.occurrence if event in (Event.ACKNOWLEDGE, Event.RESET) else None,
        until=until,
        who=Who(clean_text(asking.who.name), clean_text(asking.who.os_user)),
        comment=clean_line(comment, COMMENT_LONGEST),
    )
    step = advance(state, entry)
    if step.refusal:
        raise AlarmRefused(step.refusal)
    return entry
