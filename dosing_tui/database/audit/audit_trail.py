"""The audit trail: every entry holds the hash of the one before, so any changed byte is detected.

Functions of the database append the entries (``any/0017_signatures``); here is what they must look like.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from msgspec import Struct

from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.canonical_json import format_instant, hash_text, to_canonical_json
from dosing_tui.errors import ReviewError

REFUSED = "DT001"
"""SQLSTATE of the database's functions for a refusal with a sentence for the reviewer."""
GENESIS_HASH = "0" * 64
"""The previous hash of the first entry."""
REVIEW, RECIPE, PIN, POLICY, TOLERANCE = "review", "recipe", "pin", "policy", "tolerance"
MATERIAL = "material"
"""The actions."""


class AuditEntry(Struct, frozen=True):
    seq: int
    at: datetime
    action: str
    subject: str
    who: str
    content: str
    previous: str
    hash: str


def lock_trail(session: Session) -> None:
    """Lock the trail until the transaction ends; entries committed before are visible."""
    session.execute(read_statement("batches/lock_audit_trail"))


@contextmanager
def translate_refusals() -> Iterator[None]:
    """Raise ReviewError with the server's sentence, where it refuses an entry."""
    try:
        yield
    except psycopg.DatabaseError as error:
        if error.sqlstate != REFUSED:
            raise
        raise ReviewError(error.diag.message_primary or "Not saved.") from error


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


def build_tolerance_content(version: int, valid_from: datetime, definition: str) -> dict[str, object]:
    return {
        "version": version,
        "valid_from": format_instant(valid_from),
        "definition": hash_text(definition),
    }


def build_policy_content(pin: bool, second_person: bool, reason: str) -> dict[str, object]:
    return {"pin": pin, "second_person": second_person, "reason": reason}


MATERIAL_COLUMNS = (
    "entry_key", "time", "recorded_at", "device_id", "chemical", "pump", "kind", "mass_g", "entered_quantity",
    "entered_unit", "density_g_per_ml", "lot_number", "supplier", "expires_on", "opened_on", "certificate",
    "reason", "source", "operator", "os_user", "db_role",
)  # fmt: skip


def build_material_content(*values: object) -> dict[str, object]:
    """The content of a ledger entry: all of its columns, masses as the server's text."""
    plain = [format_instant(value) if isinstance(value, datetime) else value for value in values]
    return dict(zip(MATERIAL_COLUMNS, plain, strict=True))


def build_pin_content(who: str, pin_digest: str) -> dict[str, object]:
    return {"who": who, "pin_hash": pin_digest}
