"""Reconstructs the batches of one station and time span from its readings; stores those that changed."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.sections.site_settings import SiteSettings
from dosing_tui.database.batches.spans.alarm_spans import select_alarm_spans
from dosing_tui.database.batches.spans.reading_window import reconstruct_span
from dosing_tui.database.batches.spans.span_planner import StationSpan
from dosing_tui.database.connection import Session, select_rows
from dosing_tui.database.lots.tank_mixes import add_entered_lots, select_station_lots
from dosing_tui.database.schema.stored_rules.assessment_limits import (
    select_rules_versions,
    select_stock_limits,
)
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.exception_checks import ReviewLimits, assess_ingredients, judge_batch
from dosing_tui.domain.batch_review.finding_weight import (
    CURRENT_EDITION,
    EARLIER_EDITIONS,
    Edition,
    RulesVersion,
)
from dosing_tui.domain.batch_review.missing_messages import MissingMessages
from dosing_tui.domain.batches.alarm_overlap import (
    AlarmSpan,
    is_active_during,
    is_batch_alarm,
    list_batch_alarms,
)
from dosing_tui.domain.batches.batch_identity import format_anchor, format_batch_id, restore_keys
from dosing_tui.domain.batches.canonical_json import batch_to_record, hash_text
from dosing_tui.domain.batches.duration_baseline import DurationBaseline
from dosing_tui.domain.batches.duration_baseline import select_baselines as select_valid_baselines
from dosing_tui.domain.batches.master_recipe import MasterVersion, parse_definition, select_version
from dosing_tui.domain.batches.models import DEFAULT_RULES, Batch, BatchStatus
from dosing_tui.domain.batches.recipe_matching import list_repeated_chemicals, split_ingredients
from dosing_tui.domain.materials.lots.batch_lots import NO_LOTS, StationLots, list_batch_lots
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook

_SEPARATOR = "\x1f"
BATCHES_PER_STATEMENT = 200
"""Their assessments, records and statements take some 5 kB a batch at once: of 5,000 it would be 25 MB."""


class StoredBatch(Struct, frozen=True):
    """The columns of a stored batch that a rebuild compares."""

    batch_key: str
    anchor: str
    record_hash: str
    judgement_hash: str
    last_review: int
    reviewed_hash: str | None
    reviewed_judgement: str | None
    """Both hashes as they were reviewed; None without a valid decision."""


class RebuildResult(Struct, frozen=True):
    """Number of batches in a span, of those stored, of those removed or merged, and of the readings read."""

    batch_count: int = 0
    stored_count: int = 0
    removed_count: int = 0
    reading_count: int = 0

    def __add__(self, other: "RebuildResult") -> "RebuildResult":
        return RebuildResult(
            self.batch_count + other.batch_count,
            self.stored_count + other.stored_count,
            self.removed_count + other.removed_count,
            self.reading_count + other.reading_count,
        )


class AssessmentBasis(Struct, frozen=True):
    """The inputs of an assessment, and the time zone of the batches' days."""

    master_versions: tuple[MasterVersion, ...]
    limits: ReviewLimits
    zone: tzinfo
    alarms: tuple[AlarmSpan, ...] = ()
    """Alarms of the whole rebuilt time."""
    baselines: tuple[DurationBaseline, ...] = ()
    lots: StationLots = NO_LOTS
    """Of the station whose batches are assessed."""
    missing: tuple[MissingMessages, ...] = ()
    """Of the whole rebuilt time."""


class _AssessedBatch(Struct, frozen=True):
    """A batch with its record and assessment."""

    batch: Batch
    record_text: str
    assessment: judging.Assessment
    assessment_text: str


def select_master_versions(session: Session) -> tuple[MasterVersion, ...]:
    """Every version of every recipe."""
    rows = session.execute(read_statement("batches/select_recipes")).fetchall()
    return tuple(MasterVersion(parse_definition(json.loads(d)), version, at) for d, version, at in rows)


def select_tolerance_book(session: Session) -> ToleranceBook:
    """Every version of the plant's tolerance rules and of the recipes."""
    return ToleranceBook(select_rules_versions(session), select_master_versions(session))


def select_assessment_basis(
    session: Session, settings: SiteSettings, *, since: datetime, until: datetime
) -> AssessmentBasis:
    """The inputs for assessing batches that begin in [since, until).

    All come from the database, not from settings: the result is the same on every machine.
    """
    book = select_tolerance_book(session)
    limits = ReviewLimits(tolerances=book, stock=select_stock_limits(session))
    site, longest = settings.plant.site, DEFAULT_RULES.max_duration
    alarms = select_alarm_spans(session, site=site, since=since - longest, until=until + longest)
    baselines = select_baselines(session, since=since - longest, until=until)
    span = {"from": since - longest, "to": until + longest}
    missing = select_rows(session, MissingMessages, "batches/select_message_losses", span)
    return AssessmentBasis(
        book.masters, limits, ZoneInfo(settings.plant.timezone), alarms, baselines, missing=tuple(missing)
    )


def select_baselines(session: Session, *, since: datetime, until: datetime) -> tuple[DurationBaseline, ...]:
    """The baselines of batches that begin in [since, until)."""
    return tuple(
        select_rows(
            session, DurationBaseline, "batches/select_duration_baselines", {"from": since, "to": until}
        )
    )


def rebuild_span(
    session: Session, whole: StationSpan, basis: AssessmentBasis, *, now: datetime
) -> tuple[RebuildResult, StationSpan]:
    """Rebuild the first part of a span in the caller's transaction, which holds the rebuild lock.

    Returns what was done, and the part: it may be the whole span.
    """
    found = reconstruct_span(session, whole, now=now)
    span, batches = found.span, found.batches
    parameters = {"device": span.device_id, "from": span.since, "to": span.until}
    stored_batches = {
        row.batch_key: row
        for row in select_rows(session, StoredBatch, "batches/select_stored_batches", parameters)
    }
    identified = restore_keys(batches, {key: row.anchor for key, row in stored_batches.items()})
    longest = DEFAULT_RULES.max_duration
    lots = select_station_lots(
        session,
        span.device_id,
        since=span.since - longest,
        until=span.until + 2 * longest,
        zone=basis.zone,
    )
    lots = add_entered_lots(session, lots, (dose for batch in batches for dose in batch.doses))
    basis = replace(basis, alarms=_filter_alarms(span, basis.alarms), lots=lots)
    stored_count, assessed = 0, _assess_changed(identified.batches, basis, stored_batches)
    while part := list(islice(assessed, BATCHES_PER_STATEMENT)):
        _store_batches(session, part, basis.zone)
        stored_count += len(part)
    vanished = sorted(identified.obsolete_keys)
    if vanished:
        _remove_batches(session, vanished)
    _store_uses(session, identified.batches)
    return RebuildResult(len(batches), stored_count, len(vanished), found.reading_count), span


def _assess_changed(
    batches: Iterable[Batch], basis: AssessmentBasis, stored_batches: dict[str, StoredBatch]
) -> Iterator[_AssessedBatch]:
    for batch in batches:
        assessed = _choose_edition(batch, basis, stored_batches.get(batch.key))
        if _is_changed(assessed, stored_batches):
            yield assessed


def _filter_alarms(span: StationSpan, alarms: Iterable[AlarmSpan]) -> tuple[AlarmSpan, ...]:
    """Alarms that can overlap a batch of the span."""
    since, until = span.since - DEFAULT_RULES.max_duration, span.until + DEFAULT_RULES.max_duration
    return tuple(
        alarm
        for alarm in alarms
        if alarm.device_id in ("", span.device_id)
        and alarm.since <= until
        and (alarm.until is None or alarm.until >= since)
    )


def _choose_edition(batch: Batch, basis: AssessmentBasis, stored: StoredBatch | None) -> _AssessedBatch:
    """Assess by the rules of today, or as reviewed: by earlier rules, while nothing else has changed."""
    if stored is not None and stored.reviewed_hash is not None:
        for edition in EARLIER_EDITIONS:
            earlier = _assess_batch(batch, basis, edition)
            hashes = hash_text(earlier.record_text), hash_text(earlier.assessment_text)
            if hashes == (stored.reviewed_hash, stored.reviewed_judgement):
                return earlier
    return _assess_batch(batch, basis, CURRENT_EDITION)


def _assess_batch(batch: Batch, basis: AssessmentBasis, edition: Edition) -> _AssessedBatch:
    master = select_version(basis.master_versions, recipe=batch.recipe, mode=batch.mode, at=batch.begins_at)
    recipe, rules = (master.recipe if master else None), edition.rules
    if rules >= RulesVersion.EACH_DOSE:
        repeated = list_repeated_chemicals(batch, recipe)
    else:
        repeated = recipe.repeated_chemicals if recipe else ()
    batch = split_ingredients(batch, repeated)
    baselines = select_valid_baselines(
        basis.baselines, recipe=batch.recipe, mode=batch.mode, at=batch.begins_at
    )
    limits = replace(basis.limits, baselines=baselines)
    if rules is RulesVersion.ALL_COUNT:
        limits = replace(limits, tolerances=limits.tolerances.without_overrides())
    belongs = is_batch_alarm if rules is RulesVersion.ALL_COUNT else is_active_during
    lots = list_batch_lots(batch, basis.lots)
    assessment = judging.build_assessment(
        judge_batch(
            batch,
            master=master,
            limits=limits,
            alarms=basis.alarms,
            rules=rules,
            lots=lots,
            missing=basis.missing,
        ),
        assess_ingredients(batch, master=master, limits=limits),
        master,
        list_batch_alarms(batch, basis.alarms, belongs),
        rules,
        split_chemicals=repeated,
        lots=lots,
    )
    record = batch_to_record(batch, record_format=edition.record_format)
    return _AssessedBatch(batch, record, assessment, judging.format_assessment(assessment))


def _is_changed(assessed: _AssessedBatch, stored_batches: dict[str, StoredBatch]) -> bool:
    stored = stored_batches.get(assessed.batch.key)
    if stored is None or stored.anchor != format_anchor(assessed.batch.anchor):
        return True
    return (stored.record_hash, stored.judgement_hash) != (
        hash_text(assessed.record_text),
        hash_text(assessed.assessment_text),
    )


def _store_batches(session: Session, batches: Sequence[_AssessedBatch], zone: tzinfo) -> None:
    ids = _assign_batch_ids(session, [whole.batch for whole in batches], zone)
    rows = [_batch_to_row(whole, ids[whole.batch.key]) for whole in batches]
    session.execute(
        read_statement("batches/upsert_batches"), {name: [row[name] for row in rows] for name in rows[0]}
    )
    texts = json.dumps([(whole.batch.key, whole.record_text, whole.assessment_text) for whole in batches])
    session.execute(read_statement("batches/upsert_batch_records"), {"texts": texts})
    lots = [row for whole in batches for row in list_lot_rows(whole.batch.key, whole.assessment)]
    keys = [whole.batch.key for whole in batches]
    session.execute(read_statement("lots/replace_batch_lots"), {"batch_key": keys, "lots": json.dumps(lots)})


def _remove_batches(session: Session, keys: list[str]) -> None:
    session.execute(read_statement("batches/delete_batches"), {"batch_key": keys})
    # After the deletion: it may have waited for a review, which is visible only now.
    session.execute(read_statement("batches/update_merged_batches"), {"batch_key": keys})


def _store_uses(session: Session, batches: Iterable[Batch]) -> None:
    """Of all of a span: a late dose may lie in the time of a batch that is as it was."""
    completed = [batch.key for batch in batches if batch.status is BatchStatus.COMPLETE]
    if completed:
        session.execute(read_statement("batches/upsert_batch_uses"), {"batch_key": completed})


def _assign_batch_ids(session: Session, batches: Sequence[Batch], zone: tzinfo) -> dict[str, str]:
    parameters = {
        "batch_key": [batch.key for batch in batches],
        "device_id": [batch.device_id for batch in batches],
        "day": [batch.begins_at.astimezone(zone).date() for batch in batches],
    }
    session.execute(read_statement("batches/insert_batch_numbers"), parameters)
    device = batches[0].device_id
    found = session.execute(
        read_statement("batches/select_batch_numbers"), {"batch_key": parameters["batch_key"]}
    )
    return {key: format_batch_id(device, day, number) for key, day, number in found}


def _batch_to_row(assessed: _AssessedBatch, batch_id: str) -> dict[str, object]:
    batch, kinds = assessed.batch, _list_exception_kinds(assessed.assessment)
    return {
        **build_list_columns(batch, assessed.assessment),
        "batch_key": batch.key,
        "batch_id": batch_id,
        "last_at": batch.last_at,
        "anchored_at": batch.anchor_time,
        "anchor": format_anchor(batch.anchor),
        "finding_kinds": _SEPARATOR.join(kinds),
        "record_hash": hash_text(assessed.record_text),
        "judgement_hash": hash_text(assessed.assessment_text),
    }


def build_list_columns(batch: Batch, assessment: judging.Assessment) -> dict[str, object]:
    """The list columns of a batch, from its record and assessment."""
    return {
        "device_id": batch.device_id,
        "recipe": batch.recipe,
        "mode": batch.mode,
        "status": batch.status.value,
        "reason": batch.reason,
        "begins_at": batch.begins_at,
        "ends_at": batch.ends_at,
        "pumps": batch.pumps,
        "doses": len(batch.doses),
        "target_g": _sum_masses(ingredient.target_g for ingredient in batch.ingredients),
        "actual_g": _sum_masses(ingredient.actual_g for ingredient in batch.ingredients),
        "findings": len(assessment.exceptions),
        "finding_kinds": _list_exception_kinds(assessment),
        "recipe_version": assessment.recipe_version,
    }


def list_lot_rows(
    batch_key: str, assessment: judging.Assessment
) -> list[tuple[str, str, str, float, float | None]]:
    """The rows of ``batch_lots``: key, chemical, number, share and mass in g, as the assessment has them."""
    return [(batch_key, each.chemical, each.lot.number, each.share, each.mass_g) for each in assessment.lots]


def _list_exception_kinds(assessment: judging.Assessment) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(finding.kind.value for finding in assessment.exceptions))


def _sum_masses(masses: Iterable[float | None]) -> float | None:
    """The sum in g; None if a mass is missing or there is none."""
    given = list(masses)
    numbers = [mass for mass in given if mass is not None]
    return round(sum(numbers), 6) if numbers and len(numbers) == len(given) else None
