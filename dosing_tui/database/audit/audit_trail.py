"""The audit trail: every entry holds the hash of the one before, so any changed byte is detected."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.canonical_json import format_instant, hash_text, to_canonical_json

LOCK_KEY = 0x646F73696E6A
GENESIS_HASH = "0" * 64
"""The previous hash of the first entry."""
REVIEW, RECIPE, PIN, POLICY = "review", "recipe", "pin", "policy"
"""The actions."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    seq: int
    at: datetime
    action: str
    subject: str
    who: str
    content: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditStamp:
    """Server time and database role of a new entry."""

    at: datetime
    db_role: str


def lock_trail(session: Session) -> AuditStamp:
    """Lock the trail until the transaction ends; entries committed before are visible."""
    session.execute(read_statement("batches/lock_audit_trail"), {"key": LOCK_KEY})
    return AuditStamp(*fetch_row(session.execute(read_statement("batches/select_server_time_and_role"))))


def append_entry(
    session: Session, stamp: AuditStamp, *, action: str, subject: str, who: str, content: Mapping[str, object]
) -> int:
    """Add an entry after ``lock_trail``; return its number."""
    last = session.execute(read_statement("batches/select_last_audit_entry")).fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS_HASH)
    text = to_canonical_json({**content, "seq": seq})
    entry = {
        "seq": seq,
        "at": stamp.at,
        "action": action,
        "subject": subject,
        "who": who,
        "content": text,
        "previous": previous,
        "hash": compute_hash(previous, stamp.at, action, subject, who, text),
    }
    session.execute(read_statement("batches/insert_audit_entry"), entry)
    return int(seq)


def compute_hash(previous: str, at: datetime, action: str, subject: str, who: str, content: str) -> str:
    """The hash of an entry."""
    return hash_text(to_canonical_json([previous, format_instant(at), action, subject, who, content]))


REVIEW_COLUMNS = (
    "seq", "batch_key", "batch_id", "at", "who", "os_user", "db_role", "meaning", "comment", "signature",
    "record_hash", "judgement_hash", "withdraws",
)  # fmt: skip


def build_review_content(values: tuple[object, ...]) -> dict[str, object]:
    """The content of a review's entry: all but the two texts, which are covered by their hashes.

    ``withdraws`` is left out where it is 0: older entries do not have it, and their hashes stay valid.
    """
    plain = [format_instant(value) if isinstance(value, datetime) else value for value in values]
    content = dict(zip(REVIEW_COLUMNS, plain, strict=True))
    if not content["withdraws"]:
        del content["withdraws"]
    return content


def build_recipe_content(
    recipe: str, mode: str, version: int, valid_from: datetime, definition: str
) -> dict[str, object]:
    return {
        "recipe": recipe,
        "mode": mode,
        "version": version,
        "valid_from": format_instant(valid_from),
        "definition": hash_text(definition),
    }


def build_policy_content(pin: bool, second_person: bool, reason: str) -> dict[str, object]:
    return {"pin": pin, "second_person": second_person, "reason": reason}


def build_pin_content(who: str, pin_hash: str) -> dict[str, object]:
    return {"who": who, "pin_hash": hash_text(pin_hash)}
