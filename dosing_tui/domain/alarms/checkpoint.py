"""What a journal has come to up to one of its entries: with that, only the rest has to be folded. Pure.

The journal stays the truth: without a checkpoint, or with one of another fold, all of it is read.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Hiding, Priority, Shown, Who
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

FOLD = 1
"""Of ``table.advance``. Rises whenever the same entries lead to another state."""

CHECKPOINT_EVERY = 500
"""Entries of the journal: so many are read at a start, at most, besides the alarms themselves."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``states``: every alarm that is not normal; ``raises``: when alarms began of late, for floods."""

    last_id: int = 0
    states: tuple[AlarmState, ...] = ()
    raises: tuple[datetime, ...] = ()


NOTHING = Checkpoint()
"""The journal is to be read from its first entry."""


def encode(known: Checkpoint) -> str:
    return json.dumps(
        {
            "states": [_state_out(state) for state in known.states],
            "raises": [at.isoformat() for at in known.raises],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def decode(text: str, last_id: int) -> Checkpoint:
    """With harmless text; NOTHING for what this program never wrote."""
    try:
        told: dict[str, Any] = json.loads(text)  # Any: what JSON gives, checked by what is made of it
        return Checkpoint(
            last_id,
            tuple(_state_in(one) for one in told["states"]),
            tuple(datetime.fromisoformat(at) for at in told["raises"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return NOTHING


def _state_out(state: AlarmState) -> dict[str, object]:
    hiding = state.hiding
    return {
        "key": list(state.key),
        "priority": state.priority.value,
        "active": state.active,
        "acked": state.acked,
        "latched": state.latched,
        "hiding": hiding and _hiding_out(hiding),
        "occurrence": state.occurrence and str(state.occurrence),
        "count": state.count,
        "raised_at": _time_out(state.raised_at),
        "returned_at": _time_out(state.returned_at),
        "acked_at": _time_out(state.acked_at),
        "acked_by": list(_who_out(state.acked_by)),
        "comment": state.comment,
        "message": state.message,
        "value": state.value,
        "limit": state.limit,
        "rule_version": state.rule_version,
    }


def _state_in(told: dict[str, Any]) -> AlarmState:
    return AlarmState(
        AlarmKey(*(clean_text(part) for part in told["key"])),
        priority=Priority(told["priority"]),
        active=bool(told["active"]),
        acked=bool(told["acked"]),
        latched=bool(told["latched"]),
        hiding=_hiding_in(told["hiding"]) if told["hiding"] else None,
        occurrence=UUID(told["occurrence"]) if told["occurrence"] else None,
        count=int(told["count"]),
        raised_at=_time_in(told["raised_at"]),
        returned_at=_time_in(told["returned_at"]),
        acked_at=_time_in(told["acked_at"]),
        acked_by=_who_in(told["acked_by"]),
        comment=clean_line(told["comment"]),
        message=clean_line(told["message"]),
        value=told["value"] if told["value"] is None else float(told["value"]),
        limit=told["limit"] if told["limit"] is None else float(told["limit"]),
        rule_version=int(told["rule_version"]),
    )


def _hiding_out(hiding: Hiding) -> list[object]:
    who = _who_out(hiding.who)
    return [hiding.shown.value, _time_out(hiding.since), hiding.why, list(who), _time_out(hiding.until)]


def _hiding_in(told: list[Any]) -> Hiding:
    shown, since, why, who, until = told
    return Hiding(Shown(shown), datetime.fromisoformat(since), clean_line(why), _who_in(who), _time_in(until))


def _who_out(who: Who) -> tuple[str, str, str]:
    return who.name, who.os_user, who.role


def _who_in(told: list[Any]) -> Who:
    name, os_user, role = told
    return Who(clean_text(name), clean_text(os_user), clean_text(role))


def _time_out(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time_in(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
