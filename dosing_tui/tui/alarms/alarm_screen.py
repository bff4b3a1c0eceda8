"""The alarm page: lists of alarms in place of the tiles, and the keys that work on them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms import alarm_list
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_list import TABS_WITHOUT_COUNT, AlarmListContext, AlarmListState, AlarmTab
from dosing_tui.tui.alarms.journal_list import JournalHeading, JournalList, render_journal
from dosing_tui.tui.alarms.kpi_view import AlarmKpiState, render_kpis
from dosing_tui.tui.keys.bindings import ALARM_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import AlarmBanner, render_banner
from dosing_tui.tui.layout.layout import arrange_tiles
from dosing_tui.tui.layout.status_and_footer import (
    KeyHint,
    StatusBarState,
    render_footer,
    render_message,
    render_status_bar,
)
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.dashboard_screen import MESSAGE_DURATION_S
from dosing_tui.tui.widgets.messages import ViewChanged
from dosing_tui.tui.widgets.visible_rows import VisibleRows, list_table_rows

FIXED_ROWS = 3
"""Rows of status, tabs and keys."""


class AlarmScreenActions(Protocol):
    """Who does what the page's keys ask for."""

    def request_action(self, action: AlarmAction, views: Sequence[AlarmView]) -> None: ...
    def open_alarm(self, view: AlarmView) -> None: ...
    def load_kpis(self) -> None: ...
    def move_journal(self, step: int, height: int) -> None: ...
    def go_to_journal_end(self, is_oldest: bool, height: int) -> None: ...
    def open_entry(self) -> None: ...


class AlarmScreen(Screen[str]):
    """Ends with the view that was asked for, or None."""

    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *ALARM_KEYS]

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        zone: tzinfo,
        actions: AlarmScreenActions,
    ) -> None:
        super().__init__()
        minimal_repaint.install_compositor(self)
        self._hints = hints
        self._zone = zone
        self._alarm_actions = actions
        self._kpis = AlarmKpiState()
        self._journal = JournalList()
        self._heading = JournalHeading()
        self._status = LineWidget(theme, id="status")
        self._banner = LineWidget(theme, id="notices")
        self._tabs = LineWidget(theme, id="tabs")
        self._list = LineWidget(theme, id="alarms")
        self._footer = LineWidget(theme, id="keys")
        self._message_timer: Timer | None = None
        self._alarms = alarm_list.EMPTY_SNAPSHOT
        self._now: datetime | None = None
        self._list_state = AlarmListState()

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._tabs
        yield self._list
        yield self._footer

    @property
    def screen_title(self) -> str:
        """What is on the screen, for the status bar."""
        return "Alarms"

    @property
    def is_journal_tab(self) -> bool:
        """The journal is in sight."""
        return self._list_state.tab is AlarmTab.JOURNAL

    @property
    def is_kpi_tab(self) -> bool:
        """The health of the alarms is in sight."""
        return self._list_state.tab is AlarmTab.KPIS

    def apply_theme(self, theme: TerminalTheme) -> None:
        for widget in self.query(LineWidget):
            widget.apply_theme(theme)

    def get_focused_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The list in sight, whole."""
        if self._now is None or self._list_state.tab in TABS_WITHOUT_COUNT:
            return None
        table = alarm_list.build_alarm_table(
            self._list_state, self._alarms, AlarmListContext(self._now, zone)
        )
        return list_table_rows(f"alarms {self._list_state.tab.value}".lower(), table, zone)

    # what the app gives

    def show_status(self, status: StatusBarState) -> None:
        self._status.show_rows(render_status_bar(status, self.size.width))

    def show_banner(self, banner: AlarmBanner, stamp: Callable[[datetime], str]) -> None:
        rows = arrange_tiles(*self.size).banner_rows
        self._banner.styles.height = rows
        self._banner.show_rows(render_banner(banner, stamp, self.size.width, rows))

    def show_alarms(self, snapshot: AlarmSnapshot, now: datetime) -> None:
        self._alarms, self._now = snapshot, now
        self._draw_screen()

    def show_kpis(self, news: AlarmKpiState) -> None:
        self._kpis = news
        self._draw_screen()

    def show_journal(self, journal: JournalList, heading: JournalHeading) -> None:
        self._journal, self._heading = journal, heading
        if self.is_journal_tab:
            self._draw_screen()

    def show_message(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        self._footer.show_rows(render_message(clean_line(sentence), self.size.width))
        if self._message_timer is not None:
            self._message_timer.stop()
        self._message_timer = self.set_timer(MESSAGE_DURATION_S, self._clear_message)

    def _clear_message(self) -> None:
        self._message_timer = None
        self._draw_screen()

    # drawing

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(ViewChanged())

    @property
    def _visible_rows(self) -> int:
        """Rows of alarms below the heading."""
        return max(1, self.size.height - FIXED_ROWS - arrange_tiles(*self.size).banner_rows - 1)

    def _draw_screen(self) -> None:
        if self._now is None:
            return
        width = self.size.width
        self._list_state = alarm_list.clamp_cursor(self._list_state, self._alarms, self._visible_rows)
        self._tabs.show_rows(alarm_list.render_alarm_tabs(self._list_state, self._alarms, width))
        self._list.show_rows(
            self._render_tab(AlarmListContext(self._now, self._zone), width, self._visible_rows + 1)
        )
        if self._message_timer is None:
            hints = self._hints[FooterMode.JOURNAL if self.is_journal_tab else FooterMode.ALARM_LIST]
            self._footer.show_rows(render_footer(hints, width))

    def _render_tab(self, context: AlarmListContext, width: int, height: int) -> Rows:
        if self._list_state.tab is AlarmTab.KPIS:
            return render_kpis(self._kpis, context, width, height)
        if self._list_state.tab is AlarmTab.JOURNAL:
            return render_journal(self._journal, self._heading, context, width, height)
        return alarm_list.render_alarm_list(self._list_state, self._alarms, context, width, height)

    # keys

    def action_step(self, step: int) -> None:
        if self.is_journal_tab:
            self._alarm_actions.move_journal(step, self._visible_rows + 1)
            return
        self._list_state = alarm_list.move_cursor(self._list_state, self._alarms, step, self._visible_rows)
        self._draw_screen()

    def action_page(self, step: int) -> None:
        self.action_step(step * self._visible_rows)

    def action_end(self, last: bool) -> None:
        if self.is_journal_tab:
            self._alarm_actions.go_to_journal_end(last, self._visible_rows + 1)
            return
        self.action_step(
            len(alarm_list.list_alarms(self._alarms, self._list_state.tab)) * (1 if last else -1)
        )

    def action_next_tile(self, step: int) -> None:
        """From list to list."""
        self._list_state = alarm_list.switch_tab(self._list_state, step)
        if self._list_state.tab is AlarmTab.KPIS:
            self._alarm_actions.load_kpis()
        elif self._list_state.tab is AlarmTab.JOURNAL:
            self.post_message(ViewChanged())
        self._draw_screen()

    def action_move(self, direction: str) -> None:
        self.action_next_tile(1 if direction == "right" else -1)

    def action_zoom(self) -> None:
        if self.is_journal_tab:
            self._alarm_actions.open_entry()
            return
        chosen = alarm_list.get_selected_alarm(self._list_state, self._alarms)
        if chosen is not None:
            self._alarm_actions.open_alarm(chosen)

    def action_wish(self, wish: str) -> None:
        """About the alarm under the cursor, or about those in sight."""
        if AlarmAction(wish) is AlarmAction.ACKNOWLEDGE_ALL:
            self._alarm_actions.request_action(
                AlarmAction.ACKNOWLEDGE_ALL,
                alarm_list.list_visible_unacknowledged(self._list_state, self._alarms, self._visible_rows),
            )
            return
        chosen = alarm_list.get_selected_alarm(self._list_state, self._alarms)
        if chosen is not None:
            self._alarm_actions.request_action(AlarmAction(wish), [chosen])

    def action_view(self, view: str) -> None:
        self.dismiss(view)

    def action_back(self) -> None:
        self.dismiss(None)
