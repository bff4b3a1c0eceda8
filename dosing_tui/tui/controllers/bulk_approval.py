"""Bulk approval: the clean batches of a list, confirmed once and entered chunk by chunk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow, create_review_draft
from dosing_tui.domain.batch_review.review_result import NOT_SAVED, ReviewResult, describe_bulk_result
from dosing_tui.domain.batch_review.review_rules import Decision, ReviewDraft, ReviewState
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.errors import DosingError
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.requests.pending_request import RequestResult
from dosing_tui.tui.widgets.messages import ViewChanged

MAX_BULK_APPROVAL = 1_000
"""Batches of one bulk approval."""
CHUNK_SIZE = 50
"""Batches that are written at once; progress is shown after each chunk."""
BULK_APPROVAL = "bulk approval"


@dataclass
class BulkCandidatesLoaded(RequestResult[Sequence[BatchRow]]):
    """The batches that one bulk approval would cover."""

    list_text: str
    """The list that they were taken from, in words."""


@dataclass
class BulkChunkEntered(EntryResult[ReviewResult]):
    """A part of a bulk approval was written; after an error the rest is not tried."""

    drafts: Sequence[ReviewDraft]
    """All that were left to approve, this part included."""
    previous: ReviewResult
    """Sum of the parts before."""
    failure = NOT_SAVED

    @property
    def drafts_left(self) -> Sequence[ReviewDraft]:
        return self.drafts[CHUNK_SIZE:]

    @property
    def total(self) -> ReviewResult:
        """Of all parts so far, including those that are not retried."""
        chunk = self.value or ReviewResult(
            unknown_drafts=tuple(self.drafts[:CHUNK_SIZE]), error=DosingError(self.error)
        )
        is_over = chunk.error is not None
        return self.previous + chunk + ReviewResult(unsaved_drafts=tuple(self.drafts_left) if is_over else ())

    def describe_failure(self) -> str | None:
        total = self.total
        if total.error is None and self.drafts_left:
            return None
        is_failed = total.error is not None or total.refusals
        return describe_bulk_result(total) if is_failed else ""


@dataclass(eq=False)
class BulkApproval(Controller):
    """One at a time, from the list of candidates to the last chunk."""

    is_pin_required: Callable[[], bool]
    is_entering: bool = False
    """Chunks are on their way."""

    def list_candidates(self, batch_filter: BatchFilter, list_text: str) -> None:
        """The clean, unreviewed batches as they are now; then confirm. Later ones are not approved."""
        if self.services.requests.can_open(BULK_APPROVAL):
            self.host.show_message("The batches are being listed …")
            return
        is_complete_listed = not batch_filter.status or BatchStatus.COMPLETE.value in batch_filter.status
        if not is_complete_listed or batch_filter.with_findings:
            self.host.show_message("No batch of this list can be approved in bulk.")
            return
        candidates = replace(
            batch_filter, status=(BatchStatus.COMPLETE.value,), review_state=(ReviewState.UNREVIEWED.value,),
            unreviewed=False, clean=True,
        )  # fmt: skip
        request = self.begin_request(BULK_APPROVAL, "listing batches")
        self.services.workers.submit(
            partial(
                self.services.source.batches.list_batches, candidates, after=None, rows=MAX_BULK_APPROVAL
            ),
            partial(BulkCandidatesLoaded, request=request, list_text=list_text),
            Lane.REVIEWS,
        )

    def confirm_approval(self, result: BulkCandidatesLoaded) -> None:
        if not result.value:
            self.services.requests.finish(result.request)
            self.host.show_message(
                f"{NOT_SAVED}: {result.error}"
                if result.error
                else "No batch of this list is complete, without exceptions and unreviewed."
            )
            return
        prompt = lazy_screens.build_bulk_prompt(
            result.value, result.list_text, limit=MAX_BULK_APPROVAL,
            account=self.services.source.batches.account, is_pin_required=self.is_pin_required(),
            name=self.services.operator.name,
        )  # fmt: skip
        dialog = lazy_screens.ReviewDialog(self.host.terminal_theme, prompt)
        if not self.open_answer(result.request, dialog, partial(self._approve_rows, result.value)):
            self.host.show_message("Nothing is approved: the list was left before it was read.")

    def _approve_rows(self, rows: Sequence[BatchRow], values: "lazy_screens.ReviewInput") -> None:
        drafts = [
            create_review_draft(
                row, Decision.APPROVED, who=values.reviewer, comment=values.comment, pin=values.pin
            )
            for row in rows
        ]
        self.is_entering = True
        self._approve_next_chunk(drafts, ReviewResult())

    def _approve_next_chunk(self, drafts: Sequence[ReviewDraft], result: ReviewResult) -> None:
        if len(drafts) > CHUNK_SIZE:
            total = len(result.new_reviews) + len(result.refusals) + len(drafts)
            self.host.show_message(f"Approved {len(result.new_reviews)} of {total} batches …")
        self.services.workers.submit(
            partial(self.services.source.batches.enter_reviews, drafts[:CHUNK_SIZE]),
            partial(BulkChunkEntered, entry=Entry(BULK_APPROVAL), drafts=drafts, previous=result),
            Lane.REVIEWS,
        )

    def continue_approval(self, result: BulkChunkEntered) -> None:
        if result.drafts_left:
            self._approve_next_chunk(result.drafts_left, result.total)
            return
        self.host.show_message(describe_bulk_result(result.total))
        self.end_approval(result)

    def end_approval(self, _result: BulkChunkEntered) -> None:
        self.is_entering = False
        self.host.refresh_data()
        self.host.post_message(ViewChanged())
