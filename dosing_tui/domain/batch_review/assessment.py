"""Assessment of a batch as canonical JSON: exceptions, remarks, tolerances, recipe version, alarms, lots."""

import json
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.batch_review.exception_checks import IngredientResult
from dosing_tui.domain.batch_review.finding_weight import (
    CURRENT_EDITION,
    BatchException,
    BatchFindings,
    ExceptionKind,
    RulesVersion,
)
from dosing_tui.domain.batches.alarm_overlap import BatchAlarm
from dosing_tui.domain.batches.canonical_json import format_instant, to_canonical_json
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.materials.lots.batch_lots import BatchLot
from dosing_tui.domain.materials.lots.lot_json import batch_lots_to_json, parse_batch_lots


class Assessment(Struct, frozen=True):
    """Assessment of one batch record. ``recipe_version`` is None without a master recipe."""

    exceptions: tuple[BatchException, ...]
    tolerance_bands: tuple[tuple[float | None, bool | None], ...]
    """Tolerance in g and whether the dose is within it, for each ingredient; None means unknown.

    Within is None, too, for an error below what the scale can weigh.
    """
    recipe_version: int | None = None
    split_chemicals: tuple[str, ...] = ()
    """Chemicals with one tolerance per dose, because they are dosed more than once."""
    alarms: tuple[BatchAlarm, ...] = ()
    remarks: tuple[BatchException, ...] = ()
    """Findings that say nothing about the batch itself: hashed and printed, not counted."""
    rules: RulesVersion = CURRENT_EDITION.rules
    """Version of the rules it was made under."""
    lots: tuple[BatchLot, ...] = ()
    """Lots in the batch; none where no lots are kept."""


def build_assessment(
    findings: BatchFindings,
    results: tuple[IngredientResult, ...],
    master: MasterVersion | None,
    alarms: tuple[BatchAlarm, ...] = (),
    rules: RulesVersion = CURRENT_EDITION.rules,
    *,
    split_chemicals: tuple[str, ...] = (),
    lots: tuple[BatchLot, ...] = (),
) -> Assessment:
    bands = tuple([(verdict.tolerance_g, verdict.is_within_tolerance) for verdict in results])
    version = master.version if master else None
    return Assessment(
        findings.exceptions, bands, version, split_chemicals, alarms, findings.remarks, rules, lots
    )


def format_assessment(assessment: Assessment) -> str:
    """Format an assessment as canonical JSON.

    Optional keys are omitted if empty, and under version 1 of the rules those that it did not know, so that
    the hashes of earlier assessments do not change.
    """
    alarms = {"alarms": [[alarm.name, format_instant(alarm.at)] for alarm in assessment.alarms]}
    return to_canonical_json(
        {
            "findings": _findings_to_lists(assessment.exceptions),
            "bands": assessment.tolerance_bands,
            "recipe_version": assessment.recipe_version,
            **({"apart": assessment.split_chemicals} if assessment.split_chemicals else {}),
            **(alarms if assessment.alarms else {}),
            **({"lots": batch_lots_to_json(assessment.lots)} if assessment.lots else {}),
            **(_format_new_keys(assessment) if assessment.rules > RulesVersion.ALL_COUNT else {}),
        }
    )


def _format_new_keys(assessment: Assessment) -> dict[str, object]:
    return {"rules": assessment.rules.value, "remarks": _findings_to_lists(assessment.remarks)}


def _findings_to_lists(findings: tuple[BatchException, ...]) -> list[list[str]]:
    return [[finding.kind.value, finding.subject, finding.sentence] for finding in findings]


def _parse_findings(data: Iterable[tuple[str, str, str]]) -> tuple[BatchException, ...]:
    return tuple(BatchException(ExceptionKind(kind), subject, sentence) for kind, subject, sentence in data)


def parse_assessment(text: str) -> Assessment:
    """Parse the output of ``format_assessment``.

    Raises: ValueError, KeyError or TypeError if the text is not an assessment.
    """
    data = json.loads(text)
    return Assessment(
        _parse_findings(data["findings"]),
        tuple((tolerance_g, within) for tolerance_g, within in data["bands"]),
        data["recipe_version"],
        tuple(data.get("apart", ())),
        tuple(BatchAlarm(datetime.fromisoformat(at), name) for name, at in data.get("alarms", ())),
        _parse_findings(data.get("remarks", ())),
        RulesVersion(data.get("rules", RulesVersion.ALL_COUNT)),
        parse_batch_lots(data.get("lots", ())),
    )
