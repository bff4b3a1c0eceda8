"""A condition between what is found and what is an alarm: its delays, and what the journal is told of it."""

from datetime import datetime
from uuid import UUID

from dosing_tui.domain.alarm_rules.detection import Finding
from dosing_tui.domain.alarms.catalog import RULES, VERSION, Rule
from dosing_tui.domain.alarms.models import AlarmState, Entry, Event, Priority, Shown
from dosing_tui.domain.alarms.snapshot import AlarmView


class Condition:
    """``raw``: as last found, since ``since``; ``holds``: after the delays."""

    __slots__ = ("finding", "holds", "raw", "rule", "since")

    def __init__(self, rule: Rule, finding: Finding, *, holds: bool, since: datetime) -> None:
        self.rule = rule
        self.finding = finding
        self.raw = self.holds = holds
        self.since = since


def settle(condition: Condition, now: datetime, *, sounds: bool) -> None:
    """Let the delays end that are over; what only happened is gone again at once.

    ``sounds``: its alarm is active. Where the journal was heard while the delay ran, it has run before.
    """
    rule = condition.rule
    if sounds and condition.raw:
        condition.holds = True
    if condition.raw != condition.holds:
        delay = rule.on_delay if condition.raw else rule.off_delay
        if now - condition.since >= delay:
            condition.holds = condition.raw
    if rule.momentary and condition.raw and condition.holds:
        condition.raw, condition.since = False, now


def happens_again(state: AlarmState, rule: Rule) -> bool:
    """What was acknowledged was the last time it happened: this time somebody has to see it anew.

    Not so with low priority: a station that sends nothing but rubbish would sound once a second.
    """
    return rule.momentary and rule.priority is not Priority.LOW and state.shown is Shown.ACKED


def note_again(condition: Condition, finding: Finding, at: datetime) -> None:
    """Found once more, and gone again at once: its return is delayed from now on."""
    condition.finding, condition.since = finding, at
    condition.raw, condition.holds = False, True


def may_be_suppressed(state: AlarmState, rule: Rule) -> bool:
    """What happened, and is announced, is no consequence of what is found later: it stays."""
    return not (rule.momentary and state.active)


def sounds_again(state: AlarmState, *, holds: bool) -> bool:
    """What happened while it was suppressed was seen by nobody: it is announced, however long ago it was."""
    rule = RULES.get(state.key.rule)
    return holds or (rule is not None and rule.momentary)


def entry_of(
    condition: Condition, event: Event, at: datetime, uuid: UUID, *, active: bool, comment: str
) -> Entry:
    """What the program itself says of the alarm, with what was found last."""
    finding, rule = condition.finding, condition.rule
    return Entry(
        uuid=uuid,
        key=finding.key,
        event=event,
        at=at,
        received_at=at,
        priority=finding.priority or rule.priority,
        rule_version=VERSION,
        message=finding.message,
        value=finding.value,
        limit=finding.limit,
        latching=rule.latching,
        active=active,
        comment=comment,
    )


def viewed(state: AlarmState, condition: Condition | None, *, first_out: bool) -> AlarmView:
    """The alarm with the newest words and value, where this process has them."""
    rule = RULES.get(state.key.rule)
    if condition is None:
        return AlarmView(state, rule, state.message, state.value, state.limit, None, first_out)
    found = condition.finding
    words = found.message if condition.holds and found.message else state.message
    return AlarmView(state, rule, words, found.value, found.limit, condition.holds, first_out)
