"""The batch review screen as it is drawn: the list of batches, or one of them whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batches.recipe_matching import split_ingredients
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.live_state import LiveSnapshot
from dosing_tui.tui.batches.detail_header import SignerInfo, render_detail_header
from dosing_tui.tui.batches.detail_view import BatchDetailContext, render_batch_detail, render_batch_messages
from dosing_tui.tui.batches.list_view import (
    BatchListContext,
    BatchListHeader,
    build_batch_table,
    render_batch_list,
    render_batch_tabs,
)
from dosing_tui.tui.batches.live_batch import apply_live_messages
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import BatchListOptions, build_batch_filter
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import AlarmBanner, render_banner
from dosing_tui.tui.layout.layout import arrange_tiles
from dosing_tui.tui.layout.status_and_footer import (
    KeyHint,
    ScopeSummary,
    StatusBarState,
    render_footer,
    render_message,
    render_scope_bar,
    render_status_bar,
)
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.canvas import Rows, render_paragraph
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.number_format import shorten_names
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.dashboard_screen import MESSAGE_DURATION_S
from dosing_tui.tui.widgets.messages import ViewChanged
from dosing_tui.tui.widgets.visible_rows import VisibleRows, list_table_rows

FIXED_ROWS = 3
"""Rows of status, tabs and keys."""


@dataclass(frozen=True, slots=True)
class BatchScreenSettings:
    """What does not change while the page is open."""

    zone: tzinfo
    calendar: ShiftCalendar
    filter_keys: tuple[str, str]
    """Only those to review, only those with exceptions."""


@dataclass(frozen=True, slots=True)
class BatchScreenState:
    """What the app gives at every tick. ``time_range`` None is all; ``trouble``: the range has no meaning."""

    snapshot: LiveSnapshot
    now: datetime
    time_range: TimeRange | None
    selection: Selection
    scope_summary: ScopeSummary
    signer: SignerInfo
    range_error: str = ""


class BatchScreenView(Screen[str]):
    """Keys are the page's; here is what they move, and how it looks."""

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        settings: BatchScreenSettings,
        store: BatchStore,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__()
        minimal_repaint.install_compositor(self)
        self._hints = hints
        self._settings = settings
        self._store = store
        self._clock = clock
        self._status = LineWidget(theme, id="status")
        self._banner = LineWidget(theme, id="notices")
        self._scope = LineWidget(theme, id="scope")
        self._tabs = LineWidget(theme, id="tabs")
        self._body = LineWidget(theme, id="batches")
        self._footer = LineWidget(theme, id="keys")
        self._message_timer: Timer | None = None
        self._view_state: BatchScreenState | None = None
        self._options = BatchListOptions()
        self._detail_open = False
        """One batch has all the room."""
        self._messages_open = False
        self._first_row = 0
        self._viewed_row: BatchRow | None = None
        self._viewed_since: datetime | None = None

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._scope
        yield self._tabs
        yield self._body
        yield self._footer

    @property
    def screen_title(self) -> str:
        """What is on the screen, for the status bar."""
        return (
            "Batches › Messages"
            if self._messages_open
            else "Batches › One"
            if self._detail_open
            else "Batches"
        )

    def apply_theme(self, theme: TerminalTheme) -> None:
        for widget in self.query(LineWidget):
            widget.apply_theme(theme)

    def get_focused_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The list as far as it is read."""
        if self._view_state is None:
            return None
        return list_table_rows(
            "batches",
            build_batch_table(self._store.list_state, self._build_list_context(self._view_state)),
            zone,
        )

    # what the app gives

    def show_status(self, status: StatusBarState) -> None:
        self._status.show_rows(render_status_bar(status, self.size.width))

    def show_banner(self, banner: AlarmBanner, stamp: Callable[[datetime], str]) -> None:
        rows = arrange_tiles(*self.size).banner_rows
        self._banner.styles.height = rows
        self._banner.show_rows(render_banner(banner, stamp, self.size.width, rows))

    def show_state(self, state: BatchScreenState) -> None:
        """Read what is due, and draw what there is."""
        before, self._view_state = self._view_state, state
        which, base = self._build_filters(state)
        if before is None or (before.scope_summary, before.selection) != (
            state.scope_summary,
            state.selection,
        ):
            self._store.set_filter(which)
        if not state.range_error:
            self._store.refresh_due(state.now, which, base)
        self.draw_screen()

    def show_message(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        self._footer.show_rows(render_message(clean_line(sentence, 300), self.size.width))
        if self._message_timer is not None:
            self._message_timer.stop()
        self._message_timer = self.set_timer(MESSAGE_DURATION_S, self._clear_message)

    def _clear_message(self) -> None:
        self._message_timer = None
        self.draw_screen()

    # drawing

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(ViewChanged())

    @property
    def _has_scope_row(self) -> bool:
        chosen = self._view_state.scope_summary if self._view_state else None
        return chosen is not None and bool(chosen.range or chosen.filters)

    @property
    def _body_height(self) -> int:
        """Rows of the list, its heading included, or of the batch."""
        return max(
            2, self.size.height - FIXED_ROWS - arrange_tiles(*self.size).banner_rows - self._has_scope_row
        )

    def _build_filters(self, state: BatchScreenState) -> tuple[BatchFilter, BatchFilter]:
        base = build_batch_filter(BatchListOptions(), state.time_range, state.selection)
        return build_batch_filter(self._options, state.time_range, state.selection), base

    def _build_list_context(self, state: BatchScreenState) -> BatchListContext:
        names = tuple(dict.fromkeys([name for name, _ in state.snapshot.device_last_seen]))
        seen = {*names, *(row.device_id for row in self._store.list_state.rows)}
        short = shorten_names(tuple(seen))
        return BatchListContext(
            state.now, self._settings.zone, tuple(short.items()) if len(short) > 1 else ()
        )

    def draw_screen(self) -> None:
        """Everything, as it is now."""
        sight = self._view_state
        if sight is None or not self.is_mounted:
            return
        width, height = self.size.width, self._body_height
        shelf = self._store
        shelf.list_state = browse.clamp_cursor(shelf.list_state, height - 1)
        self._scope.display = self._has_scope_row
        if self._has_scope_row:
            self._scope.show_rows(render_scope_bar(sight.scope_summary, width))
        if self._detail_open:
            self._draw_detail(sight, width, height)
        else:
            self._viewed_row, self._viewed_since = None, None
            head = BatchListHeader(self._options, shelf.counts, self._settings.filter_keys)
            self._tabs.show_rows(render_batch_tabs(head, width))
            self._body.show_rows(
                render_batch_list(
                    shelf.list_state,
                    self._build_list_context(sight),
                    width,
                    height,
                    empty_text=self._explain_empty_list(sight),
                )
            )
        if self._message_timer is None:
            self._footer.show_rows(
                render_footer(
                    self._hints[FooterMode.BATCH_DETAIL if self._detail_open else FooterMode.BATCH_LIST],
                    width,
                )
            )

    def _explain_empty_list(self, state: BatchScreenState) -> str:
        """Why the list is empty."""
        if state.range_error or self._store.error:
            return f"no list\n{clean_line(state.range_error or self._store.error, 400)}"
        if not self._store.is_loaded:
            return "waiting for the first answer"
        return "No batch here is what you look for: ← → and the marked keys above show others."

    def _draw_detail(self, state: BatchScreenState, width: int, height: int) -> None:
        shelf = self._store
        rows = self._render_detail(state, width)
        self._first_row = max(0, min(self._first_row, len(rows) - height))
        below = len(rows) - height - self._first_row
        place = "↓ more below" if below > 0 else "↑ more above" if self._first_row else ""
        if shelf.error:
            place = f"▲ {clean_line(shelf.error, 200)}"
        self._tabs.show_rows(render_detail_header(place, state.signer, width))
        blank = [[(" ", TEXT)] * width] * max(0, height - len(rows))
        self._body.show_rows([*rows[self._first_row : self._first_row + height], *blank])

    def _render_detail(self, state: BatchScreenState, width: int) -> Rows:
        detail = self._store.detail
        if detail is None:
            self._viewed_row, self._viewed_since = None, None
            return render_paragraph(self._store.error or "waiting for the batch", width, self._body_height)
        if self._viewed_row != detail.row:
            self._viewed_row, self._viewed_since = detail.row, self._clock()
        batch = split_ingredients(
            apply_live_messages(detail.batch, state.snapshot, state.now), detail.assessment.split_chemicals
        )
        if self._messages_open:
            return render_batch_messages(batch, self._settings.zone, width)
        around = BatchDetailContext(
            state.now, self._settings.zone, self._settings.calendar, self._store.context_events
        )
        return render_batch_detail(detail, batch, around, width)
