"""What the operator does about batches: looks at them, and has said of them what a reviewer says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from textual import on

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow, draft_of
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import NOTHING, UNKNOWN, Outcome, fate_of_many, fate_of_one
from dosing_tui.domain.batch_review.review_rules import APPROVALS, Meaning, ReviewDraft, ReviewState, fault
from dosing_tui.domain.batches.models import Status
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import DosingError, RangeError
from dosing_tui.live_state import Picture
from dosing_tui.tui.batches.batch_screen import BatchPage
from dosing_tui.tui.batches.batch_screen_view import Sight, Site
from dosing_tui.tui.batches.detail_header import Signing
from dosing_tui.tui.batches.review_messages import Tried, done_words, exceptions_words, last_word
from dosing_tui.tui.controllers.journal_controller import Journaling
from dosing_tui.tui.controllers.scope_controller import Front
from dosing_tui.tui.data.background_jobs import Jobs
from dosing_tui.tui.data.batch_store import Shelf
from dosing_tui.tui.data.query_workers import Askers
from dosing_tui.tui.dialogs.bulk_approval_dialog import BulkDialog
from dosing_tui.tui.dialogs.review_dialog import UNREASONED, Question, ReviewDialog, Said, shared_warning
from dosing_tui.tui.layout.status_and_footer import Chosen
from dosing_tui.tui.scope.scope import filter_words, follows, range_words, resolved
from dosing_tui.tui.widgets.messages import Moved, Returned

DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
"""What a batch can be chosen by."""
MOST_AT_ONCE = 1_000
"""Batches of one bulk approval."""
CHUNK = 50
"""Of which so many are entered at a time, so that it can be told how far it is."""
_STAYS = frozenset({Meaning.COMMENT, Meaning.WITHDRAWN})
"""After these the same batch is still to be looked at."""


class Reviewing(Journaling):
    """Holds the batch page while it is open."""

    _registrar: Askers
    """Reads and reviews batches; nothing else waits for it, and it waits for nothing else."""
    _jobs: Jobs
    _shelf: Shelf | None = None
    _batches: BatchPage | None = None
    _entering = False
    _batch_keys: tuple[str, str]

    @property
    def front(self) -> Front:
        return self._batches if self._page is None and self._batches is not None else super().front

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self._batches is not None and action == "freeze":
            return False
        return super().check_action(action, parameters)

    def action_refresh_now(self) -> None:
        super().action_refresh_now()
        if self._shelf is not None:
            self._shelf.again()

    def action_batches(self) -> None:
        """The list of batches, or back from it; from the alarms, which lie over it, to it."""
        if self._page is not None:
            self._page.dismiss(None)
            if self._batches is not None:
                return
        elif self._batches is not None:
            self._batches.dismiss(None)
            return
        self._unsent: dict[tuple[str, Meaning], str] = {}
        self._jobs = Jobs(self._registrar, lambda follow: self.post_message(Returned(follow)))
        review = self._settings.review
        policy = ReviewPolicy(review.pin, review.second_person)
        self._shelf = Shelf(self._source.batches, self._jobs, self._draw_batches, policy)
        site = Site(self._zone, self._calendar, self._batch_keys)
        self._batches = BatchPage(
            self._look, self._hints, site, self._shelf, say_of=self._say_of,
            approve_all=self._ask_all, clock=self._clock,
        )  # fmt: skip
        self.push_screen(self._batches, self._left_batches)
        self.post_message(Moved())

    def _left_batches(self, view: str | None) -> None:
        self._batches = self._shelf = None
        if view is not None:
            self._plant.action_view(view)
        self.post_message(Moved())

    def _left_page(self, view: str | None) -> None:
        super()._left_page(view)
        if view is not None and self._batches is not None:
            self._batches.dismiss(None)

    @on(Returned)
    def _take_returned(self, message: Returned) -> None:
        message.follow()

    @property
    def _policy(self) -> ReviewPolicy:
        """What is wanted of a review that is entered now."""
        return self._shelf.policy if self._shelf is not None else ReviewPolicy()

    def _draw_batches(self) -> None:
        if self._batches is not None:
            self._batches.draw()

    def show_batches(self, picture: Picture, now: datetime) -> None:
        """While the operator looks at them."""
        if self._batches is None or self._page is not None:
            return
        present, selection = self.present(picture), self._scope.selection
        within, trouble = None, ""
        try:
            if self._scope.spec is not None:
                within = resolved(self._scope.spec, present, selection)
        except RangeError as error:
            trouble = str(error)
        chosen = Chosen(
            range_words(self._scope, present), follows(self._scope), filter_words(selection, DIMENSIONS),
            self._scope_keys,
        )  # fmt: skip
        warning = "shared account" if shared_warning(self._source.batches.account) else ""
        signing = Signing(self._author, self._policy.pin, warning)
        self._batches.show_sight(Sight(picture, now, within, selection, chosen, signing, trouble))

    # one batch

    def _say_of(self, meaning: Meaning, row: BatchRow) -> None:
        """At once where nothing more has to be asked; or why it is not possible."""
        if self._entering:
            self.front.say("One moment: the last review is still being entered.")
            return
        if meaning is Meaning.APPROVED and self._policy.second_person and row.review_state in APPROVALS:
            meaning = Meaning.CONFIRMED
        draft = draft_of(row, meaning, who=self._author or "?", comment="?")
        if why_not := fault(draft, row.standing):
            self.front.say(f"{row.batch_id}: {why_not}")
        elif meaning in UNREASONED and self._author and not self._policy.pin:
            self._enter(meaning, row, Said("", self._author, ""))
        else:
            self._ask_about(meaning, row)

    def _ask_about(self, meaning: Meaning, row: BatchRow) -> None:
        about = f"{row.batch_id} · {row.recipe} · {exceptions_words(row)}"
        if meaning is Meaning.WITHDRAWN:
            about = f"{row.batch_id} · {last_word(row)}"
        asked = Question(
            meaning, about, self._source.batches.account, self._policy.pin, self._author,
            self._unsent.get((row.batch_key, meaning), ""),
        )  # fmt: skip
        self.push_screen(ReviewDialog(self._look, asked), partial(self._answered_about, meaning, row))

    def _answered_about(self, meaning: Meaning, row: BatchRow, said: Said | None) -> None:
        if said is not None:
            self._author = said.who
            self._enter(meaning, row, said)

    def _enter(self, meaning: Meaning, row: BatchRow, said: Said) -> None:
        self._entering = True
        self._unsent[row.batch_key, meaning] = said.comment
        draft = draft_of(row, meaning, who=said.who, comment=said.comment, pin=said.pin)
        self._jobs.run(partial(self._review_one, draft), partial(self._tried, meaning, row), self._unsure)

    def _review_one(self, draft: ReviewDraft) -> Tried:
        """In the registrar's thread."""
        source = self._source.batches
        outcome = source.review([draft])
        try:
            return Tried(outcome, source.detail(draft.batch_key))
        except DosingError as error:
            return Tried(outcome, None, str(error))

    def _tried(self, meaning: Meaning, row: BatchRow, tried: Tried) -> None:
        self._entering = False
        outcome, detail = tried.outcome, tried.detail
        if self._shelf is not None:
            if detail is not None:
                self._shelf.reviewed(detail)
            else:
                self._shelf.again()
        if not outcome.entered:
            self.front.say(outcome.refused[0] if outcome.refused else fate_of_one(outcome))
            return
        self._unsent.pop((row.batch_key, meaning), None)
        done = f"{row.batch_id}: {done_words(meaning, detail)}."
        if tried.trouble:
            self.front.say(f"{done} It could not be shown as it is now: {tried.trouble}")
            return
        self.front.say(done)
        if self._batches is not None and meaning not in _STAYS:
            self._batches.next_to_review(done)

    def _unsure(self, sentence: str) -> None:
        """Something that nobody thought of."""
        self._entering = False
        self.front.say(f"{UNKNOWN}: {sentence}")
        self.action_refresh_now()

    # all of them

    def _ask_all(self, which: BatchFilter) -> None:
        """How many they are first; only what is complete, without exceptions, and never reviewed."""
        if (which.status and Status.COMPLETE.value not in which.status) or which.with_findings:
            self.front.say("Nothing that is listed here can be approved at once.")
            return
        clean = replace(
            which, status=(Status.COMPLETE.value,), review_state=(ReviewState.UNREVIEWED.value,),
            unreviewed=False, without_findings=True,
        )  # fmt: skip
        source = self._source.batches
        self._jobs.run(lambda: source.listed(clean, None, MOST_AT_ONCE), self._confirm_all, self._not_listed)

    def _not_listed(self, sentence: str) -> None:
        self.front.say(f"{NOTHING}: {sentence}")

    def _confirm_all(self, rows: Sequence[BatchRow]) -> None:
        if not rows:
            self.front.say("No batch that is listed here is complete, without exceptions, and unreviewed.")
            return
        dialog = BulkDialog(
            self._look, len(rows), most=MOST_AT_ONCE, account=self._source.batches.account,
            pin=self._policy.pin, name=self._author,
        )  # fmt: skip
        self.push_screen(dialog, partial(self._approve_all, rows))

    def _approve_all(self, rows: Sequence[BatchRow], said: Said | None) -> None:
        if said is None:
            return
        self._author = said.who
        drafts = [
            draft_of(row, Meaning.APPROVED, who=said.who, comment=said.comment, pin=said.pin) for row in rows
        ]
        self._go_on(drafts, Outcome())

    def _go_on(self, drafts: Sequence[ReviewDraft], done: Outcome) -> None:
        """The next part of them; what an error leaves is not tried."""
        part = drafts[:CHUNK]
        if done.error is not None:
            done, part = done + Outcome(left=tuple(drafts)), []
        if not part:
            self.front.say(fate_of_many(done))
            self.action_refresh_now()
            self.post_message(Moved())
            return
        if len(drafts) > CHUNK:
            every = len(done.entered) + len(done.refused) + len(drafts)
            self.front.say(f"Approved {len(done.entered)} of {every} batches …")
        source = self._source.batches
        self._jobs.run(
            lambda: source.review(part),
            lambda told: self._go_on(drafts[CHUNK:], done + told),
            lambda sentence: self._go_on(
                drafts[CHUNK:], done + Outcome(unknown=tuple(part), error=DosingError(sentence))
            ),
        )
