"""Batches to be looked at without a database: rebuilt and judged in memory, one of them reviewed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.exception_checks import assess_ingredients, judge_batch
from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, Review, ReviewDraft
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.batches.batch_identity import format_batch_id
from dosing_tui.domain.batches.canonical_json import batch_to_record, hash_text
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.panels.operator_notes import Note
from tests.support.domain.batch_messages import STATION
from tests.support.tui.batch_console import every_kind, move_to_today, under_way
from tests.support.tui.sample_plant import NOW


@dataclass(frozen=True)
class SampleBatches:
    details: tuple[BatchDetail, ...]
    told: ContextEvents
    account: str = "anna"

    def verify_pin(self, who: str, pin: str) -> bool:
        return True

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        return [each.row for each in self.details]

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        return []

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        return BatchStatusCounts(len(self.details), 1, 2, 1, 1, 0, 0, 0, 2, 3, 1)

    def read_batch(self, name: str) -> BatchDetail | None:
        return next((each for each in self.details if each.row.batch_key == name), None)

    def list_context_events(self, device: str, since: datetime, until: datetime) -> ContextEvents:
        return self.told

    def read_policy(self) -> ReviewPolicy:
        return ReviewPolicy()

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        return ReviewResult()


def sample_batches() -> SampleBatches:
    """The newest first. The one out of tolerance is second from the end; its reviewer wants to know more."""
    readings = [move_to_today(one) for one in (*every_kind(), *under_way())]
    batches = reconstruct_batches(readings, now=NOW)[::-1]
    details = [_make_detail(batch, number) for number, batch in enumerate(reversed(batches), start=1)][::-1]
    order = [details[0], _with_question(details[2]), details[1], details[3]]
    begun = order[1].batch.begins_at
    alarm = AlarmSpan(
        "DOSE_OUT_OF_TOLERANCE/2", begun + timedelta(seconds=70), None, STATION, "T-12 was off."
    )
    note = Note(1, begun + timedelta(seconds=30), NOW, "changed the drum [/]", "Ben", "ben", "role", STATION)
    return SampleBatches(tuple(order), ContextEvents((alarm,), (note,)))


def _make_detail(batch: Batch, number: int) -> BatchDetail:
    judged = judging.build_assessment(judge_batch(batch), assess_ingredients(batch), None)
    text, thought = batch_to_record(batch), judging.format_assessment(judged)
    masses = [(each.target_g or 0.0, each.actual_g or 0.0) for each in batch.ingredients]
    row = BatchRow(
        batch.key,
        format_batch_id(batch.device_id, batch.begins_at.date(), number),
        batch.device_id,
        batch.recipe,
        batch.mode,
        batch.status.value,
        batch.reason,
        batch.begins_at,
        batch.ends_at,
        batch.last_at,
        batch.pumps,
        len(batch.doses),
        sum(one for one, _ in masses),
        sum(one for _, one in masses),
        len(judged.exceptions),
        tuple(dict.fromkeys(one.kind.value for one in judged.exceptions)),
        None,
        hash_text(text),
        "unreviewed",
        0,
        "",
        None,
        hash_text(thought),
    )
    return BatchDetail(row, batch, judged, (), text, thought)


def _with_question(detail: BatchDetail) -> BatchDetail:
    row = replace(
        detail.row, review_state="needs information", last_review=1, disposed_by="Anna",
        disposed_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    said = Review(
        1, row.batch_key, row.batch_id, NOW - timedelta(hours=1), "Anna", "anna", "role", "needs information",
        "Was the drum changed?", NO_SIGNATURE, row.record_hash, "", "",
    )  # fmt: skip
    return replace(detail, row=row, reviews=(said,))
