"""Describe the changes of a batch since its review."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import tzinfo
from typing import TypeVar

from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batch_review.finding_weight import BatchException, ExceptionKind, RulesVersion
from dosing_tui.domain.batch_review.query_models import BatchDetail
from dosing_tui.domain.batches.alarm_overlap import BatchAlarm
from dosing_tui.domain.batches.canonical_json_reader import record_to_batch
from dosing_tui.domain.batches.models import Batch, BatchMessage, MessageIdentity, identify_message
from dosing_tui.domain.batches.recipe_matching import split_ingredients
from dosing_tui.domain.materials.lots.batch_lots import describe_lot, describe_share
from dosing_tui.domain.messages.models import Dose

ItemT = TypeVar("ItemT")
BATCH_MERGED = (
    "Its messages turned out to be of another batch: what was said of it is about nothing that is left."
)


def describe_changes(detail: BatchDetail, zone: tzinfo) -> tuple[str, ...]:
    """Describe the changes since the review, times in ``zone``; empty if nothing has changed."""
    if detail.row.gone:
        return (BATCH_MERGED,)
    if detail.reviewed_snapshot is None:
        return ()
    thought = judging.parse_assessment(detail.reviewed_snapshot.judgement)
    seen = split_ingredients(
        record_to_batch(detail.reviewed_snapshot.record, detail.row.batch_key), thought.split_chemicals
    )
    found = (
        *_compare_records(seen, detail.batch, zone),
        *_compare_assessments(thought, detail.assessment, zone),
        *_compare_tolerances(seen, thought, detail.batch, detail.assessment),
    )
    return found or ("Its record has a new format; its contents are the same.",)


def describe_merged_reviews(detail: BatchDetail, zone: tzinfo) -> tuple[str, ...]:
    """Describe the reviews of batches that were merged into this one, one sentence each."""
    return tuple(
        f"'{each.meaning}' by {each.who}, {each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}, is about"
        f" {each.batch_id}, whose messages are of this batch now: it says nothing of this one."
        for each in detail.merged_reviews
    )


def _compare_records(old_batch: Batch, now: Batch, zone: tzinfo) -> Iterator[str]:
    had, has = dict(_iter_messages(old_batch)), dict(_iter_messages(now))
    both = had | has
    yield from _compare(had, has, "A message", lambda key: _format_message(both[key], zone))
    if any(had[key] != has[key] for key in had.keys() & has.keys()):
        yield "What one of its messages says is otherwise now."
    for name, before, after in (
        ("status", old_batch.status.value, now.status.value), ("recipe", old_batch.recipe, now.recipe),
        ("mode", old_batch.mode, now.mode),
    ):  # fmt: skip
        if before != after:
            yield f"Its {name} is {after or 'not said'} now; {before or 'not said'} then."
    if old_batch.stock != now.stock:
        yield "Its tanks' levels are others now."
    if old_batch.anomalies != now.anomalies:
        yield "How its messages fit together is seen otherwise now."


def _iter_messages(batch: Batch) -> Iterator[tuple[MessageIdentity, BatchMessage]]:
    messages: tuple[BatchMessage, ...] = (*batch.events, *batch.doses)
    return ((identify_message(message), message) for message in sorted(messages, key=lambda each: each.time))


def _format_message(message: BatchMessage, zone: tzinfo) -> str:
    at = f"{message.time.astimezone(zone):%H:%M:%S}"
    if isinstance(message, Dose):
        mass = "mass not said" if message.actual_g is None else f"{message.actual_g:.2f} g"
        return f"dose of {message.chemical}, {mass}, at {at}"
    return f"{message.event} at {at}"


def _compare_assessments(before: Assessment, now: Assessment, zone: tzinfo) -> Iterator[str]:
    if before.recipe_version != now.recipe_version:
        yield f"It is judged by {_format_version(now)} now; there was {_format_version(before)} then."
    if before.rules != now.rules:
        yield f"It is judged by version {now.rules} of the rules now; by version {before.rules} then."
    if before.lots != now.lots:
        yield f"It was made of {_format_lots(now)} now; of {_format_lots(before)} then."
    had, has = _drop_alarms(before.exceptions), _drop_alarms(now.exceptions)
    for finding in _iter_new(has, had):
        yield f"An exception came: {finding.sentence}."
    remarks = _drop_alarms(now.remarks)
    for finding in _iter_new(had, has):
        kept = "Only a remark now" if finding in remarks else "No longer an exception"
        yield f"{kept}: {finding.sentence}."
    yield from _compare_remarks(_drop_alarms(before.remarks), [r for r in remarks if r not in had])
    if before.rules is RulesVersion.ALL_COUNT and not before.alarms and len(had) < len(before.exceptions):
        # earlier assessments have alarms as exceptions, without a time
        yield "Its alarms are kept with their times now; they were not when it was reviewed."
        return
    yield from _compare(before.alarms, now.alarms, "An alarm", lambda alarm: _format_alarm(alarm, zone))


def _drop_alarms(findings: Iterable[BatchException]) -> list[BatchException]:
    """The findings without those of alarms, which are compared with their times."""
    return [each for each in findings if each.kind is not ExceptionKind.ALARM]


def _compare_remarks(before: list[BatchException], now: list[BatchException]) -> Iterator[str]:
    yield from (f"A remark came: {each.sentence}." for each in _iter_new(now, before))
    yield from (f"No longer a remark: {each.sentence}." for each in _iter_new(before, now))


def _format_version(assessment: Assessment) -> str:
    return (
        f"version {assessment.recipe_version} of the recipe"
        if assessment.recipe_version
        else "no recipe master"
    )


def _format_lots(assessment: Assessment) -> str:
    parts = (f"{each.chemical} {describe_lot(each.lot)} ({describe_share(each)})" for each in assessment.lots)
    return ", ".join(parts) or "lots not entered before"


def _format_alarm(alarm: BatchAlarm, zone: tzinfo) -> str:
    return f"{alarm.name} at {alarm.at.astimezone(zone):%H:%M:%S}"


def _compare(
    before: Collection[ItemT], now: Collection[ItemT], what: str, describe: Callable[[ItemT], str]
) -> Iterator[str]:
    yield from (f"{what} came: {describe(each)}." for each in _iter_new(now, before))
    yield from (f"{what} is no longer its own: {describe(each)}." for each in _iter_new(before, now))


def _iter_new(these: Iterable[ItemT], those: Iterable[ItemT]) -> Iterator[ItemT]:
    known = set(those)
    return (each for each in these if each not in known)


def _compare_tolerances(
    before: Batch, assessment_before: Assessment, after: Batch, assessment_after: Assessment
) -> Iterator[str]:
    """Compare the tolerances of ingredients that are in both assessments, portion by portion."""
    had = dict(_iter_tolerances(before, assessment_before))
    for portion, allowed_g in _iter_tolerances(after, assessment_after):
        then_g = had.get(portion, allowed_g)
        if then_g != allowed_g:
            chemical, *_ = portion
            yield f"{chemical} may be off by {_format_grams(allowed_g)} now; {_format_grams(then_g)} then."


def _iter_tolerances(
    batch: Batch, assessment: Assessment
) -> Iterator[tuple[tuple[str, int, int], float | None]]:
    """Iterate over the tolerances in g by portion: chemical, pump and number of the dose."""
    met = Counter[tuple[str, int]]()
    for one, (allowed_g, _) in zip(batch.ingredients, assessment.tolerance_bands, strict=True):
        met[one.chemical, one.pump] += 1
        yield (one.chemical, one.pump, met[one.chemical, one.pump]), allowed_g


def _format_grams(mass: float | None) -> str:
    return "any mass" if mass is None else f"{mass:.2f} g"
