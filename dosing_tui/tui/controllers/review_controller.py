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
from dataclasses import dataclass, field, replace
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
from dosing_tui.tui.data.query_results import BatchQueryResult, NextBatchLoaded, QueryResult
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
from dosing_tui.tui.widgets.messages import ViewChanged

BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
"""The filters that apply to batches."""
MAX_BULK_APPROVAL = 1_000
"""Batches of one bulk approval."""
CHUNK_SIZE = 50
"""Batches that are written at once; progress is shown after each chunk."""
_STAY_ON_BATCH = frozenset({Decision.COMMENT, Decision.WITHDRAWN})
"""After these decisions the same batch stays open."""


@dataclass(frozen=True, slots=True)
class ReviewAttempt:
    """Result of one review, and the batch after it; or why the batch could not be read again."""

    outcome: ReviewResult
    detail: BatchDetail | None
    error: str = ""


@dataclass
class ReviewsEntered(QueryResult[ReviewAttempt]):
    """The review of one batch was written, or refused."""

    decision: Decision
    row: BatchRow


@dataclass
class BulkCandidatesLoaded(QueryResult[Sequence[BatchRow]]):
    """The batches that one bulk approval would cover."""

    list_text: str
    """The list that they were taken from, in words."""


@dataclass
class BulkChunkEntered(QueryResult[ReviewResult]):
    """A part of a bulk approval was written."""

    drafts: Sequence[ReviewDraft]
    """All that were left to approve, this part included."""
    previous: ReviewResult
    """Sum of the parts before."""


@dataclass(eq=False)
class ReviewController(Controller):
    """Holds the batch screen and its store while it is open."""

    scope: ScopeController
    screen: BatchScreen | None = None
    store: BatchStore | None = None
    _is_entering: bool = False
    _draft_comments: dict[tuple[str, Decision], str] = field(default_factory=dict)
    """Comments of reviews that were not saved, to be offered again."""

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
        self._draft_comments = {}
        self.store = BatchStore(
            services.source.batches,
            services.workers,
            self._draw_screen,
            ReviewPolicy(review.pin, review.second_person),
        )
        self.screen = BatchScreen(
            self.host.terminal_theme, services.hints,
            BatchScreenSettings(services.zone, services.settings.calendar, filter_keys), self.store, self,
            clock=services.clock,
        )  # fmt: skip
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
            self.host.show_message("One moment: the last review is still being entered.")
            return
        if decision is Decision.APPROVED and self._policy.second_person and row.review_state in APPROVALS:
            decision = Decision.CONFIRMED
        name = self.services.operator.name
        draft = create_review_draft(row, decision, who=name or "?", comment="?")
        if refusal := validate_review(draft, row.review_context):
            self.host.show_message(f"{row.batch_id}: {refusal}")
        elif decision in REASON_OPTIONAL and name and not self._policy.pin:
            self._submit_review(decision, row, ReviewInput("", name, ""))
        else:
            self._open_review_dialog(decision, row)

    def _open_review_dialog(self, decision: Decision, row: BatchRow) -> None:
        about = f"{row.batch_id} · {row.recipe} · {format_exceptions(row)}"
        if decision is Decision.WITHDRAWN:
            about = f"{row.batch_id} · {format_last_decision(row)}"
        prompt = ReviewPrompt(
            decision, about, self._account, self._policy.pin, self.services.operator.name,
            self._draft_comments.get((row.batch_key, decision), ""),
        )  # fmt: skip
        dialog = ReviewDialog(self.host.terminal_theme, prompt)
        self.open_dialog(dialog, partial(self._apply_review_input, decision, row))

    def _apply_review_input(self, decision: Decision, row: BatchRow, values: ReviewInput) -> None:
        self._submit_review(decision, row, values)

    def _submit_review(self, decision: Decision, row: BatchRow, values: ReviewInput) -> None:
        self._is_entering = True
        self._draft_comments[row.batch_key, decision] = values.comment
        draft = create_review_draft(
            row, decision, who=values.reviewer, comment=values.comment, pin=values.pin
        )
        self.services.workers.submit(
            partial(self._write_review, draft),
            partial(ReviewsEntered, decision=decision, row=row),
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
        """Update store and screen; after a decision, go to the next batch to review."""
        self._is_entering = False
        if result.value is None:
            self.host.show_message(f"{RESULT_UNKNOWN}: {result.error}")
            self.host.refresh_data()
            return
        outcome, detail = result.value.outcome, result.value.detail
        if self.store is not None and detail is not None:
            self.store.apply_review(detail)
        else:
            self.invalidate()
        if not outcome.new_reviews:
            self.host.show_message(outcome.refusals[0] if outcome.refusals else describe_failure(outcome))
            return
        self._draft_comments.pop((result.row.batch_key, result.decision), None)
        message = f"{result.row.batch_id}: {format_review_result(result.decision, detail)}."
        if result.value.error:
            self.host.show_message(f"{message} Its present state could not be read: {result.value.error}")
            return
        self.host.show_message(message)
        if self.screen is not None and result.decision not in _STAY_ON_BATCH:
            self.screen.action_next_unreviewed(message)

    # bulk approval

    def approve_all(self, batch_filter: BatchFilter, list_text: str) -> None:
        """List the clean, unreviewed batches as they are now; then confirm. Later ones are not approved."""
        is_complete_listed = not batch_filter.status or BatchStatus.COMPLETE.value in batch_filter.status
        if not is_complete_listed or batch_filter.with_findings:
            self.host.show_message("No batch of this list can be approved in bulk.")
            return
        candidates = replace(
            batch_filter, status=(BatchStatus.COMPLETE.value,), review_state=(ReviewState.UNREVIEWED.value,),
            unreviewed=False, clean=True,
        )  # fmt: skip
        self.services.workers.submit(
            partial(
                self.services.source.batches.list_batches, candidates, after=None, rows=MAX_BULK_APPROVAL
            ),
            partial(BulkCandidatesLoaded, list_text=list_text),
            Lane.REVIEWS,
        )

    def confirm_bulk_approval(self, result: BulkCandidatesLoaded) -> None:
        if not result.value:
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
        self.open_dialog(dialog, partial(self._approve_rows, result.value))

    def _approve_rows(self, rows: Sequence[BatchRow], values: ReviewInput) -> None:
        drafts = [
            create_review_draft(
                row, Decision.APPROVED, who=values.reviewer, comment=values.comment, pin=values.pin
            )
            for row in rows
        ]
        self._approve_next_chunk(drafts, ReviewResult())

    def _approve_next_chunk(self, drafts: Sequence[ReviewDraft], result: ReviewResult) -> None:
        """Write the next part; after an error the rest is not tried."""
        if result.error is not None:
            result, drafts = result + ReviewResult(unsaved_drafts=tuple(drafts)), []
        if not drafts:
            self.host.show_message(describe_bulk_result(result))
            self.host.refresh_data()
            self.host.post_message(ViewChanged())
            return
        if len(drafts) > CHUNK_SIZE:
            total = len(result.new_reviews) + len(result.refusals) + len(drafts)
            self.host.show_message(f"Approved {len(result.new_reviews)} of {total} batches …")
        self.services.workers.submit(
            partial(self.services.source.batches.enter_reviews, drafts[:CHUNK_SIZE]),
            partial(BulkChunkEntered, drafts=drafts, previous=result),
            Lane.REVIEWS,
        )

    def continue_bulk_approval(self, result: BulkChunkEntered) -> None:
        chunk = result.value or ReviewResult(
            unknown_drafts=tuple(result.drafts[:CHUNK_SIZE]), error=DosingError(result.error)
        )
        self._approve_next_chunk(result.drafts[CHUNK_SIZE:], result.previous + chunk)
