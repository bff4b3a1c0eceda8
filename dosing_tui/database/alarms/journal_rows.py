"""Conversion between rows of the alarm journal and journal entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row of the table alarm_journal."""

    id: int
    uuid: UUID
    rule: str
    device_id: str
    item: str
    event: str
    at: datetime
    received_at: datetime
    priority: str
    rule_version: int
    message: str
    value: float | None
    limit_value: float | None
    latching: bool
    active: bool
    occurrence: UUID | None
    until: datetime | None
    author: str
    os_user: str
    db_role: str
    offline: bool
    comment: str


def row_to_entry(row: JournalRow) -> JournalEntry:
    """Convert a row. Other programs may write to the journal: all text is sanitized."""
    return JournalEntry(
        uuid=row.uuid,
        key=AlarmKey(clean_text(row.rule), clean_text(row.device_id), clean_text(row.item)),
        event=AlarmEvent(row.event),
        at=row.at.astimezone(UTC),
        received_at=row.received_at.astimezone(UTC),
        priority=Priority(row.priority),
        rule_version=row.rule_version,
        message=clean_line(row.message),
        value=row.value,
        limit=row.limit_value,
        latching=row.latching,
        active=row.active,
        occurrence=row.occurrence,
        until=row.until and row.until.astimezone(UTC),
        # an offline entry was written by the collector's session, not by the operator's
        who=Actor(
            clean_text(row.author), clean_text(row.os_user), "" if row.offline else clean_text(row.db_role)
        ),
        offline=row.offline,
        comment=clean_line(row.comment),
        id=row.id,
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
