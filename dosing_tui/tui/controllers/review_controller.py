"""Batch review: the batch screen, and the reviews entered on it one by one.

How "space" approves a batch, from top to bottom:

1. ``keys.bindings.BATCH_KEYS`` binds it to ``BatchScreen.action_review``.
2. The screen checks that the batch is open and has been viewed, and calls ``ReviewController.review_batch``.
3. That shows why the review is refused, opens a ``ReviewDialog``, or goes on at once.
4. ``_submit_review`` has a worker of the review lane write the review and read the batch again.
5. The result arrives in the app as ``ReviewsEntered``, and there in ``show_review_result``.
6. That updates the ``BatchStore``, shows a message, and moves the screen to the next batch to review.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct

from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    create_review_draft,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import (
    RESULT_UNKNOWN,
    ReviewResult,
    describe_failure,
)
from dosing_tui.domain.batch_review.review_rules import (
    APPROVALS,
    Decision,
    ReviewDraft,
    validate_review,
)
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import DosingError, RangeError
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.bulk_approval import BulkApproval
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.data.query_results import BatchQueryResult, NextBatchLoaded
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.requests.pending_request import PendingRequest
from dosing_tui.tui.widgets.messages import ViewChanged

BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
"""The filters that apply to batches."""
_STILL_ENTERING = "One moment: the last review is still being entered."
_STAY_ON_BATCH = frozenset({Decision.COMMENT, Decision.WITHDRAWN})
"""After these decisions the same batch stays open."""


class ReviewAttempt(Struct, frozen=True):
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


@dataclass(eq=False)
class ReviewController(Controller):
    """Holds the batch screen and its store while it is open."""

    scope: ScopeController
    bulk_approval: BulkApproval
    screen: "lazy_screens.BatchScreen | None" = None
    store: BatchStore | None = None
    _is_entering: bool = False
    """The review of one batch is on its way."""

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
        screen_settings = lazy_screens.BatchScreenSettings(
            services.zone, services.settings.calendar, filter_keys, services.settings.short_names
        )
        self.screen = lazy_screens.BatchScreen(
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
        warning = "shared account" if lazy_screens.format_account_warning(self._account) else ""
        signer = lazy_screens.SignerInfo(self.services.operator.name, self.policy.pin, warning)
        self.screen.show_state(
            lazy_screens.BatchScreenState(
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
    def policy(self) -> ReviewPolicy:
        """What a review needs; the defaults while no batch screen is open."""
        return self.store.policy if self.store is not None else ReviewPolicy()

    @property
    def _account(self) -> str:
        return self.services.source.batches.account

    # one batch

    def review_batch(self, decision: Decision, row: BatchRow) -> None:
        """Enter a review: at once where no reason, name or PIN is needed, else after its dialog."""
        if self.is_entering:
            self.host.show_message(_STILL_ENTERING)
            return
        if decision is Decision.APPROVED and self.policy.second_person and row.review_state in APPROVALS:
            decision = Decision.CONFIRMED
        name = self.services.operator.name
        draft = create_review_draft(row, decision, who=name or "?", comment="?")
        if refusal := validate_review(draft, row.review_context):
            self.host.show_message(f"{row.batch_id}: {refusal}")
        elif decision in lazy_screens.REASON_OPTIONAL and name and not self.policy.pin:
            entry = Entry(_get_form_kind(row, decision))
            self.services.entries.mark_seen(entry.kind)
            self._submit_review(decision, row, lazy_screens.ReviewInput("", name, ""), entry)
        else:
            self._open_review_dialog(decision, row)

    def _open_review_dialog(self, decision: Decision, row: BatchRow) -> None:
        about = f"{row.batch_id} · {row.recipe} · {lazy_screens.format_exceptions(row)}"
        if decision is Decision.WITHDRAWN:
            about = f"{row.batch_id} · {lazy_screens.format_last_decision(row)}"
        prompt = lazy_screens.ReviewPrompt(
            decision, about, self._account, self.policy.pin, self.services.operator.name
        )
        dialog = lazy_screens.ReviewDialog(self.host.terminal_theme, prompt)
        self.open_form(dialog, _get_form_kind(row, decision), partial(self._submit_review, decision, row))

    def _submit_review(
        self, decision: Decision, row: BatchRow, values: "lazy_screens.ReviewInput", entry: Entry
    ) -> None:
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
        sentence = lazy_screens.format_review_result(result.decision, result.value.detail)
        message = f"{result.row.batch_id}: {sentence}."
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

    # many batches

    def approve_all(self, batch_filter: BatchFilter, list_text: str) -> None:
        """Approve those of a list that are clean, complete and unreviewed, once that is confirmed."""
        if self.is_entering:
            self.host.show_message(_STILL_ENTERING)
        else:
            self.bulk_approval.list_candidates(batch_filter, list_text)

    @property
    def is_entering(self) -> bool:
        """Reviews are on their way: no others are entered meanwhile."""
        return self._is_entering or self.bulk_approval.is_entering


def _get_form_kind(row: BatchRow, decision: Decision) -> tuple[str, Decision]:
    return row.batch_key, decision
