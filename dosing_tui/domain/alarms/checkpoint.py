"""Checkpoint of the alarm journal: the folded states up to one entry, so that only later entries are read.

The journal remains the system of record: without a valid checkpoint it is read completely.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dosing_tui.domain.alarms.models import Actor, AlarmKey, AlarmState, AlarmStateName, Priority, Suppression
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

FOLD_VERSION = 1
"""Version of ``state_machine.apply_event``. Increment it when the same entries lead to other states."""

CHECKPOINT_INTERVAL = 500
"""Entries between two checkpoints: the maximum number of entries read at start-up."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Folded journal. ``states``: all alarms that are not normal; ``raise_times``: for flood detection."""

    last_entry_id: int = 0
    states: tuple[AlarmState, ...] = ()
    raise_times: tuple[datetime, ...] = ()


EMPTY_CHECKPOINT = Checkpoint()
"""Checkpoint before the first entry: the journal is read completely."""


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    return json.dumps(
        {
            "states": [_encode_state(state) for state in checkpoint.states],
            "raises": [at.isoformat() for at in checkpoint.raise_times],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


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


def _encode_state(state: AlarmState) -> dict[str, object]:
    hiding = state.hiding
    return {
        "key": list(state.key),
        "priority": state.priority.value,
        "active": state.active,
        "acked": state.acked,
        "latched": state.latched,
        "hiding": hiding and _encode_suppression(hiding),
        "occurrence": state.occurrence and str(state.occurrence),
        "count": state.count,
        "raised_at": _format_time(state.raised_at),
        "returned_at": _format_time(state.returned_at),
        "acked_at": _format_time(state.acked_at),
        "acked_by": list(_encode_actor(state.acked_by)),
        "comment": state.comment,
        "message": state.message,
        "value": state.value,
        "limit": state.limit,
        "rule_version": state.rule_version,
    }


def _decode_state(data: dict[str, Any]) -> AlarmState:
    return AlarmState(
        AlarmKey(*(clean_text(part) for part in data["key"])),
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
    )


def _encode_suppression(suppression: Suppression) -> list[object]:
    who = _encode_actor(suppression.who)
    return [
        suppression.shown.value,
        _format_time(suppression.since),
        suppression.why,
        list(who),
        _format_time(suppression.until),
    ]


def _decode_suppression(data: list[Any]) -> Suppression:
    shown, since, why, who, until = data
    return Suppression(
        AlarmStateName(shown),
        datetime.fromisoformat(since),
        clean_line(why),
        _decode_actor(who),
        _parse_time(until),
    )


def _encode_actor(who: Actor) -> tuple[str, str, str]:
    return who.name, who.os_user, who.role


def _decode_actor(data: list[Any]) -> Actor:
    name, os_user, role = data
    return Actor(clean_text(name), clean_text(os_user), clean_text(role))


def _format_time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
