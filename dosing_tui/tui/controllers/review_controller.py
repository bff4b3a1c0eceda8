"""What the operator does about batches: looks at them, and has said of them what a reviewer says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from textual import on

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow, create_review_draft
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
from dosing_tui.tui.batches.batch_screen_view import BatchScreenSettings, BatchScreenState
from dosing_tui.tui.batches.detail_header import SignerInfo
from dosing_tui.tui.batches.review_messages import (
    ReviewAttempt,
    format_exceptions,
    format_last_decision,
    format_review_result,
)
from dosing_tui.tui.controllers.journal_controller import JournalController
from dosing_tui.tui.controllers.scope_controller import ActiveScreen
from dosing_tui.tui.data.background_jobs import BackgroundJobs
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.data.query_workers import QueryWorkers
from dosing_tui.tui.dialogs.bulk_approval_dialog import BulkApprovalDialog
from dosing_tui.tui.dialogs.review_dialog import (
    REASON_OPTIONAL,
    ReviewDialog,
    ReviewInput,
    ReviewPrompt,
    format_account_warning,
)
from dosing_tui.tui.layout.status_and_footer import ScopeSummary
from dosing_tui.tui.scope.scope import format_filters, format_range, is_live, resolve_range
from dosing_tui.tui.widgets.messages import JobFinished, ViewChanged

BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
"""What a batch can be chosen by."""
MAX_BULK_APPROVAL = 1_000
"""Batches of one bulk approval."""
CHUNK_SIZE = 50
"""Of which so many are entered at a time, so that it can be told how far it is."""
_STAY_ON_BATCH = frozenset({Decision.COMMENT, Decision.WITHDRAWN})
"""After these the same batch is still to be looked at."""


class ReviewController(JournalController):
    """Holds the batch page while it is open."""

    _review_workers: QueryWorkers
    """Reads and reviews batches; nothing else waits for it, and it waits for nothing else."""
    _background_jobs: BackgroundJobs
    _batch_store: BatchStore | None = None
    _batch_screen: BatchScreen | None = None
    _is_entering = False
    _batch_filter_keys: tuple[str, str]

    @property
    def active_screen(self) -> ActiveScreen:
        return (
            self._batch_screen
            if self._alarm_screen is None and self._batch_screen is not None
            else super().active_screen
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self._batch_screen is not None and action == "freeze":
            return False
        return super().check_action(action, parameters)

    def action_refresh_now(self) -> None:
        super().action_refresh_now()
        if self._batch_store is not None:
            self._batch_store.invalidate_all()

    def action_batches(self) -> None:
        """The list of batches, or back from it; from the alarms, which lie over it, to it."""
        if self._alarm_screen is not None:
            self._alarm_screen.dismiss(None)
            if self._batch_screen is not None:
                return
        elif self._batch_screen is not None:
            self._batch_screen.dismiss(None)
            return
        self._draft_comments: dict[tuple[str, Decision], str] = {}
        self._background_jobs = BackgroundJobs(
            self._review_workers, lambda follow: self.post_message(JobFinished(follow))
        )
        review = self._settings.review
        policy = ReviewPolicy(review.pin, review.second_person)
        self._batch_store = BatchStore(
            self._source.batches, self._background_jobs, self._draw_batches, policy
        )
        site = BatchScreenSettings(self._zone, self._calendar, self._batch_filter_keys)
        self._batch_screen = BatchScreen(
            self._terminal_theme, self._hints, site, self._batch_store, enter_review=self._enter_review,
            approve_all=self._find_bulk_candidates, clock=self._clock,
        )  # fmt: skip
        self.push_screen(self._batch_screen, self._close_batch_screen)
        self.post_message(ViewChanged())

    def _close_batch_screen(self, view: str | None) -> None:
        self._batch_screen = self._batch_store = None
        if view is not None:
            self._dashboard.action_view(view)
        self.post_message(ViewChanged())

    def _close_alarm_screen(self, view: str | None) -> None:
        super()._close_alarm_screen(view)
        if view is not None and self._batch_screen is not None:
            self._batch_screen.dismiss(None)

    @on(JobFinished)
    def _run_callback(self, message: JobFinished) -> None:
        message.callback()

    @property
    def _review_policy(self) -> ReviewPolicy:
        """What is wanted of a review that is entered now."""
        return self._batch_store.policy if self._batch_store is not None else ReviewPolicy()

    def _draw_batches(self) -> None:
        if self._batch_screen is not None:
            self._batch_screen.draw_screen()

    def show_batches(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """While the operator looks at them."""
        if self._batch_screen is None or self._alarm_screen is not None:
            return
        present, selection = self.get_time_context(snapshot), self._scope.selection
        within, trouble = None, ""
        try:
            if self._scope.spec is not None:
                within = resolve_range(self._scope.spec, present, selection)
        except RangeError as error:
            trouble = str(error)
        chosen = ScopeSummary(
            format_range(self._scope, present),
            is_live(self._scope),
            format_filters(selection, BATCH_DIMENSIONS),
            self._scope_keys,
        )
        warning = "shared account" if format_account_warning(self._source.batches.account) else ""
        signing = SignerInfo(self._author, self._review_policy.pin, warning)
        self._batch_screen.show_state(
            BatchScreenState(snapshot, now, within, selection, chosen, signing, trouble)
        )

    # one batch

    def _enter_review(self, meaning: Decision, row: BatchRow) -> None:
        """At once where nothing more has to be asked; or why it is not possible."""
        if self._is_entering:
            self.active_screen.show_message("One moment: the last review is still being entered.")
            return
        if (
            meaning is Decision.APPROVED
            and self._review_policy.second_person
            and row.review_state in APPROVALS
        ):
            meaning = Decision.CONFIRMED
        draft = create_review_draft(row, meaning, who=self._author or "?", comment="?")
        if why_not := validate_review(draft, row.review_context):
            self.active_screen.show_message(f"{row.batch_id}: {why_not}")
        elif meaning in REASON_OPTIONAL and self._author and not self._review_policy.pin:
            self._submit_review(meaning, row, ReviewInput("", self._author, ""))
        else:
            self._open_review_dialog(meaning, row)

    def _open_review_dialog(self, meaning: Decision, row: BatchRow) -> None:
        about = f"{row.batch_id} · {row.recipe} · {format_exceptions(row)}"
        if meaning is Decision.WITHDRAWN:
            about = f"{row.batch_id} · {format_last_decision(row)}"
        asked = ReviewPrompt(
            meaning, about, self._source.batches.account, self._review_policy.pin, self._author,
            self._draft_comments.get((row.batch_key, meaning), ""),
        )  # fmt: skip
        self.push_screen(
            ReviewDialog(self._terminal_theme, asked), partial(self._apply_review_input, meaning, row)
        )

    def _apply_review_input(self, meaning: Decision, row: BatchRow, values: ReviewInput | None) -> None:
        if values is not None:
            self._author = values.reviewer
            self._submit_review(meaning, row, values)

    def _submit_review(self, meaning: Decision, row: BatchRow, values: ReviewInput) -> None:
        self._is_entering = True
        self._draft_comments[row.batch_key, meaning] = values.comment
        draft = create_review_draft(row, meaning, who=values.reviewer, comment=values.comment, pin=values.pin)
        self._background_jobs.run(
            partial(self._store_review, draft),
            partial(self._finish_review, meaning, row),
            self._report_unknown_result,
        )

    def _store_review(self, draft: ReviewDraft) -> ReviewAttempt:
        """In the registrar's thread."""
        source = self._source.batches
        outcome = source.enter_reviews([draft])
        try:
            return ReviewAttempt(outcome, source.read_batch(draft.batch_key))
        except DosingError as error:
            return ReviewAttempt(outcome, None, str(error))

    def _finish_review(self, meaning: Decision, row: BatchRow, attempt: ReviewAttempt) -> None:
        self._is_entering = False
        outcome, detail = attempt.outcome, attempt.detail
        if self._batch_store is not None:
            if detail is not None:
                self._batch_store.apply_review(detail)
            else:
                self._batch_store.invalidate_all()
        if not outcome.new_reviews:
            self.active_screen.show_message(
                outcome.refusals[0] if outcome.refusals else describe_failure(outcome)
            )
            return
        self._draft_comments.pop((row.batch_key, meaning), None)
        done = f"{row.batch_id}: {format_review_result(meaning, detail)}."
        if attempt.error:
            self.active_screen.show_message(f"{done} It could not be shown as it is now: {attempt.error}")
            return
        self.active_screen.show_message(done)
        if self._batch_screen is not None and meaning not in _STAY_ON_BATCH:
            self._batch_screen.go_to_next_review(done)

    def _report_unknown_result(self, error: str) -> None:
        """Something that nobody thought of."""
        self._is_entering = False
        self.active_screen.show_message(f"{RESULT_UNKNOWN}: {error}")
        self.action_refresh_now()

    # all of them

    def _find_bulk_candidates(self, batch_filter: BatchFilter) -> None:
        """How many they are first; only what is complete, without exceptions, and never reviewed."""
        if (
            batch_filter.status and BatchStatus.COMPLETE.value not in batch_filter.status
        ) or batch_filter.with_findings:
            self.active_screen.show_message("Nothing that is listed here can be approved at once.")
            return
        clean = replace(
            batch_filter, status=(BatchStatus.COMPLETE.value,), review_state=(ReviewState.UNREVIEWED.value,),
            unreviewed=False, without_findings=True,
        )  # fmt: skip
        source = self._source.batches
        self._background_jobs.run(
            lambda: source.list_batches(clean, None, MAX_BULK_APPROVAL),
            self._open_bulk_dialog,
            self._report_list_error,
        )

    def _report_list_error(self, error: str) -> None:
        self.active_screen.show_message(f"{NOT_SAVED}: {error}")

    def _open_bulk_dialog(self, rows: Sequence[BatchRow]) -> None:
        if not rows:
            self.active_screen.show_message(
                "No batch that is listed here is complete, without exceptions, and unreviewed."
            )
            return
        dialog = BulkApprovalDialog(
            self._terminal_theme, len(rows), limit=MAX_BULK_APPROVAL, account=self._source.batches.account,
            pin=self._review_policy.pin, name=self._author,
        )  # fmt: skip
        self.push_screen(dialog, partial(self._approve_all, rows))

    def _approve_all(self, rows: Sequence[BatchRow], values: ReviewInput | None) -> None:
        if values is None:
            return
        self._author = values.reviewer
        drafts = [
            create_review_draft(
                row, Decision.APPROVED, who=values.reviewer, comment=values.comment, pin=values.pin
            )
            for row in rows
        ]
        self._approve_next_chunk(drafts, ReviewResult())

    def _approve_next_chunk(self, drafts: Sequence[ReviewDraft], result: ReviewResult) -> None:
        """The next part of them; what an error leaves is not tried."""
        part = drafts[:CHUNK_SIZE]
        if result.error is not None:
            result, part = result + ReviewResult(unsaved_drafts=tuple(drafts)), []
        if not part:
            self.active_screen.show_message(describe_bulk_result(result))
            self.action_refresh_now()
            self.post_message(ViewChanged())
            return
        if len(drafts) > CHUNK_SIZE:
            every = len(result.new_reviews) + len(result.refusals) + len(drafts)
            self.active_screen.show_message(f"Approved {len(result.new_reviews)} of {every} batches …")
        source = self._source.batches
        self._background_jobs.run(
            lambda: source.enter_reviews(part),
            lambda told: self._approve_next_chunk(drafts[CHUNK_SIZE:], result + told),
            lambda sentence: self._approve_next_chunk(
                drafts[CHUNK_SIZE:],
                result + ReviewResult(unknown_drafts=tuple(part), error=DosingError(sentence)),
            ),
        )
