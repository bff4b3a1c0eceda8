"""What is thought of a batch, as canonical JSON beside its record: findings, bands, the recipe's version."""

import json
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.batch_review.exception_checks import Finding, Kind, Verdict
from dosing_tui.domain.batches.alarm_overlap import Alarmed
from dosing_tui.domain.batches.canonical_json import canonical, instant
from dosing_tui.domain.batches.master_recipe import MasterVersion


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer is shown beside the facts. ``recipe_version`` is None without a recipe master."""

    findings: tuple[Finding, ...]
    bands: tuple[tuple[float | None, bool | None], ...]
    """For each ingredient half the tolerance band in g, and whether it was kept; None is 'not known'."""
    recipe_version: int | None = None
    apart: tuple[str, ...] = ()
    """Chemicals of which each dose has a band of its own, as the recipe has them more than once."""
    alarms: tuple[Alarmed, ...] = ()


def judgement(
    findings: tuple[Finding, ...], verdicts: tuple[Verdict, ...], master: MasterVersion | None,
    alarms: tuple[Alarmed, ...] = (),
) -> Judgement:  # fmt: skip
    bands = tuple([(verdict.tolerance_g, verdict.within) for verdict in verdicts])
    if master is None:
        return Judgement(findings, bands, alarms=alarms)
    return Judgement(findings, bands, master.version, master.recipe.repeated, alarms)


def to_text(judged: Judgement) -> str:
    """What is rarely so is only said where it is: judgements without it keep the text, and hash, they had."""
    alarms = {"alarms": [[alarm.name, instant(alarm.at)] for alarm in judged.alarms]}
    return canonical(
        {
            "findings": [
                [finding.kind.value, finding.subject, finding.sentence] for finding in judged.findings
            ],
            "bands": judged.bands,
            "recipe_version": judged.recipe_version,
            **({"apart": judged.apart} if judged.apart else {}),
            **(alarms if judged.alarms else {}),
        }
    )


def from_text(text: str) -> Judgement:
    """What ``to_text`` wrote. Raises: ValueError, KeyError or TypeError, for anything else."""
    said = json.loads(text)
    return Judgement(
        tuple(Finding(Kind(kind), subject, sentence) for kind, subject, sentence in said["findings"]),
        tuple((tolerance_g, within) for tolerance_g, within in said["bands"]),
        said["recipe_version"],
        tuple(said.get("apart", ())),
        tuple(Alarmed(datetime.fromisoformat(at), name) for name, at in said.get("alarms", ())),
    )
