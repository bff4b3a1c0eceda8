"""Checks that the list columns of each batch match its record, assessment and reviews."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from psycopg.rows import kwargs_row

from dosing_tui.database.batches.rebuild_span import build_list_columns, list_lot_rows
from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batches.batch_identity import format_anchor, format_batch_id
from dosing_tui.domain.batches.canonical_json import hash_text
from dosing_tui.domain.batches.canonical_json_reader import record_to_batch
from dosing_tui.domain.batches.recipe_matching import split_ingredients

REVIEW_STATE_COLUMNS = (
    "last_review", "disposition", "disposed_by", "disposed_at", "reviewed_hash", "reviewed_judgement",
    "confirmed_by", "confirmed_at",
)  # fmt: skip
"""Columns set by reviews, in the statement's order."""


def check_batches(session: Session) -> tuple[int, list[str]]:
    """Number of batches, and every fault as a sentence.

    A server-side cursor: all records do not fit into memory.
    """
    count, faults = 0, list[str]()
    with session.cursor(name="audited_records", row_factory=kwargs_row(_list_faults)) as cursor:
        for found in cursor.execute(read_statement("batches/select_audited_batches")):
            count += 1
            faults += found
    return count, faults


def check_merged_batches(session: Session) -> list[str]:
    """Faults of merged batches whose first message is in no other batch."""
    hidden = session.execute(read_statement("batches/select_hidden_batches")).fetchall()
    held = {name for name, anchor, key, record in hidden if record and _has_anchor(record, key, anchor)}
    return [
        f"{name} is hidden as merged, but no other batch has its messages."
        for name in dict.fromkeys(name for name, *_ in hidden)
        if name not in held
    ]


def _has_anchor(record: str, key: str, anchor: str) -> bool:
    try:
        return anchor in {
            format_anchor(identity) for identity in record_to_batch(record, key).iter_identities()
        }
    except (ValueError, KeyError, TypeError):
        return False


def _list_faults(
    record: str | None,
    judgement: str | None,
    record_hash: str,
    judgement_hash: str,
    listed_lots: list[list[str | float | None]],
    listed_values: list[str | None],
    review_values: list[str | None],
    **columns: Any,
) -> list[str]:
    """The faults of one batch; ``columns``: those of the list, its key and its number."""
    name = columns["batch_id"]
    pairs = zip(REVIEW_STATE_COLUMNS, listed_values, review_values, strict=True)
    faults = []
    if differing := [column for column, listed, reviewed in pairs if listed != reviewed]:
        faults.append(f"The list columns of {name} differ from its reviews: {', '.join(differing)}.")
    if record is None or judgement is None:
        return [*faults, f"The record of {name} is missing."]
    changed = []
    if hash_text(record) != record_hash:
        changed.append(f"The stored record of {name} has been changed.")
    if hash_text(judgement) != judgement_hash:
        changed.append(f"The stored findings of {name} have been changed.")
    return [*faults, *(changed or _check_columns({**columns, "lots": listed_lots}, record, judgement))]


def _check_columns(columns: Mapping[str, Any], record: str, judgement: str) -> Iterator[str]:
    try:
        assessment = judging.parse_assessment(judgement)
        batch = split_ingredients(record_to_batch(record, columns["batch_key"]), assessment.split_chemicals)
        batch_id = _format_stored_id(columns["numbered_of"], columns["day"], columns["number"])
        expected = {**build_list_columns(batch, assessment), "batch_id": batch_id}
        expected["lots"] = sorted(map(list, list_lot_rows(batch.key, assessment)))
        listed = {**columns, "lots": sorted(columns["lots"])}
    except (ValueError, KeyError, TypeError):
        yield f"The stored record of {columns['batch_id']} cannot be read."
        return
    if differing := [column for column, value in expected.items() if listed[column] != value]:
        yield f"The list columns of {columns['batch_id']} differ from its record: {', '.join(differing)}."


def _format_stored_id(device: str | None, day: date | None, number: int | None) -> str | None:
    return format_batch_id(device, day, number) if device is not None and day and number is not None else None
