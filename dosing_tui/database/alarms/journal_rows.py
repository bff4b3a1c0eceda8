"""Conversion between rows of the alarm journal and journal entries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text


def build_entry(
    id: int,
    uuid: UUID,
    rule: str,
    device_id: str,
    item: str,
    event: str,
    at: datetime,
    received_at: datetime,
    priority: str,
    rule_version: int,
    message: str,
    value: float | None,
    limit_value: float | None,
    latching: bool,
    active: bool,
    occurrence: UUID | None,
    until: datetime | None,
    author: str,
    os_user: str,
    db_role: str,
    offline: bool,
    comment: str,
) -> JournalEntry:
    """The entry of a row of alarm_journal. Other programs may write there: all text is sanitized."""
    return JournalEntry(
        uuid=uuid,
        key=AlarmKey(clean_text(rule), clean_text(device_id), clean_text(item)),
        event=AlarmEvent(event),
        at=at.astimezone(UTC),
        received_at=received_at.astimezone(UTC),
        priority=Priority(priority),
        rule_version=rule_version,
        message=clean_line(message),
        value=value,
        limit=limit_value,
        latching=latching,
        active=active,
        occurrence=occurrence,
        until=until and until.astimezone(UTC),
        # an offline entry was written by the collector's session, not by the operator's
        who=Actor(clean_text(author), clean_text(os_user), "" if offline else clean_text(db_role)),
        offline=offline,
        comment=clean_line(comment),
        id=id,
    )


def entries_to_columns(site: str, entries: Sequence[JournalEntry]) -> dict[str, object]:
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
        "message": [entry.message for entry in entries],
        "value": [entry.value for entry in entries],
        "limit_value": [entry.limit for entry in entries],
        "latching": [entry.latching for entry in entries],
        "active": [entry.active for entry in entries],
        "occurrence": [entry.occurrence for entry in entries],
        "until": [entry.until for entry in entries],
        "author": [entry.who.name for entry in entries],
        "os_user": [entry.who.os_user for entry in entries],
        "offline": [entry.offline for entry in entries],
        "comment": [entry.comment for entry in entries],
    }
