"""Conversion between rows of the alarm journal and journal entries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dosing_tui.domain.alarms.models import (
    MAX_ITEM_CELLS,
    Actor,
    AlarmEvent,
    AlarmKey,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

MAX_TEXT_BYTES = 2048
MAX_NAME_BYTES = 512
"""Longest message or comment, and longest name, that the table takes."""


def build_entry(
    *,
    rule: str,
    device_id: str,
    item: str,
    event: str,
    at: datetime,
    received_at: datetime,
    priority: str,
    message: str,
    limit_value: float | None,
    until: datetime | None,
    author: str,
    os_user: str,
    db_role: str,
    offline: bool,
    comment: str,
    **same: Any,
) -> JournalEntry:
    """The entry of a row of alarm_journal. Other programs may write there: all text is sanitized.

    ``same``: columns that the entry has with their name and type.
    """
    # an offline entry was written by the collector's session, not by the operator's
    who = Actor(clean_text(author), clean_text(os_user), "" if offline else clean_text(db_role))
    return JournalEntry(
        key=build_key(rule, device_id, item),
        event=AlarmEvent(event),
        at=at.astimezone(UTC),
        received_at=received_at.astimezone(UTC),
        priority=Priority(priority),
        message=clean_line(message),
        limit=limit_value,
        until=until and until.astimezone(UTC),
        who=who,
        offline=offline,
        comment=clean_line(comment),
        **same,
    )


def build_key(rule: str, device_id: str, item: str) -> AlarmKey:
    return AlarmKey(clean_text(rule), clean_text(device_id), clean_text(item, limit=MAX_ITEM_CELLS))


def entry_to_action(site: str, entry: JournalEntry) -> dict[str, object]:
    """What an operator decides of an entry, for ``enter_alarm_action``; the database knows the rest."""
    return {
        "uuid": str(entry.uuid),
        "site": site,
        "rule": entry.key.rule,
        "device_id": entry.key.device,
        "item": entry.key.item,
        "event": entry.event.value,
        "priority": entry.priority.value,
        "rule_version": entry.rule_version,
        "value": entry.value,
        "occurrence": entry.occurrence and str(entry.occurrence),
        "shelve_s": entry.until and (entry.until - entry.at).total_seconds(),
        "author": entry.who.name,
        "os_user": entry.who.os_user,
        "comment": entry.comment,
    }


def entries_to_columns(site: str, entries: Sequence[JournalEntry]) -> dict[str, object]:
    """Free text without harmful characters: the table takes no other."""
    return {
        "site": site,
        "uuid": [entry.uuid for entry in entries],
        "rule": [entry.key.rule for entry in entries],
        "device_id": [entry.key.device for entry in entries],
        "item": [entry.key.item for entry in entries],
        "event": [entry.event.value for entry in entries],
        "at": [entry.at for entry in entries],
        "received_at": [entry.received_at for entry in entries],
        "priority": [entry.priority.value for entry in entries],
        "rule_version": [entry.rule_version for entry in entries],
        "message": [_fit_text(entry.message, MAX_TEXT_BYTES) for entry in entries],
        "value": [entry.value for entry in entries],
        "limit_value": [entry.limit for entry in entries],
        "latching": [entry.latching for entry in entries],
        "active": [entry.active for entry in entries],
        "occurrence": [entry.occurrence for entry in entries],
        "until": [entry.until for entry in entries],
        "author": [_fit_text(entry.who.name, MAX_NAME_BYTES) for entry in entries],
        "os_user": [_fit_text(entry.who.os_user, MAX_NAME_BYTES) for entry in entries],
        "offline": [entry.offline for entry in entries],
        "comment": [_fit_text(entry.comment, MAX_TEXT_BYTES) for entry in entries],
    }


def _fit_text(text: str, most: int) -> str:
    return clean_line(text, most).encode()[:most].decode(errors="ignore")
