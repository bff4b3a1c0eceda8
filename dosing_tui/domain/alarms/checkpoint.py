"""Checkpoint of the alarm journal: the folded states up to one entry, so that only later entries are read.

The journal remains the system of record: without a valid checkpoint it is read completely.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec.json
from msgspec import Struct

from dosing_tui.domain.alarms.models import Actor, AlarmKey, AlarmState, AlarmStateName, Priority, Suppression
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

FOLD_VERSION = 3
"""Version of a checkpoint. Increment it when its format changes, or when entries lead to other states."""

CHECKPOINT_INTERVAL = 500
"""Entries between two checkpoints: the maximum number of entries read at start-up."""


class Checkpoint(Struct, frozen=True):
    """Folded journal. ``states``: all alarms that are not normal; ``raise_times``: for flood detection."""

    last_entry_id: int = 0
    states: tuple[AlarmState, ...] = ()
    raise_times: tuple[datetime, ...] = ()


EMPTY_CHECKPOINT = Checkpoint()
"""Checkpoint before the first entry: the journal is read completely."""


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    data = {"states": checkpoint.states, "raises": checkpoint.raise_times}
    return msgspec.json.encode(data).decode()


def decode_checkpoint(text: str, last_entry_id: int) -> Checkpoint:
    """Decode a checkpoint and sanitize its text; EMPTY_CHECKPOINT if the format is invalid."""
    try:
        data: dict[str, Any] = json.loads(text)  # Any: untyped JSON, checked by the conversions below
        return Checkpoint(
            last_entry_id,
            tuple(_decode_state(one) for one in data["states"]),
            tuple(datetime.fromisoformat(at) for at in data["raises"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return EMPTY_CHECKPOINT


def _decode_state(data: dict[str, Any]) -> AlarmState:
    return AlarmState(
        AlarmKey(*map(clean_text, data["key"])),
        priority=Priority(data["priority"]),
        active=bool(data["active"]),
        acked=bool(data["acked"]),
        latched=bool(data["latched"]),
        hiding=_decode_suppression(data["hiding"]) if data["hiding"] else None,
        occurrence=UUID(data["occurrence"]) if data["occurrence"] else None,
        count=int(data["count"]),
        raised_at=_parse_time(data["raised_at"]),
        returned_at=_parse_time(data["returned_at"]),
        acked_at=_parse_time(data["acked_at"]),
        acked_by=_decode_actor(data["acked_by"]),
        comment=clean_line(data["comment"]),
        message=clean_line(data["message"]),
        value=data["value"] if data["value"] is None else float(data["value"]),
        limit=data["limit"] if data["limit"] is None else float(data["limit"]),
        rule_version=int(data["rule_version"]),
        unacked_since=_parse_time(data["unacked_since"]),
    )


def _decode_suppression(data: dict[str, Any]) -> Suppression:
    return Suppression(
        AlarmStateName(data["shown"]),
        datetime.fromisoformat(data["since"]),
        clean_line(data["why"]),
        _decode_actor(data["who"]),
        _parse_time(data["until"]),
    )


def _decode_actor(data: dict[str, str]) -> Actor:
    return Actor(*(clean_text(data[name]) for name in ("name", "os_user", "role")))


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
