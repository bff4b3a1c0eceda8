"""What is thought of a batch, as canonical JSON beside its record: findings, bands, the recipe's version."""

import json
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.batch_review.exception_checks import BatchException, ExceptionKind, IngredientResult
from dosing_tui.domain.batches.alarm_overlap import BatchAlarm
from dosing_tui.domain.batches.canonical_json import format_instant, to_canonical_json
from dosing_tui.domain.batches.master_recipe import MasterVersion


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a reviewer is shown beside the facts. ``recipe_version`` is None without a recipe master."""

    exceptions: tuple[BatchException, ...]
    tolerance_bands: tuple[tuple[float | None, bool | None], ...]
    """For each ingredient half the tolerance band in g, and whether it was kept; None is 'not known'."""
    recipe_version: int | None = None
    split_chemicals: tuple[str, ...] = ()
    """Chemicals of which each dose has a band of its own, as the recipe has them more than once."""
    alarms: tuple[BatchAlarm, ...] = ()


def build_assessment(
    exceptions: tuple[BatchException, ...],
    results: tuple[IngredientResult, ...],
    master: MasterVersion | None,
    alarms: tuple[BatchAlarm, ...] = (),
) -> Assessment:
    bands = tuple([(verdict.tolerance_g, verdict.is_within_tolerance) for verdict in results])
    if master is None:
        return Assessment(exceptions, bands, alarms=alarms)
    return Assessment(exceptions, bands, master.version, master.recipe.repeated_chemicals, alarms)


def format_assessment(assessment: Assessment) -> str:
    """What is rarely so is only said where it is: judgements without it keep the text, and hash, they had."""
    alarms = {"alarms": [[alarm.name, format_instant(alarm.at)] for alarm in assessment.alarms]}
    return to_canonical_json(
        {
            "findings": [
                [finding.kind.value, finding.subject, finding.sentence] for finding in assessment.exceptions
            ],
            "bands": assessment.tolerance_bands,
            "recipe_version": assessment.recipe_version,
            **({"apart": assessment.split_chemicals} if assessment.split_chemicals else {}),
            **(alarms if assessment.alarms else {}),
        }
    )


def parse_assessment(text: str) -> Assessment:
    """What ``format_assessment`` wrote. Raises: ValueError, KeyError or TypeError, for anything else."""
    said = json.loads(text)
    return Assessment(
        tuple(
            BatchException(ExceptionKind(kind), subject, sentence)
            for kind, subject, sentence in said["findings"]
        ),
        tuple((tolerance_g, within) for tolerance_g, within in said["bands"]),
        said["recipe_version"],
        tuple(said.get("apart", ())),
        tuple(BatchAlarm(datetime.fromisoformat(at), name) for name, at in said.get("alarms", ())),
    )
