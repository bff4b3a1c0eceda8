"""Checks that the list columns of each batch match its record, assessment and reviews."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from dosing_tui.database.batches.rebuild_span import build_list_columns
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


@dataclass(frozen=True, slots=True)
class _ListedBatchRow:
    batch_key: str
    batch_id: str
    device_id: str
    recipe: str
    mode: str
    status: str
    reason: str
    begins_at: datetime
    ends_at: datetime | None
    pumps: int | None
    doses: int
    target_g: float | None
    actual_g: float | None
    findings: int
    finding_kinds: list[str]
    recipe_version: int | None
    record_hash: str
    judgement_hash: str
    record: str | None
    judgement: str | None
    numbered_of: str | None
    day: date | None
    number: int | None
    listed_values: list[str | None]
    review_values: list[str | None]


def check_batches(session: Session) -> tuple[int, list[str]]:
    """Number of batches, and every fault as a sentence.

    A server-side cursor: all records do not fit into memory.
    """
    count, faults = 0, list[str]()
    with session.cursor(name="audited_records", row_factory=class_row(_ListedBatchRow)) as cursor:
        for row in cursor.execute(read_statement("batches/select_audited_batches")):
            count += 1
            faults += _check_row(row)
    return count, faults


def check_merged_batches(session: Session) -> list[str]:
    """Faults of merged batches whose first message is in no other batch."""
    found: dict[str, bool] = {}
    for name, anchor, key, record in session.execute(
        read_statement("batches/select_hidden_batches")
    ).fetchall():
        found[name] = found.get(name, False) or (record is not None and _has_anchor(record, key, anchor))
    return [
        f"{name} is hidden as merged, but no other batch has its messages."
        for name, held in found.items()
        if not held
    ]


def _has_anchor(record: str, key: str, anchor: str) -> bool:
    try:
        return anchor in {
            format_anchor(identity) for identity in record_to_batch(record, key).iter_identities()
        }
    except (ValueError, KeyError, TypeError):
        return False


def _check_row(row: _ListedBatchRow) -> Iterator[str]:
    name = row.batch_id
    pairs = zip(REVIEW_STATE_COLUMNS, row.listed_values, row.review_values, strict=True)
    if differing := [column for column, listed, reviewed in pairs if listed != reviewed]:
        yield f"The list columns of {name} differ from its reviews: {', '.join(differing)}."
    if row.record is None or row.judgement is None:
        yield f"The record of {name} is missing."
        return
    whole = True
    if hash_text(row.record) != row.record_hash:
        whole = False
        yield f"The stored record of {name} has been changed."
    if hash_text(row.judgement) != row.judgement_hash:
        whole = False
        yield f"The stored findings of {name} have been changed."
    if whole:
        yield from _check_columns(row, row.record, row.judgement)


def _check_columns(row: _ListedBatchRow, record: str, judgement: str) -> Iterator[str]:
    try:
        assessment = judging.parse_assessment(judgement)
        batch = split_ingredients(record_to_batch(record, row.batch_key), assessment.split_chemicals)
        expected: Mapping[str, object] = {
            **build_list_columns(batch, assessment),
            "batch_id": _format_row_id(row),
        }
    except (ValueError, KeyError, TypeError):
        yield f"The stored record of {row.batch_id} cannot be read."
        return
    if differing := [column for column, value in expected.items() if getattr(row, column) != value]:
        yield f"The list columns of {row.batch_id} differ from its record: {', '.join(differing)}."


def _format_row_id(row: _ListedBatchRow) -> str | None:
    if row.numbered_of is None or row.day is None or row.number is None:
        return None
    return format_batch_id(row.numbered_of, row.day, row.number)
