"""The alarm screen: lists of alarms, the journal and the KPIs, and their keys."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from textual.app import ComposeResult

from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.tui.alarms import alarm_list
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_list import TABS_WITHOUT_COUNT, AlarmListContext, AlarmListState, AlarmTab
from dosing_tui.tui.alarms.journal_list import JournalHeading, JournalList, render_journal
from dosing_tui.tui.alarms.kpi_view import AlarmKpiState, render_kpis
from dosing_tui.tui.keys.bindings import ALARM_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.console_screen import ListScreen
from dosing_tui.tui.widgets.messages import ViewChanged
from dosing_tui.tui.widgets.visible_rows import VisibleRows, list_table_rows


class AlarmActions(Protocol):
    def request_action(self, action: AlarmAction, views: Sequence[AlarmView]) -> None:
        """Act on alarms, or show why that is refused."""

    def open_alarm(self, view: AlarmView) -> None:
        """Open the detail of one alarm."""


class JournalActions(Protocol):
    """``height``: rows of the list with its heading."""

    def move_journal(self, step: int, height: int) -> None:
        """Move the cursor by so many entries."""

    def go_to_journal_end(self, is_oldest: bool, height: int) -> None:
        """Move the cursor to the oldest loaded entry, or to the newest."""

    def open_entry(self) -> None:
        """Show the entry under the cursor in full."""


class AlarmScreen(ListScreen):
    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *ALARM_KEYS]
    screen_title = "Alarms"

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        zone: tzinfo,
        alarm_actions: AlarmActions,
        *,
        journal: JournalActions,
        load_kpis: Callable[[], None],
        short_names: Mapping[str, str],
    ) -> None:
        """``load_kpis`` reads the alarm KPIs; the result goes to ``show_kpis``."""
        super().__init__(theme, hints)
        self._zone = zone
        self._alarm_actions = alarm_actions
        self._journal_actions = journal
        self._load_kpis = load_kpis
        self._short_names = short_names
        self._kpis = AlarmKpiState()
        self._journal = JournalList()
        self._heading = JournalHeading()
        self._list = LineWidget(theme, id="alarms")
        self._alarms = alarm_list.EMPTY_SNAPSHOT
        self._now: datetime | None = None
        self._list_state = AlarmListState()

    def compose(self) -> ComposeResult:
        yield from (self._status, self._banner, self._tabs, self._list, self._footer)

    @property
    def is_journal_tab(self) -> bool:
        """The journal is the open tab."""
        return self._list_state.tab is AlarmTab.JOURNAL

    @property
    def is_kpi_tab(self) -> bool:
        """The KPIs are the open tab."""
        return self._list_state.tab is AlarmTab.KPIS

    @property
    def footer_mode(self) -> FooterMode:
        """The keys of the open tab."""
        return FooterMode.JOURNAL if self.is_journal_tab else FooterMode.ALARM_LIST

    def get_visible_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The whole list of the open tab."""
        if self._now is None or self._list_state.tab in TABS_WITHOUT_COUNT:
            return None
        table = alarm_list.build_alarm_table(
            self._list_state, self._alarms, AlarmListContext(self._now, zone, self._short_names)
        )
        return list_table_rows(f"alarms {self._list_state.tab.value}".lower(), table, zone)

    # content

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

    # drawing

    @property
    def _visible_rows(self) -> int:
        """Rows of alarms below the heading."""
        return self.body_height - 1

    def _draw_screen(self) -> None:
        if self._now is None:
            return
        width = self.size.width
        self._list_state = alarm_list.clamp_cursor(self._list_state, self._alarms, self._visible_rows)
        self._tabs.show_rows(alarm_list.render_alarm_tabs(self._list_state, self._alarms, width))
        self._list.show_rows(
            self._render_tab(
                AlarmListContext(self._now, self._zone, self._short_names), width, self.body_height
            )
        )
        self.draw_footer()

    def _render_tab(self, context: AlarmListContext, width: int, height: int) -> Rows:
        if self.is_kpi_tab:
            return render_kpis(self._kpis, context, width, height)
        if self.is_journal_tab:
            return render_journal(self._journal, self._heading, context, width, height)
        return alarm_list.render_alarm_list(self._list_state, self._alarms, context, width, height)

    # keys

    def action_step(self, step: int) -> None:
        if self.is_journal_tab:
            self._journal_actions.move_journal(step, self.body_height)
        else:
            move = alarm_list.move_cursor
            self._list_state = move(self._list_state, self._alarms, step, self._visible_rows)
            self._draw_screen()

    def action_end(self, last: bool) -> None:
        if self.is_journal_tab:
            self._journal_actions.go_to_journal_end(last, self.body_height)
        else:
            count = len(alarm_list.list_alarms(self._alarms, self._list_state.tab))
            self.action_step(count if last else -count)

    def action_next_tile(self, step: int) -> None:
        """From tab to tab."""
        self._list_state = alarm_list.switch_tab(self._list_state, step)
        if self.is_kpi_tab:
            self._load_kpis()
        elif self.is_journal_tab:
            self.post_message(ViewChanged())
        self._draw_screen()

    def action_zoom(self) -> None:
        if self.is_journal_tab:
            self._journal_actions.open_entry()
        elif (chosen := self._selected_alarm) is not None:
            self._alarm_actions.open_alarm(chosen)

    def action_wish(self, wish: str) -> None:
        """Act on the alarm under the cursor, or on all visible ones."""
        action = AlarmAction(wish)
        if action is AlarmAction.ACKNOWLEDGE_ALL:
            unacknowledged = alarm_list.list_visible_unacknowledged
            views = unacknowledged(self._list_state, self._alarms, self._visible_rows)
            self._alarm_actions.request_action(action, views)
        elif (chosen := self._selected_alarm) is not None:
            self._alarm_actions.request_action(action, [chosen])

    @property
    def _selected_alarm(self) -> AlarmView | None:
        return alarm_list.get_selected_alarm(self._list_state, self._alarms)

    def action_back(self) -> None:
        self.dismiss(None)
