"""On-delay and off-delay of alarm conditions, and the resulting journal entries (ISA-18.2)."""

from datetime import datetime
from uuid import UUID

from dosing_tui.domain.alarm_rules.detection import Detection
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RULES, AlarmRule
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmState, AlarmStateName, JournalEntry, Priority
from dosing_tui.domain.alarms.snapshot import AlarmView


class DelayedCondition:
    """Alarm condition. ``is_detected``: raw value since ``since``; ``is_active``: after the delays."""

    __slots__ = (
        "detection",
        "is_active",
        "is_detected",
        "rule",
        "since",
    )

    def __init__(self, rule: AlarmRule, detection: Detection, *, is_active: bool, since: datetime) -> None:
        self.rule = rule
        self.detection = detection
        self.is_detected = self.is_active = is_active
        self.since = since


def apply_delays(condition: DelayedCondition, now: datetime, *, is_alarm_active: bool) -> None:
    """Apply the elapsed delays; a momentary condition becomes false immediately.

    ``is_alarm_active``: the alarm is already active by the journal, so that the on-delay has elapsed.
    """
    rule = condition.rule
    if is_alarm_active and condition.is_detected:
        condition.is_active = True
    if condition.is_detected != condition.is_active:
        delay = rule.on_delay if condition.is_detected else rule.off_delay
        if now - condition.since >= delay:
            condition.is_active = condition.is_detected
    if rule.momentary and condition.is_detected and condition.is_active:
        condition.is_detected, condition.since = False, now


def is_realarm_due(state: AlarmState, rule: AlarmRule) -> bool:
    """Return whether a repeated momentary condition annunciates again after an acknowledgement.

    Low priority is excluded: a station with only invalid messages would re-alarm once a second.
    """
    return rule.momentary and rule.priority is not Priority.LOW and state.state_name is AlarmStateName.ACKED


def restart_off_delay(condition: DelayedCondition, detection: Detection, at: datetime) -> None:
    """Restart the off-delay of a momentary condition that was detected again."""
    condition.detection, condition.since = detection, at
    condition.is_detected, condition.is_active = False, True


def can_be_suppressed(state: AlarmState, rule: AlarmRule) -> bool:
    """Return whether suppression by design applies: not to an active momentary alarm.

    Such an alarm was raised before the cause of the suppression, so it is not a consequence of it.
    """
    return not (rule.momentary and state.active)


def is_active_on_release(state: AlarmState, *, condition_active: bool) -> bool:
    """Return whether an alarm is active when its suppression ends.

    A momentary alarm always is: the operator has not seen it.
    """
    rule = RULES.get(state.key.rule)
    return condition_active or (rule is not None and rule.momentary)


def create_entry(
    condition: DelayedCondition, event: AlarmEvent, at: datetime, uuid: UUID, *, active: bool, comment: str
) -> JournalEntry:
    """Create a journal entry of the program, with the last detection's message, value and limit."""
    finding, rule = condition.detection, condition.rule
    return JournalEntry(
        uuid=uuid,
        key=finding.key,
        event=event,
        at=at,
        received_at=at,
        priority=finding.priority or rule.priority,
        rule_version=CATALOG_VERSION,
        message=finding.message,
        value=finding.value,
        limit=finding.limit,
        latching=rule.latching,
        active=active,
        comment=comment,
    )


def build_alarm_view(state: AlarmState, condition: DelayedCondition | None, *, first_out: bool) -> AlarmView:
    """Build the view of an alarm with the latest message and value, if this process evaluates it."""
    rule = RULES.get(state.key.rule)
    if condition is None:
        return AlarmView(state, rule, state.message, state.value, state.limit, None, first_out)
    found = condition.detection
    words = found.message if condition.is_active and found.message else state.message
    return AlarmView(state, rule, words, found.value, found.limit, condition.is_active, first_out)
