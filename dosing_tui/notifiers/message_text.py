"""Text of a notification message: subject, lines, JSON fields. Pure.

Texts of the plant contain no control characters: the parser removed them. ``payloads`` escapes what a
receiver might interpret as markup.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from dosing_tui.domain.alarms.catalog import RULES, format_alarm_value
from dosing_tui.domain.alarms.models import SYSTEM_ACTOR, AlarmEvent, Priority
from dosing_tui.domain.labels.alarm_labels import describe_alarm
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import AlarmSummary, NotificationMessage, Trigger

MAX_SUBJECT_LENGTH = 200
MAX_LISTED_ALARMS = 20
"""Maximum of alarms listed in a summary."""
_TRIGGER_PREFIXES = {
    Trigger.RAISE: "",
    Trigger.RETURN: "Returned: ",
    Trigger.UNACKNOWLEDGED: "Still unacknowledged: ",
    Trigger.TEST: "Test: ",
}
_SUPPRESSION_EVENTS = frozenset({AlarmEvent.SHELVE, AlarmEvent.SUPPRESS, AlarmEvent.REMOVE_FROM_SERVICE})
_EVENT_LABELS = {
    AlarmEvent.RETURN: "Returned",
    AlarmEvent.SHELVE: "Shelved",
    AlarmEvent.SUPPRESS: "Suppressed by design",
    AlarmEvent.REMOVE_FROM_SERVICE: "Out of service",
}


def format_subject(message: NotificationMessage, zone: tzinfo) -> str:
    """One line, station and tag first; times in the plant's ``zone``.

    E.g. ``[HIGH] dosing_system_01 · STOCK_CRITICAL/T-12 · Tank nearly empty: T-12 at 4.1 % (Plant 1)``.
    """
    if message.trigger is Trigger.SUMMARY:
        text = f"{message.total} alarm messages: {_format_counts(message.counts)}"
        urgent = min((one.priority for one in message.alarms), key=lambda one: one.rank)
    else:
        alarm = message.alarms[0]
        prefix = (
            _format_suppression(alarm, zone)
            if message.trigger is Trigger.SUPPRESSION
            else _TRIGGER_PREFIXES[message.trigger]
        )
        text, urgent = _format_alarm(alarm, prefix), alarm.priority
    return clean_line(f"[{urgent.upper()}] {text} ({message.plant})", MAX_SUBJECT_LENGTH)


def format_lines(message: NotificationMessage, zone: tzinfo) -> list[str]:
    """The full message as text lines; times in the plant's ``zone``."""
    if message.trigger is not Trigger.SUMMARY:
        return _format_details(message.alarms[0], zone)
    lines = [f"{_format_summary_line(one, zone)}" for one in message.alarms[:MAX_LISTED_ALARMS]]
    if (rest := message.total - len(lines)) > 0:
        lines.append(f"… and {rest} more; see the console.")
    return lines


def message_to_fields(message: NotificationMessage, zone: tzinfo) -> dict[str, object]:
    """The message as JSON fields, for the generic webhook and the command."""
    return {
        "id": str(message.id),
        "follows": message.in_reply_to and str(message.in_reply_to),
        "occasion": message.trigger.value,
        "site": message.site,
        "plant": message.plant,
        "text": format_subject(message, zone),
        "total": message.total,
        "counts": {priority.value: count for priority, count in message.counts.items()},
        "alarms": [_alarm_to_fields(one) for one in message.alarms[:MAX_LISTED_ALARMS]],
    }


def _alarm_to_fields(alarm: AlarmSummary) -> dict[str, object]:
    rule = RULES.get(alarm.key.rule)
    return {
        "tag": alarm.key.tag,
        "rule": alarm.key.rule,
        "device": alarm.key.device,
        "item": alarm.key.item,
        "event": alarm.event.value,
        "priority": alarm.priority.value,
        "at": alarm.at.isoformat(),
        "message": alarm.message,
        "value": alarm.value,
        "limit": alarm.limit,
        "by": alarm.who.name or alarm.who.os_user,
        "reason": alarm.comment,
        "until": alarm.until and alarm.until.isoformat(),
        "title": rule.title if rule else "",
        "cause": rule.cause if rule else "",
        "consequence": rule.consequence if rule else "",
        "action": rule.action if rule else "",
    }


def _format_details(alarm: AlarmSummary, zone: tzinfo) -> list[str]:
    rule = RULES.get(alarm.key.rule)
    label = _EVENT_LABELS.get(alarm.event, "Raised")
    lines = [
        describe_alarm(alarm.key, alarm.message).full_text,
        f"Alarm: {alarm.key.tag}, priority {alarm.priority}",
        f"{label}: {alarm.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
    ]
    if alarm.event in _SUPPRESSION_EVENTS:
        lines += _format_suppression_lines(alarm, zone)
    if alarm.value is not None and alarm.limit is not None:
        value, limit = (format_alarm_value(alarm.key.rule, one) for one in (alarm.value, alarm.limit))
        lines.append(f"Value: {value}, limit {limit}")
    if rule is not None:
        lines += [f"Cause: {rule.cause}", f"Consequence: {rule.consequence}", f"Action: {rule.action}"]
    return lines


def _format_summary_line(alarm: AlarmSummary, zone: tzinfo) -> str:
    prefix = (
        "returned: "
        if alarm.event is AlarmEvent.RETURN
        else _format_suppression(alarm, zone)
        if alarm.event in _SUPPRESSION_EVENTS
        else ""
    )
    return f"{alarm.at.astimezone(zone):%H:%M:%S} [{alarm.priority.upper()}] {_format_alarm(alarm, prefix)}"


def _format_suppression(alarm: AlarmSummary, zone: tzinfo) -> str:
    """Event, operator and end time, e.g. ``Shelved by Anna until 14:30: ``."""
    who = alarm.who.name or alarm.who.os_user
    by = f" by {who}" if who else ""
    until = f" until {alarm.until.astimezone(zone):%H:%M}" if alarm.until else ""
    why = f" ({alarm.comment})" if alarm.comment and alarm.event is AlarmEvent.SUPPRESS else ""
    return f"{_EVENT_LABELS[alarm.event]}{by}{until}{why}: "


def _format_suppression_lines(alarm: AlarmSummary, zone: tzinfo) -> list[str]:
    lines = [f"By: {alarm.who.name or alarm.who.os_user}"] if alarm.who != SYSTEM_ACTOR else []
    if alarm.until is not None:
        lines.append(f"Until: {alarm.until.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}")
    if alarm.comment:
        lines.append(f"Reason: {alarm.comment}")
    return lines


def _format_alarm(alarm: AlarmSummary, prefix: str) -> str:
    """Station, tag, and ``prefix`` and text, e.g. ``dosing_system_01 · STOCK_LOW/T-12 · Returned: …``."""
    label = describe_alarm(alarm.key, alarm.message)
    return replace(label, text=f"{prefix}{label.text}").full_text


def _format_counts(counts: Mapping[Priority, int]) -> str:
    return ", ".join(f"{counts[one]} {one}" for one in Priority if counts.get(one))
