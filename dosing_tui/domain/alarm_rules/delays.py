"""On-delay and off-delay of alarm conditions, and the resulting journal entries (ISA-18.2)."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from dosing_tui.domain.alarm_rules.shared.detection import Detection
from dosing_tui.domain.alarm_rules.shared.link_history import CHATTER_COUNT, WINDOW
from dosing_tui.domain.alarm_rules.shared.rule_state import MAX_CLOSED_BATCHES
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, NO_DELAY, RULES, AlarmRule
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmState, AlarmStateName, JournalEntry, Priority
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.quantities.quantity_text import cut_to_shown
from dosing_tui.domain.quantities.set_back_clock import is_set_back

MAX_STANDING = 2 * MAX_CLOSED_BATCHES
"""A late message disproves one of the last batches only."""


@dataclass(slots=True)
class DelayedCondition:
    """Alarm condition. ``is_detected``: raw value since ``since``; ``is_active``: after the delays."""

    rule: AlarmRule
    detection: Detection
    is_detected: bool
    is_active: bool
    since: datetime
    standing: list[str] = field(default_factory=list)
    """Messages of a disprovable rule's detections since the alarm was last normal, and not disproved."""
    is_disproved: bool = False
    """The last detection was proven wrong by a late message."""
    starts: deque[datetime] = field(default_factory=lambda: deque(maxlen=CHATTER_COUNT))
    """When it was last detected anew."""

    def set_detected(self, is_detected: bool, at: datetime) -> None:
        """Note that the raw value has changed."""
        self.is_detected, self.since = is_detected, at
        if is_detected:
            self.starts.append(at)

    @property
    def chatter_window(self) -> timedelta:
        return max(WINDOW, 5 * self.rule.on_delay)

    def is_chattering(self, now: datetime) -> bool:
        """Whether it comes and goes so often that no single time outlasts the on-delay (ISA-18.2)."""
        is_often = len(self.starts) == CHATTER_COUNT and not self.rule.momentary
        return is_often and now - self.starts[0] <= self.chatter_window

    def is_idle(self, now: datetime) -> bool:
        """Whether it can be forgotten: it is false, and has not been true for long."""
        is_false = not (self.is_detected or self.is_active or self.standing)
        return is_false and not (self.starts and now - self.starts[-1] <= self.chatter_window)

    def withdraw(self, message: str, at: datetime) -> bool:
        """End the detection that a late message proved wrong; False while another one stands."""
        found = next((words for words in self.standing if words.startswith(message)), None)
        if found is not None:
            self.standing.remove(found)
        if found is None or self.standing:
            return False
        self.is_detected = self.is_active = False
        self.since, self.is_disproved = at, True
        return True

    def add_standing(self, message: str) -> None:
        """Add a detection's message; of more than MAX_STANDING the first stays, and the last ones.

        Nobody may acknowledge the alarm for months. What can still be disproved is among the last; the first,
        which no longer can, keeps the alarm from being withdrawn.
        """
        self.standing.append(message)
        if len(self.standing) > MAX_STANDING:
            del self.standing[1]


def apply_delays(condition: DelayedCondition, now: datetime, *, is_alarm_active: bool) -> None:
    """Apply the elapsed delays; a momentary condition becomes false immediately.

    ``is_alarm_active``: the alarm is already active by the journal, so that the on-delay has elapsed.
    """
    rule = condition.rule
    if is_set_back(condition.since, now):
        condition.since = now
        condition.starts.clear()
    if is_alarm_active and condition.is_detected:
        condition.is_active = True
    if condition.is_detected != condition.is_active:
        delay = rule.on_delay if condition.is_detected else rule.off_delay
        if condition.is_chattering(now):
            delay = NO_DELAY if condition.is_detected else max(delay, WINDOW)
        if now - condition.since >= delay:
            condition.is_active = condition.is_detected
    if rule.momentary and condition.is_detected and condition.is_active:
        condition.is_detected, condition.since = False, now


def is_realarm_due(state: AlarmState, rule: AlarmRule) -> bool:
    """Return whether a repeated momentary condition annunciates again after an acknowledgement.

    Low priority is excluded: a station with only invalid messages would re-alarm once a second.
    """
    return rule.momentary and rule.priority is not Priority.LOW and state.state_name is AlarmStateName.ACKED


def find_escalation(
    state: AlarmState, condition: DelayedCondition, realarm_after: timedelta, now: datetime
) -> AlarmEvent | None:
    """An escalation if the priority of an active alarm has risen, or a re-alarm if one is due."""
    priority = condition.detection.priority or condition.rule.priority
    if priority.rank < state.priority.rank:
        return AlarmEvent.ESCALATE
    acked_at = state.acked_at if realarm_after else None
    return AlarmEvent.REALARM if acked_at is not None and now - acked_at >= realarm_after else None


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


def create_state_entry(
    state: AlarmState, event: AlarmEvent, at: datetime, uuid: UUID, *, comment: str = ""
) -> JournalEntry:
    """Create a journal entry of the program about an alarm without a condition."""
    return JournalEntry(
        uuid,
        state.key,
        event,
        at,
        at,
        state.priority,
        CATALOG_VERSION,
        message=state.message,
        comment=comment,
    )


def build_alarm_view(state: AlarmState, condition: DelayedCondition | None, *, first_out: bool) -> AlarmView:
    """Build the view of an alarm with the latest message and value, if this process evaluates it."""
    rule = RULES.get(state.key.rule)
    if condition is None:
        return AlarmView(state, rule, state.message, state.value, state.limit, None, first_out)
    found = condition.detection
    words = found.message if condition.is_active and found.message else state.message
    # a view that looks the same is the same: it is not sent and drawn again each second
    value = found.value if found.value is None or rule is None else cut_to_shown(found.value, rule.quantity)
    return AlarmView(state, rule, words, value, found.limit, condition.is_active, first_out)
