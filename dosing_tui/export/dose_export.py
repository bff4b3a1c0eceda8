"""Batches for programs: doses as CSV, batch records as JSON with their hashes."""

import json
from collections.abc import Iterable
from datetime import UTC, tzinfo

from dosing_tui.domain.batch_review.changes_since_review import describe_changes
from dosing_tui.domain.batch_review.finding_weight import BatchException
from dosing_tui.domain.batch_review.query_models import BatchDetail, format_version_tag
from dosing_tui.domain.batch_review.review_rules import Review
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.csv_format import format_csv
from dosing_tui.export.table import CellValue

HASH_DESCRIPTION = (
    "SHA-256 of the record as JSON: UTF-8, sorted keys, no spaces, nothing escaped that need not be"
)
DOSE_COLUMNS = (
    DataColumn("batch_id", "batch"),
    DataColumn("batch_key", "batch key"),
    DataColumn("device_id", "device id"),
    DataColumn("recipe", "recipe"),
    DataColumn("mode", "mode"),
    DataColumn("status", "batch status"),
    DataColumn("review_state", "review"),
    DataColumn("time", "time"),
    DataColumn("time_quality", "time quality"),
    DataColumn("pump", "pump"),
    DataColumn("chemical", "chemical"),
    DataColumn("target_g", "target", "g"),
    DataColumn("actual_g", "actual", "g"),
    DataColumn("error_g", "error", "g"),
    DataColumn("error_percent", "error", "%"),
    DataColumn("tolerance_g", "tolerance", "g"),
    DataColumn("within", "ingredient within tolerance"),
    DataColumn("duration_ms", "duration", "ms"),
    DataColumn("flags", "flags"),
    DataColumn("record_hash", "record hash"),
)


def format_doses_csv(details: Iterable[BatchDetail], zone: tzinfo) -> str:
    """One row per dose, with the data of its batch."""
    return format_csv(
        DOSE_COLUMNS, [_dose_to_row(detail, dose) for detail in details for dose in detail.batch.doses], zone
    )


def _dose_to_row(detail: BatchDetail, dose: Dose) -> list[CellValue]:
    row = detail.row
    tolerance_g, within = _find_tolerance(detail, dose)
    percent = 100 * dose.error_g / dose.target_g if dose.error_g is not None and dose.target_g else None
    return [
        row.batch_id, row.batch_key, row.device_id, dose.recipe, dose.mode, row.status, row.review_state,
        dose.time, dose.time_quality.value, dose.pump, dose.chemical, dose.target_g, dose.actual_g,
        dose.error_g, percent, tolerance_g, within, dose.duration_ms, "; ".join(dose.flags), row.record_hash,
    ]  # fmt: skip


def _find_tolerance(detail: BatchDetail, dose: Dose) -> tuple[float | None, bool | None]:
    """Tolerance in g and verdict of the ingredient that the dose belongs to."""
    pairs = zip(detail.batch.ingredients, detail.assessment.tolerance_bands, strict=True)
    bands = [band for each, band in pairs if (each.chemical, each.pump) == (dose.chemical, dose.pump)]
    alike = [d for d in detail.batch.doses if (d.chemical, d.pump) == (dose.chemical, dose.pump)]
    return bands[alike.index(dose)] if len(bands) > 1 else bands[0]


def format_record_json(detail: BatchDetail) -> str:
    """One line of ASCII: a terminal cannot take any of it for a control sequence."""
    row = detail.row
    document = {
        "batch_id": row.batch_id,
        "batch_key": row.batch_key,
        "record": json.loads(detail.record_text),
        "record_hash": row.record_hash,
        "hash_of": HASH_DESCRIPTION,
        "judgement": json.loads(detail.assessment_text),
        "judgement_hash": row.judgement_hash,
        "seen_as": format_version_tag(row),
        "exceptions": [_exception_to_json(each) for each in detail.assessment.exceptions],
        "remarks": [_exception_to_json(each) for each in detail.assessment.remarks],
        "rules_version": detail.assessment.rules.value,
        "recipe_version": detail.assessment.recipe_version,
        "review_state": row.review_state,
        "reviews": [_review_to_json(each) for each in detail.reviews],
        "changed_since_review": list(describe_changes(detail, UTC)),
        "absorbed_reviews": [
            {"batch_id": each.batch_id, **_review_to_json(each)} for each in detail.merged_reviews
        ],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _exception_to_json(each: BatchException) -> dict[str, str]:
    return {"kind": each.kind.value, "subject": each.subject, "sentence": each.sentence}


def _review_to_json(each: Review) -> dict[str, object]:
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
