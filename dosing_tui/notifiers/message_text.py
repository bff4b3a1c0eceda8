"""What a message says, in the words of the alarm list: a subject, lines, plain fields. Pure.

Texts of the plant were cleaned when they were read: no control character is left in them. What a receiver
might take for markup is made harmless where its form is made.
"""

from collections.abc import Mapping
from datetime import tzinfo

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import NOBODY, Event, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import Message, Occasion, Told

SUBJECT_LONGEST = 200
NAMED = 20
"""Most alarms that a summary names."""
_OCCASIONS = {
    Occasion.RAISE: "",
    Occasion.RETURN: "Returned: ",
    Occasion.UNACKNOWLEDGED: "Still unacknowledged: ",
    Occasion.TEST: "Test: ",
}
_HIDES = frozenset({Event.SHELVE, Event.SUPPRESS, Event.REMOVE})
_HAPPENED = {
    Event.RETURN: "Returned",
    Event.SHELVE: "Shelved",
    Event.SUPPRESS: "Suppressed by design",
    Event.REMOVE: "Out of service",
}


def subject(message: Message, zone: tzinfo) -> str:
    """One line, e.g. ``[HIGH] Tank nearly empty: T-12 at 4.1 % (Plant 1)``; times in the plant's ``zone``."""
    if message.occasion is Occasion.SUMMARY:
        words = f"{message.total} alarm messages: {_counts(message.counts)}"
        urgent = min((one.priority for one in message.alarms), key=lambda one: one.rank)
    else:
        told = message.alarms[0]
        begins = _hidden(told, zone) if message.occasion is Occasion.HIDDEN else _OCCASIONS[message.occasion]
        words, urgent = f"{begins}{_said(told)}", told.priority
    return clean_line(f"[{urgent.upper()}] {words} ({message.plant})", SUBJECT_LONGEST)


def lines(message: Message, zone: tzinfo) -> list[str]:
    """The message in full, for people; times in the plant's ``zone``."""
    if message.occasion is not Occasion.SUMMARY:
        return _in_full(message.alarms[0], zone)
    said = [f"{_short(one, zone)}" for one in message.alarms[:NAMED]]
    if (rest := message.total - len(said)) > 0:
        said.append(f"… and {rest} more; see the console.")
    return said


def fields(message: Message, zone: tzinfo) -> dict[str, object]:
    """The message for programs: the generic webhook and the command get it as JSON."""
    return {
        "id": str(message.id),
        "follows": message.follows and str(message.follows),
        "occasion": message.occasion.value,
        "site": message.site,
        "plant": message.plant,
        "text": subject(message, zone),
        "total": message.total,
        "counts": {priority.value: count for priority, count in message.counts.items()},
        "alarms": [_fields_of(one) for one in message.alarms[:NAMED]],
    }


def _fields_of(told: Told) -> dict[str, object]:
    rule = RULES.get(told.key.rule)
    return {
        "tag": told.key.tag,
        "rule": told.key.rule,
        "device": told.key.device,
        "item": told.key.item,
        "event": told.event.value,
        "priority": told.priority.value,
        "at": told.at.isoformat(),
        "message": told.message,
        "value": told.value,
        "limit": told.limit,
        "by": told.who.name or told.who.os_user,
        "reason": told.comment,
        "until": told.until and told.until.isoformat(),
        "title": rule.title if rule else "",
        "cause": rule.cause if rule else "",
        "consequence": rule.consequence if rule else "",
        "action": rule.action if rule else "",
    }


def _in_full(told: Told, zone: tzinfo) -> list[str]:
    rule = RULES.get(told.key.rule)
    word = _HAPPENED.get(told.event, "Raised")
    said = [
        told.message or told.key.tag,
        f"Alarm: {told.key.tag}, priority {told.priority}",
        f"{word}: {told.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}",
    ]
    if told.event in _HIDES:
        said += _hiding_in_full(told, zone)
    if told.value is not None and told.limit is not None:
        said.append(f"Value: {told.value:.2f}, limit {told.limit:.2f}")
    if rule is not None:
        said += [f"Cause: {rule.cause}", f"Consequence: {rule.consequence}", f"Action: {rule.action}"]
    return said


def _short(told: Told, zone: tzinfo) -> str:
    over = "returned: " if told.event is Event.RETURN else _hidden(told, zone) if told.event in _HIDES else ""
    return f"{told.at.astimezone(zone):%H:%M:%S} [{told.priority.upper()}] {over}{_said(told)}"


def _hidden(told: Told, zone: tzinfo) -> str:
    """How, by whom and until when, e.g. ``Shelved by Anna until 14:30: ``."""
    who = told.who.name or told.who.os_user
    by = f" by {who}" if who else ""
    until = f" until {told.until.astimezone(zone):%H:%M}" if told.until else ""
    why = f" ({told.comment})" if told.comment and told.event is Event.SUPPRESS else ""
    return f"{_HAPPENED[told.event]}{by}{until}{why}: "


def _hiding_in_full(told: Told, zone: tzinfo) -> list[str]:
    said = [f"By: {told.who.name or told.who.os_user}"] if told.who != NOBODY else []
    if told.until is not None:
        said.append(f"Until: {told.until.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}")
    if told.comment:
        said.append(f"Reason: {told.comment}")
    return said


def _said(told: Told) -> str:
    return told.message or told.key.tag


def _counts(counts: Mapping[Priority, int]) -> str:
    return ", ".join(f"{counts[one]} {one}" for one in Priority if counts.get(one))
