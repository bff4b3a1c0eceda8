"""A condition between what is found and what is an alarm: its delays, and what the journal is told of it."""

from datetime import datetime
from uuid import UUID

from dosing_tui.domain.alarm_rules.detection import Detection
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RULES, AlarmRule
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmState, AlarmStateName, JournalEntry, Priority
from dosing_tui.domain.alarms.snapshot import AlarmView


class DelayedCondition:
    """``is_detected``: as last found, since ``since``; ``holds``: after the delays."""

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
    """Let the delays end that are over; what only happened is gone again at once.

    ``is_alarm_active``: its alarm is active. Where the journal was heard while the delay ran, it has run before.
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
    """What was acknowledged was the last time it happened: this time somebody has to see it anew.

    Not so with low priority: a station that sends nothing but rubbish would sound once a second.
    """
    return rule.momentary and rule.priority is not Priority.LOW and state.state_name is AlarmStateName.ACKED


def restart_off_delay(condition: DelayedCondition, detection: Detection, at: datetime) -> None:
    """Found once more, and gone again at once: its return is delayed from now on."""
    condition.detection, condition.since = detection, at
    condition.is_detected, condition.is_active = False, True


def can_be_suppressed(state: AlarmState, rule: AlarmRule) -> bool:
    """What happened, and is announced, is no consequence of what is found later: it stays."""
    return not (rule.momentary and state.active)


def is_active_on_release(state: AlarmState, *, condition_active: bool) -> bool:
    """What happened while it was suppressed was seen by nobody: it is announced, however long ago it was."""
    rule = RULES.get(state.key.rule)
    return condition_active or (rule is not None and rule.momentary)


def create_entry(
    condition: DelayedCondition, event: AlarmEvent, at: datetime, uuid: UUID, *, active: bool, comment: str
) -> JournalEntry:
    """What the program itself says of the alarm, with what was found last."""
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
    """The alarm with the newest words and value, where this process has them."""
    rule = RULES.get(state.key.rule)
    if condition is None:
        return AlarmView(state, rule, state.message, state.value, state.limit, None, first_out)
    found = condition.detection
    words = found.message if condition.is_active and found.message else state.message
    return AlarmView(state, rule, words, found.value, found.limit, condition.is_active, first_out)
