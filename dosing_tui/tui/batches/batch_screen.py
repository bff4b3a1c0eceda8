"""The batch screen: keys to move among batches, and to review them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from msgspec.structs import replace
from textual.app import ComposeResult

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.tui.batches.batch_screen_view import (
    BatchNavigation,
    BatchScreenSettings,
    BatchScreenState,
    build_list_context,
    render_detail_page,
    render_list_page,
)
from dosing_tui.tui.batches.list_view import build_batch_table
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import BatchListOptions, is_review_due
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.keys.bindings import BATCH_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.footer import KeyHint
from dosing_tui.tui.layout.scope_bar import render_scope_bar
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.console_screen import ListScreen
from dosing_tui.tui.widgets.messages import ViewChanged
from dosing_tui.tui.widgets.visible_rows import VisibleRows, list_table_rows

MIN_VIEW_TIME = timedelta(milliseconds=300)
"""A batch can be approved after it was visible for so long: a key held down approves nothing."""
MIN_UNASKED_VIEW_TIME = timedelta(seconds=1)
"""The same for a batch that a result led to: a key meant for the batch before approves nothing."""


class BatchReviewer(Protocol):
    def review_batch(self, decision: Decision, row: BatchRow) -> None:
        """Enter a review of one batch, or show why it is refused."""

    def approve_all(self, batch_filter: BatchFilter, list_text: str) -> None:
        """Approve the batches without exceptions of the list that ``list_text`` names, if confirmed."""


class BatchScreen(ListScreen):
    """Shows the batches of ``store``; reviews go to ``reviewer``."""

    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *BATCH_KEYS]

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        settings: BatchScreenSettings,
        store: BatchStore,
        reviewer: BatchReviewer,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(theme, hints)
        self._settings = settings
        self._store = store
        self._reviewer = reviewer
        self._clock = clock
        self._scope = LineWidget(theme, id="scope")
        self._body = LineWidget(theme, id="batches")
        self._state: BatchScreenState | None = None
        self._navigation = BatchNavigation()
        self._viewed_row: BatchRow | None = None
        self._viewed_since: datetime | None = None
        self._is_view_unasked = False
        """No key led to the batch in view."""

    def compose(self) -> ComposeResult:
        yield from (self._status, self._banner, self._scope, self._tabs, self._body, self._footer)

    @property
    def screen_title(self) -> str:
        """The screen's name, for the status bar."""
        if self._navigation.is_messages_open:
            return "Batches › Messages"
        return "Batches › Batch" if self._navigation.is_detail_open else "Batches"

    @property
    def footer_mode(self) -> FooterMode:
        """The keys of the list, or of one batch."""
        return FooterMode.BATCH_DETAIL if self._navigation.is_detail_open else FooterMode.BATCH_LIST

    @property
    def body_height(self) -> int:
        """Rows of the list with its heading, or of the batch."""
        return max(2, super().body_height - self._has_scope_row)

    @property
    def has_rows(self) -> bool:
        """The list is open, not one batch."""
        return not self._navigation.is_detail_open

    @property
    def selected_row(self) -> BatchRow | None:
        """The batch at the cursor, or the open one."""
        return browse.get_selected_row(self._store.list_state)

    @property
    def _has_scope_row(self) -> bool:
        summary = self._state.scope_summary if self._state else None
        return summary is not None and bool(summary.range or summary.filters)

    def get_visible_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The loaded rows of the list."""
        if self._state is None:
            return None
        context = build_list_context(self._state, self._store.list_state.rows, self._settings)
        return list_table_rows("batches", build_batch_table(self._store.list_state, context), zone)

    # content

    def on_screen_resume(self) -> None:
        """What covered it has gone: the batch in view is seen from now on."""
        self.draw_screen()

    def on_screen_suspend(self) -> None:
        self._viewed_row = self._viewed_since = None

    def show_state(self, state: BatchScreenState) -> None:
        """Read what is due, and draw."""
        before, self._state = self._state, state
        batch_filter = state.build_filter(self._navigation.options)
        if before is None or (before.scope_summary, before.selection) != (
            state.scope_summary,
            state.selection,
        ):
            self._store.set_filter(batch_filter)
        if not state.range_error:
            self._store.refresh_due(state.now, batch_filter, state.build_filter(BatchListOptions()))
        self.draw_screen()

    def draw_screen(self) -> None:
        state = self._state
        if state is None or not self.is_mounted:
            return
        size = self.size.width, self.body_height
        self._store.list_state = browse.clamp_cursor(self._store.list_state, self.body_height - 1)
        self._scope.display = self._has_scope_row
        if self._has_scope_row:
            self._scope.show_rows(render_scope_bar(state.scope_summary, self.size.width))
        if self._navigation.is_detail_open:
            tabs, body = render_detail_page(state, self._navigation, self._store, self._settings, size)
        else:
            tabs, body = render_list_page(state, self._navigation.options, self._store, self._settings, size)
        self._update_viewed_row()
        self._tabs.show_rows(tabs)
        self._body.show_rows(body)
        self.draw_footer()

    def _update_viewed_row(self) -> None:
        """Since when the batch is visible in its present state, not covered by another screen or a dialog."""
        is_visible = self._navigation.is_detail_open and self.is_current
        detail = self._store.detail if is_visible else None
        row = detail.row if detail is not None else None
        if row is None or row != self._viewed_row:
            self._viewed_row, self._viewed_since = row, self._clock() if row is not None else None

    # keys: navigation

    def _move_cursor(self, step: int) -> None:
        """Move the cursor, and read the pages that come near. A search for another batch is given up."""
        self._store.cancel_search()
        self._is_view_unasked = False
        self._store.list_state = browse.move_cursor(self._store.list_state, step, self.body_height - 1)
        self._store.prefetch_pages(self.body_height)
        self._open_batch_at_cursor()

    def _open_batch_at_cursor(self) -> None:
        """While a batch is open: the batch under the cursor, if it is another one."""
        row, detail = browse.get_selected_row(self._store.list_state), self._store.detail
        is_shown = detail is not None and row is not None and detail.row.batch_key == row.batch_key
        if self._navigation.is_detail_open and row is not None and not is_shown:
            self._navigation.first_row, self._navigation.is_messages_open = 0, False
            self._store.open(row.batch_key)
        self.draw_screen()

    def action_step(self, step: int) -> None:
        if self._navigation.is_detail_open:
            self._navigation.first_row += step
            self.draw_screen()
        else:
            self._move_cursor(step)

    def action_end(self, last: bool) -> None:
        if not last and not self._navigation.is_detail_open:
            self._store.jump_to_top()
        self.action_step(len(self._store.list_state.rows) * (1 if last else -1))

    def action_next_tile(self, step: int) -> None:
        """From batch to batch, or from tab to tab."""
        if self._navigation.is_detail_open:
            self._move_cursor(step)
        else:
            self._apply_options(browse.switch_tab(self._navigation.options, step))

    def action_only(self, name: str) -> None:
        """Switch a filter of the list: ``unreviewed``, ``with_findings`` or ``clean``."""
        self._apply_options(browse.switch_filter(self._navigation.options, name))

    def _apply_options(self, options: BatchListOptions) -> None:
        self._navigation.options, self._navigation.is_detail_open = options, False
        self._store.close()
        if self._state is not None:
            self._store.set_filter(self._state.build_filter(options), reset_counts=False)
            self.show_state(self._state)

    def action_zoom(self) -> None:
        """Open the batch under the cursor."""
        if (
            not self._navigation.is_detail_open
            and browse.get_selected_row(self._store.list_state) is not None
        ):
            self._store.cancel_search()
            self._navigation.is_detail_open, self._is_view_unasked = True, False
            self._open_batch_at_cursor()
            self.post_message(ViewChanged())

    def action_messages(self) -> None:
        self.action_zoom()
        navigation = self._navigation
        navigation.is_messages_open = not navigation.is_messages_open and navigation.is_detail_open
        navigation.first_row = 0
        self.draw_screen()
        self.post_message(ViewChanged())

    def leave_reviewed_batch(self, row: BatchRow, message: str) -> None:
        """To the next one to review, once a review of ``row`` is stored: unless a key has led elsewhere."""
        detail = self._store.detail if self._navigation.is_detail_open else None
        if detail is not None and detail.row.batch_key == row.batch_key:
            self.action_next_unreviewed(message)
            self._is_view_unasked = True

    def action_next_unreviewed(self, message: str = "") -> None:
        """The next batch below that needs a review; ``message`` is repeated where there is none."""
        second_person = self._store.policy.second_person
        self._go_to_next(
            lambda row: is_review_due(row, second_person=second_person),
            lambda base: replace(base, unreviewed=True, status=base.status or browse.ENDED_STATUSES),
            f"{message} No further batch to review below.".strip(),
        )

    def action_next_exception(self) -> None:
        self._go_to_next(
            lambda row: row.findings > 0, lambda base: replace(base, with_findings=True),
            "No further batch with exceptions below.",
        )  # fmt: skip

    def _go_to_next(
        self,
        matches: Callable[[BatchRow], bool],
        narrow_filter: Callable[[BatchFilter], BatchFilter],
        not_found_text: str,
    ) -> None:
        list_state = self._store.list_state
        number = browse.find_next_row(list_state, matches)
        if number is not None:
            self._navigation.is_detail_open = True
            self._move_cursor(number - list_state.row)
        elif list_state.has_oldest:
            self.show_message(not_found_text)
        else:
            self._store.find_next(narrow_filter, not_found_text)

    def open_batch_at(self, device_id: str, at: datetime, *, in_list: bool) -> None:
        """The batch of a dose; ``in_list``: the list, with the cursor on that batch."""
        self._navigation.is_list_skipped, self._navigation.is_jump_in_list = not in_list, in_list
        self._store.find_batch_at(
            device_id, at, "No stored batch contains this dose. A new one takes seconds."
        )

    def finish_jump(self, is_found: bool, not_found_text: str) -> None:
        """After a search in the database for the next matching batch."""
        navigation = self._navigation
        if is_found:
            navigation.is_detail_open = navigation.is_detail_open or not navigation.is_jump_in_list
            self._open_batch_at_cursor()
        else:
            navigation.is_list_skipped = False
            self.show_message(not_found_text)
        navigation.is_jump_in_list = False

    # keys: reviews

    def action_review(self, decision_name: str) -> None:
        """Review the open batch. In the list, only a comment is possible; other keys open the batch."""
        row, decision = browse.get_selected_row(self._store.list_state), Decision(decision_name)
        if row is None:
            return
        if not self._navigation.is_detail_open:
            if decision is Decision.COMMENT:
                self._reviewer.review_batch(decision, row)
            else:
                self.action_zoom()
            return
        detail = self._store.detail
        if detail is None or detail.row.batch_key != row.batch_key:
            self.show_message("The list has changed: check this batch first.")
            self._open_batch_at_cursor()
        elif decision is not Decision.APPROVED or self._has_been_viewed():
            self._reviewer.review_batch(decision, detail.row)

    def _has_been_viewed(self) -> bool:
        needed = MIN_UNASKED_VIEW_TIME if self._is_view_unasked else MIN_VIEW_TIME
        return self._viewed_since is not None and self._clock() - self._viewed_since >= needed

    def action_all_clean(self) -> None:
        if self._state is not None:
            options, summary = self._navigation.options, self._state.scope_summary
            list_text = browse.describe_list(options, summary.range, summary.filters)
            self._reviewer.approve_all(self._state.build_filter(options), list_text)

    def action_back(self) -> None:
        """From the messages to the batch, to the list, to the dashboard."""
        navigation = self._navigation
        if navigation.is_messages_open:
            navigation.is_messages_open, navigation.first_row = False, 0
        elif navigation.is_detail_open and not navigation.is_list_skipped:
            navigation.is_detail_open = False
            self._store.close()
        else:
            self.dismiss(None)
            return
        self._store.cancel_search()
        self.draw_screen()
        self.post_message(ViewChanged())
