"""The batch review screen's keys: to move among batches, and to say what a reviewer says of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.tui.batches.batch_screen_view import BatchScreenSettings, BatchScreenView
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import BatchListOptions, is_review_due
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.keys.bindings import BATCH_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.messages import ViewChanged

MIN_VIEW_TIME = timedelta(milliseconds=300)
"""A batch counts as looked at when it was in sight for so long: a key held down approves nothing."""


class BatchScreen(BatchScreenView):
    """Ends with the view that was asked for, or None. ``enter_review`` is given what to say of a batch."""

    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *BATCH_KEYS]

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        settings: BatchScreenSettings,
        store: BatchStore,
        *,
        enter_review: Callable[[Decision, BatchRow], object],
        approve_all: Callable[[BatchFilter], object],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(theme, hints, settings, store, clock=clock)
        self._enter_review = enter_review
        self._approve_all = approve_all

    # keys: where the reviewer is

    def _move_cursor(self, step: int) -> None:
        """So many batches on, with the pages around it read in time."""
        shelf = self._store
        shelf.list_state = browse.move_cursor(shelf.list_state, step, self._body_height - 1)
        shelf.prefetch_pages(self._body_height)
        self._open_batch_at_cursor()

    def _open_batch_at_cursor(self) -> None:
        """At another batch, perhaps."""
        row = browse.get_selected_row(self._store.list_state)
        shown = self._store.detail
        if self._detail_open and row is not None and (shown is None or shown.row.batch_key != row.batch_key):
            self._first_row, self._messages_open = 0, False
            self._store.open(row.batch_key)
        self.draw_screen()

    def action_step(self, step: int) -> None:
        if self._detail_open:
            self._first_row += step
            self.draw_screen()
        else:
            self._move_cursor(step)

    def action_page(self, step: int) -> None:
        self.action_step(step * (self._body_height - 1))

    def action_end(self, last: bool) -> None:
        if not last and not self._detail_open:
            self._store.jump_to_top()
        self.action_step(len(self._store.list_state.rows) * (1 if last else -1))

    def action_move(self, direction: str) -> None:
        self.action_next_tile(1 if direction == "right" else -1)

    def action_next_tile(self, step: int) -> None:
        """From batch to batch, or from tab to tab."""
        if self._detail_open:
            self._move_cursor(step)
        else:
            self._apply_options(browse.switch_tab(self._options, step))

    def action_only(self, name: str) -> None:
        if name == "unreviewed":
            self._apply_options(replace(self._options, unreviewed=not self._options.unreviewed))
        else:
            self._apply_options(replace(self._options, with_findings=not self._options.with_findings))

    def _apply_options(self, options: BatchListOptions) -> None:
        self._options, self._detail_open = options, False
        self._store.close()
        if self._view_state is not None:
            self._store.set_filter(self._build_filters(self._view_state)[0], reset_counts=False)
            self.show_state(self._view_state)

    def action_zoom(self) -> None:
        """The batch under the cursor, whole."""
        if not self._detail_open and browse.get_selected_row(self._store.list_state) is not None:
            self._detail_open = True
            self._open_batch_at_cursor()
            self.post_message(ViewChanged())

    def action_messages(self) -> None:
        self.action_zoom()
        self._messages_open, self._first_row = not self._messages_open and self._detail_open, 0
        self.draw_screen()
        self.post_message(ViewChanged())

    def action_next_unreviewed(self) -> None:
        self.go_to_next_review()

    def go_to_next_review(self, message: str = "") -> None:
        """The next one below; ``message`` is what has just been said."""
        second = self._store.policy.second_person
        self._go_to_next(
            lambda row: is_review_due(row, second_person=second),
            lambda which: replace(which, unreviewed=True, status=which.status or browse.ENDED_STATUSES),
            f"{message} Nothing further down is left to review.".strip(),
        )

    def action_next_exception(self) -> None:
        self._go_to_next(
            lambda row: row.findings > 0, lambda which: replace(which, with_findings=True),
            "Nothing further down has exceptions.",
        )  # fmt: skip

    def _go_to_next(
        self,
        matches: Callable[[BatchRow], bool],
        narrow_filter: Callable[[BatchFilter], BatchFilter],
        not_found_text: str,
    ) -> None:
        browsing = self._store.list_state
        number = browse.find_next_row(browsing, matches)
        if number is not None:
            self._detail_open = True
            self._move_cursor(number - browsing.row)
        elif browsing.has_oldest:
            self.show_message(not_found_text)
        else:
            self._store.find_next(narrow_filter, lambda found: self._finish_jump(found, not_found_text))

    def _finish_jump(self, is_found: bool, not_found_text: str) -> None:
        if is_found:
            self._detail_open = True
            self._open_batch_at_cursor()
        else:
            self.show_message(not_found_text)

    # keys: what is said

    def action_say(self, meaning: str) -> None:
        """About the batch as it is in sight; what decides over one only when it has been looked at."""
        row, wanted = browse.get_selected_row(self._store.list_state), Decision(meaning)
        if row is None:
            return
        if not self._detail_open:
            if wanted is Decision.COMMENT:
                self._enter_review(wanted, row)
            else:
                self.action_zoom()
            return
        detail = self._store.detail
        if detail is None or detail.row.batch_key != row.batch_key:
            self.show_message("The list has changed meanwhile: look at this batch first.")
            self._open_batch_at_cursor()
        elif wanted is not Decision.APPROVED or self._has_been_viewed():
            self._enter_review(wanted, detail.row)

    def _has_been_viewed(self) -> bool:
        sight, since = self._view_state, self._viewed_since
        return sight is not None and since is not None and self._clock() - since >= MIN_VIEW_TIME

    def action_all_clean(self) -> None:
        if self._view_state is not None:
            self._approve_all(self._build_filters(self._view_state)[0])

    def action_view(self, view: str) -> None:
        self.dismiss(view)

    def action_back(self) -> None:
        """From the messages to the batch, to the list, to the plant."""
        if self._messages_open:
            self._messages_open, self._first_row = False, 0
        elif self._detail_open:
            self._detail_open = False
            self._store.close()
        else:
            self.dismiss(None)
            return
        self.draw_screen()
        self.post_message(ViewChanged())
