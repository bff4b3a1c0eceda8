"""Batch review: the batch screen, the reviews entered on it, and bulk approval.

How "space" approves a batch, from top to bottom:

1. ``keys.bindings.BATCH_KEYS`` binds it to ``BatchScreen.action_review``.
2. The screen checks that the batch is open and has been viewed, and calls ``ReviewController.review_batch``.
3. That shows why the review is refused, opens a ``ReviewDialog``, or goes on at once.
4. ``_submit_review`` has a worker of the review lane write the review and read the batch again.
5. The result arrives in the app as ``ReviewsEntered``, and there in ``show_review_result``.
6. That updates the ``BatchStore``, shows a message, and moves the screen to the next batch to review.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    create_review_draft,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import (
    NOT_SAVED,
    RESULT_UNKNOWN,
    ReviewResult,
    describe_bulk_result,
    describe_failure,
)
from dosing_tui.domain.batch_review.review_rules import (
    APPROVALS,
    Decision,
    ReviewDraft,
    ReviewState,
    validate_review,
)
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import DosingError, RangeError
from dosing_tui.live_state import LiveSnapshot
from dosing_tui.tui.batches.batch_screen import BatchScreen
from dosing_tui.tui.batches.batch_screen_view import BatchScreenSettings, BatchScreenState, SignerInfo
from dosing_tui.tui.batches.review_messages import (
    format_exceptions,
    format_last_decision,
    format_review_result,
)
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.data.query_results import BatchQueryResult, NextBatchLoaded
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.review_dialog import (
    REASON_OPTIONAL,
    ReviewDialog,
    ReviewInput,
    ReviewPrompt,
    build_bulk_prompt,
    format_account_warning,
)
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.requests.pending_request import PendingRequest, RequestResult
from dosing_tui.tui.widgets.messages import ViewChanged

BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
"""The filters that apply to batches."""
MAX_BULK_APPROVAL = 1_000
"""Batches of one bulk approval."""
CHUNK_SIZE = 50
"""Batches that are written at once; progress is shown after each chunk."""
_STILL_ENTERING = "One moment: the last review is still being entered."
BULK_APPROVAL = "bulk approval"
_STAY_ON_BATCH = frozenset({Decision.COMMENT, Decision.WITHDRAWN})
"""After these decisions the same batch stays open."""


@dataclass(frozen=True, slots=True)
class ReviewAttempt:
    """Result of one review, and the batch after it; or why the batch could not be read again."""

    outcome: ReviewResult
    detail: BatchDetail | None
    error: str = ""


@dataclass
class ReviewsEntered(EntryResult[ReviewAttempt]):
    """The review of one batch was written, or refused. ``request``: to go on to the next batch."""

    decision: Decision
    row: BatchRow
    request: PendingRequest
    failure = RESULT_UNKNOWN

    def describe_failure(self) -> str | None:
        if self.value is None:
            return f"{self.row.batch_id}: {super().describe_failure()}"
        outcome = self.value.outcome
        if outcome.new_reviews:
            return ""
        return outcome.refusals[0] if outcome.refusals else describe_failure(outcome)


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
        """Of all parts so far, with those that are not tried any more."""
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
class ReviewController(Controller):
    """Holds the batch screen and its store while it is open."""

    scope: ScopeController
    screen: BatchScreen | None = None
    store: BatchStore | None = None
    _is_entering: bool = False
    """Reviews are on their way: no others are entered meanwhile."""

    # the screen

    def toggle_screen(self) -> None:
        """Open the batch screen, or close it."""
        if self.screen is not None:
            self.screen.dismiss(None)
            return
        services, review = self.services, self.services.settings.review
        filter_keys = (
            format_keys(["batch-unreviewed"], services.keymap),
            format_keys(["batch-exceptions"], services.keymap),
            format_keys(["batch-clean"], services.keymap),
        )
        self.store = BatchStore(
            services.source.batches,
            services.workers,
            self._draw_screen,
            ReviewPolicy(review.pin, review.second_person),
        )
        screen_settings = BatchScreenSettings(
            services.zone, services.settings.calendar, filter_keys, services.settings.short_names
        )
        self.screen = BatchScreen(
            self.host.terminal_theme, services.hints, screen_settings, self.store, self, clock=services.clock
        )
        self.host.push_screen(self.screen, self._close_screen)
        self.host.post_message(ViewChanged())

    def open_batch_at(self, device_id: str, at: datetime, *, in_list: bool = False) -> None:
        """The batch that a station made at a time; ``esc`` leads back to where it was opened.

        ``in_list``: the list, with the cursor on that batch.
        """
        if self.screen is None:
            self.toggle_screen()
        self.show_batches(self.services.get_snapshot(), self.services.clock())
        if self.screen is not None:
            self.screen.open_batch_at(device_id, at, in_list=in_list)

    def _close_screen(self, view: str | None) -> None:
        self.screen = self.store = None
        if view is not None:
            self.host.show_view(view)
        self.host.post_message(ViewChanged())

    def _draw_screen(self) -> None:
        if self.screen is not None:
            self.screen.draw_screen()

    def show_batches(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """At every tick while the batch screen is the active one."""
        if self.screen is None:
            return
        time_range, range_error = None, ""
        try:
            if self.scope.scope.spec is not None:
                time_range = self.scope.resolve_spec(self.scope.scope.spec, snapshot)
        except RangeError as error:
            range_error = str(error)
        summary = self.scope.summarize_scope(snapshot, BATCH_DIMENSIONS)
        warning = "shared account" if format_account_warning(self._account) else ""
        signer = SignerInfo(self.services.operator.name, self._policy.pin, warning)
        self.screen.show_state(
            BatchScreenState(
                snapshot, now, time_range, self.scope.scope.selection, summary, signer, range_error
            )
        )

    def store_result(self, result: BatchQueryResult[Any]) -> None:
        """Results of the batch store's queries."""
        if (
            self.store is not None
            and self.store.store_result(result)
            and isinstance(result, NextBatchLoaded)
            and self.screen is not None
            and not result.error
        ):
            self.screen.finish_jump(bool(result.value), result.request.not_found_text)

    def invalidate(self) -> None:
        """Read everything again at the next tick."""
        if self.store is not None:
            self.store.invalidate_all()

    @property
    def _policy(self) -> ReviewPolicy:
        return self.store.policy if self.store is not None else ReviewPolicy()

    @property
    def _account(self) -> str:
        return self.services.source.batches.account

    # one batch

    def review_batch(self, decision: Decision, row: BatchRow) -> None:
        """Enter a review: at once where no reason, name or PIN is needed, else after its dialog."""
        if self._is_entering:
            self.host.show_message(_STILL_ENTERING)
            return
        if decision is Decision.APPROVED and self._policy.second_person and row.review_state in APPROVALS:
            decision = Decision.CONFIRMED
        name = self.services.operator.name
        draft = create_review_draft(row, decision, who=name or "?", comment="?")
        if refusal := validate_review(draft, row.review_context):
            self.host.show_message(f"{row.batch_id}: {refusal}")
        elif decision in REASON_OPTIONAL and name and not self._policy.pin:
            entry = Entry(_get_form_kind(row, decision))
            self.services.entries.mark_seen(entry.kind)
            self._submit_review(decision, row, ReviewInput("", name, ""), entry)
        else:
            self._open_review_dialog(decision, row)

    def _open_review_dialog(self, decision: Decision, row: BatchRow) -> None:
        about = f"{row.batch_id} · {row.recipe} · {format_exceptions(row)}"
        if decision is Decision.WITHDRAWN:
            about = f"{row.batch_id} · {format_last_decision(row)}"
        prompt = ReviewPrompt(decision, about, self._account, self._policy.pin, self.services.operator.name)
        dialog = ReviewDialog(self.host.terminal_theme, prompt)
        self.open_form(dialog, _get_form_kind(row, decision), partial(self._submit_review, decision, row))

    def _submit_review(self, decision: Decision, row: BatchRow, values: ReviewInput, entry: Entry) -> None:
        self._is_entering = True
        draft = create_review_draft(
            row, decision, who=values.reviewer, comment=values.comment, pin=values.pin
        )
        request = self.begin_request("next batch", "entering a review")
        self.services.workers.submit(
            partial(self._write_review, draft),
            partial(ReviewsEntered, entry=entry, decision=decision, row=row, request=request),
            Lane.REVIEWS,
        )

    def _write_review(self, draft: ReviewDraft) -> ReviewAttempt:
        """In a worker thread."""
        source = self.services.source.batches
        outcome = source.enter_reviews([draft])
        try:
            return ReviewAttempt(outcome, source.read_batch(draft.batch_key))
        except DosingError as error:
            return ReviewAttempt(outcome, None, str(error))

    def show_review_result(self, result: ReviewsEntered) -> None:
        """After a decision, go to the next batch, if the reviewer still looks at this one."""
        self._apply_outcome(result)
        assert result.value is not None, "it is stored"
        message = f"{result.row.batch_id}: {format_review_result(result.decision, result.value.detail)}."
        is_waiting = self.services.requests.finish(result.request, is_opening=True)
        if result.value.error:
            self.host.show_message(f"{message} Its present state could not be read: {result.value.error}")
            return
        self.host.show_message(message)
        if self.screen is not None and is_waiting and result.decision not in _STAY_ON_BATCH:
            self.screen.leave_reviewed_batch(result.row, message)

    def refuse_review(self, result: ReviewsEntered) -> None:
        self._apply_outcome(result)
        if result.value is None:
            self.host.refresh_data()

    def _apply_outcome(self, result: ReviewsEntered) -> None:
        self._is_entering = False
        detail = None if result.value is None else result.value.detail
        if self.store is not None and detail is not None:
            self.store.apply_review(detail)
        else:
            self.invalidate()

    # bulk approval

    def approve_all(self, batch_filter: BatchFilter, list_text: str) -> None:
        """List the clean, unreviewed batches as they are now; then confirm. Later ones are not approved."""
        if self._is_entering or self.services.requests.can_open(BULK_APPROVAL):
            self.host.show_message(_STILL_ENTERING if self._is_entering else "The batches are being listed …")
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

    def confirm_bulk_approval(self, result: BulkCandidatesLoaded) -> None:
        if not result.value:
            self.services.requests.finish(result.request)
            self.host.show_message(
                f"{NOT_SAVED}: {result.error}"
                if result.error
                else "No batch of this list is complete, without exceptions and unreviewed."
            )
            return
        prompt = build_bulk_prompt(
            result.value, result.list_text, limit=MAX_BULK_APPROVAL, account=self._account,
            is_pin_required=self._policy.pin, name=self.services.operator.name,
        )  # fmt: skip
        dialog = ReviewDialog(self.host.terminal_theme, prompt)
        if not self.open_answer(result.request, dialog, partial(self._approve_rows, result.value)):
            self.host.show_message("Nothing is approved: the list was left before it was read.")

    def _approve_rows(self, rows: Sequence[BatchRow], values: ReviewInput) -> None:
        drafts = [
            create_review_draft(
                row, Decision.APPROVED, who=values.reviewer, comment=values.comment, pin=values.pin
            )
            for row in rows
        ]
        self._is_entering = True
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

    def continue_bulk_approval(self, result: BulkChunkEntered) -> None:
        if result.drafts_left:
            self._approve_next_chunk(result.drafts_left, result.total)
            return
        self.host.show_message(describe_bulk_result(result.total))
        self.end_bulk_approval(result)

    def end_bulk_approval(self, _result: BulkChunkEntered) -> None:
        self._is_entering = False
        self.host.refresh_data()
        self.host.post_message(ViewChanged())


def _get_form_kind(row: BatchRow, decision: Decision) -> tuple[str, Decision]:
    return row.batch_key, decision
