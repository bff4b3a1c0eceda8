"""Batches for programs: their doses as CSV, and the record as canonical JSON that its hash is of."""

import json
from collections.abc import Iterable
from datetime import UTC, tzinfo

from dosing_tui.database.batches.queries import BatchDetail
from dosing_tui.domain.batch_review.changes_since_review import what_came
from dosing_tui.domain.batch_review.exception_checks import Finding
from dosing_tui.domain.batch_review.query_models import seen_as
from dosing_tui.domain.batch_review.review_rules import Review
from dosing_tui.domain.messages.models import Dose
from dosing_tui.export.csv_format import csv_of
from dosing_tui.export.table import Cell, Column

HASHED = "SHA-256 of the record as JSON: UTF-8, sorted keys, no spaces, nothing escaped that need not be"
COLUMNS = (
    Column("batch_id", "batch"), Column("batch_key", "batch key"), Column("device_id", "device id"),
    Column("recipe", "recipe"), Column("mode", "mode"), Column("status", "batch status"),
    Column("review_state", "review"), Column("time", "time"), Column("time_quality", "time quality"),
    Column("pump", "pump"), Column("chemical", "chemical"), Column("target_g", "target", "g"),
    Column("actual_g", "actual", "g"), Column("error_g", "error", "g"), Column("error_percent", "error", "%"),
    Column("tolerance_g", "tolerance", "g"), Column("within", "ingredient within tolerance"),
    Column("duration_ms", "duration", "ms"), Column("flags", "flags"), Column("record_hash", "record hash"),
)  # fmt: skip


def doses_csv(details: Iterable[BatchDetail], zone: tzinfo) -> str:
    """One row for each dose, the batch's facts in each."""
    return csv_of(COLUMNS, [_row(detail, dose) for detail in details for dose in detail.batch.doses], zone)


def _row(detail: BatchDetail, dose: Dose) -> list[Cell]:
    row = detail.row
    tolerance_g, within = _band(detail, dose)
    percent = 100 * dose.error_g / dose.target_g if dose.error_g is not None and dose.target_g else None
    return [
        row.batch_id, row.batch_key, row.device_id, dose.recipe, dose.mode, row.status, row.review_state,
        dose.time, dose.time_quality.value, dose.pump, dose.chemical, dose.target_g, dose.actual_g,
        dose.error_g, percent, tolerance_g, within, dose.duration_ms, "; ".join(dose.flags), row.record_hash,
    ]  # fmt: skip


def _band(detail: BatchDetail, dose: Dose) -> tuple[float | None, bool | None]:
    """Of the ingredient that the dose is part of."""
    pairs = zip(detail.batch.ingredients, detail.judged.bands, strict=True)
    bands = [band for each, band in pairs if (each.chemical, each.pump) == (dose.chemical, dose.pump)]
    alike = [d for d in detail.batch.doses if (d.chemical, d.pump) == (dose.chemical, dose.pump)]
    return bands[alike.index(dose)] if len(bands) > 1 else bands[0]


def record_json(detail: BatchDetail) -> str:
    """One line. Whatever is no ASCII is escaped: no terminal takes it for a command."""
    row = detail.row
    document = {
        "batch_id": row.batch_id,
        "batch_key": row.batch_key,
        "record": json.loads(detail.record),
        "record_hash": row.record_hash,
        "hash_of": HASHED,
        "judgement": json.loads(detail.judgement),
        "judgement_hash": row.judgement_hash,
        "seen_as": seen_as(row),
        "exceptions": [_finding(each) for each in detail.judged.findings],
        "recipe_version": detail.judged.recipe_version,
        "review_state": row.review_state,
        "reviews": [_review(each) for each in detail.reviews],
        "changed_since_review": list(what_came(detail, UTC)),
        "absorbed_reviews": [{"batch_id": each.batch_id, **_review(each)} for each in detail.absorbed],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _finding(each: Finding) -> dict[str, str]:
    return {"kind": each.kind.value, "subject": each.subject, "sentence": each.sentence}


def _review(each: Review) -> dict[str, object]:
    return {
        "entry": each.review_id,
        "at": each.at.isoformat(),
        "who": each.who,
        "os_user": each.os_user,
        "db_role": each.db_role,
        "meaning": each.meaning,
        "reason": each.comment,
        "signature": each.signature,
        "record_hash": each.record_hash,
        "judgement_hash": each.judgement_hash,
        "withdraws": each.withdraws or None,
        "hash": each.hash,
    }
