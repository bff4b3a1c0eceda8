"""Operator commands on alarms; each returns the journal entry to write.

Raises: AlarmCommandError, with the reason, if the alarm's state does not permit the command (ISA-18.2).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct, field

from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmState, JournalEntry, Priority
from dosing_tui.domain.alarms.state_machine import apply_event
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import AlarmCommandError

MAX_COMMENT_LENGTH = 240


class CommandContext(Struct, frozen=True):
    """Operator and time (UTC) of a command."""

    who: Actor
    now: datetime
    new_id: Callable[[], UUID] = field(default=uuid4)


def acknowledge_alarm(state: AlarmState, context: CommandContext, *, comment: str = "") -> JournalEntry:
    return _create_entry(state, context, AlarmEvent.ACKNOWLEDGE, comment)


def reset_alarm(state: AlarmState, context: CommandContext, *, comment: str = "") -> JournalEntry:
    """Reset a latched alarm whose condition has ended. Raises: AlarmCommandError."""
    return _create_entry(state, context, AlarmEvent.RESET, comment)


def shelve_alarm(
    state: AlarmState,
    context: CommandContext,
    *,
    priority: Priority,
    duration: timedelta,
    max_duration: timedelta,
    reason: str,
) -> JournalEntry:
    """Shelve an alarm for ``duration``.

    ``priority``: the rule's priority, used if the alarm is not active; ``max_duration``: the site's limit.
    Raises: AlarmCommandError.
    """
    urgency = state.priority if state.active else priority
    if duration > max_duration:
        minutes = max_duration.total_seconds() / 60
        raise AlarmCommandError(
            f"{state.key.tag} is not shelved: with priority {urgency} for {round(minutes)} minutes at most."
        )
    return _create_entry(
        state, context, AlarmEvent.SHELVE, reason, priority=urgency, until=context.now + duration
    )


def unshelve_alarm(state: AlarmState, context: CommandContext, *, comment: str = "") -> JournalEntry:
    """Unshelve an alarm; the collector raises it again if its condition is true.

    Raises: AlarmCommandError.
    """
    return _create_entry(state, context, AlarmEvent.UNSHELVE, comment)


def remove_from_service(
    state: AlarmState, context: CommandContext, *, priority: Priority, reason: str
) -> JournalEntry:
    """Remove an alarm from service until it is returned to service. Raises: AlarmCommandError."""
    return _create_entry(
        state,
        context,
        AlarmEvent.REMOVE_FROM_SERVICE,
        reason,
        priority=state.priority if state.active else priority,
    )


def return_to_service(state: AlarmState, context: CommandContext, *, comment: str = "") -> JournalEntry:
    """Return an alarm to service; its condition is evaluated again. Raises: AlarmCommandError."""
    return _create_entry(state, context, AlarmEvent.RETURN_TO_SERVICE, comment)


def check_command(state: AlarmState, entry: JournalEntry) -> None:
    """Check that an entry still applies to the alarm's current state.

    Raises: AlarmCommandError if it is refused or has no effect.
    """
    step = apply_event(state, entry)
    if step.refusal:
        raise AlarmCommandError(step.refusal)
    if not step.is_changed:
        who = state.acked_by.name or state.acked_by.os_user
        by = f", by {who}" if who else ""
        raise AlarmCommandError(f"{state.key.tag} is {state.state_name} already{by}.")


def _create_entry(
    state: AlarmState,
    context: CommandContext,
    event: AlarmEvent,
    comment: str,
    *,
    priority: Priority | None = None,
    until: datetime | None = None,
) -> JournalEntry:
    entry = JournalEntry(
        uuid=context.new_id(),
        key=state.key,
        event=event,
        at=context.now,
        received_at=context.now,
        priority=priority or state.priority,
        rule_version=state.rule_version,
        message=state.message,
        value=state.value,
        limit=state.limit,
        occurrence=state.occurrence if event in (AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET) else None,
        until=until,
        who=Actor(clean_text(context.who.name), clean_text(context.who.os_user)),
        comment=clean_line(comment, MAX_COMMENT_LENGTH),
    )
    step = apply_event(state, entry)
    if step.refusal:
        raise AlarmCommandError(step.refusal)
    return entry
