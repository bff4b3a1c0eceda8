"""The alarm screen: lists of alarms, the journal and the KPIs, and their keys."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from msgspec.structs import replace
from textual.app import ComposeResult

from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.tui.alarms import alarm_list
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_detail_pane import choose_pane_width, render_detail_pane
from dosing_tui.tui.alarms.alarm_list import TABS_WITHOUT_COUNT, AlarmListContext, AlarmListState, AlarmTab
from dosing_tui.tui.alarms.alarm_rows import AlarmListOptions, AlarmRow, AlarmRows, build_rows
from dosing_tui.tui.alarms.alarm_table import (
    AlarmList,
    build_alarm_table,
    choose_row_height,
    render_alarm_list,
    render_caption,
)
from dosing_tui.tui.alarms.journal_list import JournalHeading, JournalList, render_journal
from dosing_tui.tui.alarms.kpi_view import AlarmKpiState, render_kpis
from dosing_tui.tui.keys.bindings import ALARM_KEYS, ALARM_LIST_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.footer import KeyHint
from dosing_tui.tui.rendering.canvas import Canvas, Rows
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

    def set_list_options(self, options: AlarmListOptions) -> None:
        """Show the lists so, also when the screen is opened again."""

    def show_notice(self, sentence: str) -> None:
        """At the foot of the screen."""


class JournalActions(Protocol):
    """``height``: rows of the list with its heading."""

    def move_journal(self, step: int, height: int) -> None:
        """Move the cursor by so many entries."""

    def go_to_journal_end(self, is_oldest: bool, height: int) -> None:
        """Move the cursor to the oldest loaded entry, or to the newest."""

    def open_entry(self) -> None:
        """Show the entry under the cursor in full."""


class AlarmScreen(ListScreen):
    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *ALARM_KEYS, *ALARM_LIST_KEYS]
    screen_title = "Alarms"

    def __init__(
        self,
        theme: TerminalTheme,
        hints: Mapping[FooterMode, Sequence[KeyHint]],
        zone: tzinfo,
        alarm_actions: AlarmActions,
        *,
        short_names: Mapping[str, str],
        options: AlarmListOptions,
        journal: JournalActions,
        load_kpis: Callable[[], None],
    ) -> None:
        """``load_kpis`` reads the alarm KPIs; the result goes to ``show_kpis``."""
        super().__init__(theme, hints)
        self._zone, self._short_names = zone, short_names
        self._alarm_actions = alarm_actions
        self._journal_actions = journal
        self._load_kpis = load_kpis
        self._kpis = AlarmKpiState()
        self._journal = JournalList()
        self._heading = JournalHeading()
        self._list = LineWidget(theme, id="alarms")
        self._alarms = alarm_list.EMPTY_SNAPSHOT
        self._now: datetime | None = None
        self._list_state = AlarmListState()
        self._options = options
        self._rows = AlarmRows()

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
        """The whole list of the open tab, each alarm of a group for itself."""
        if self._now is None or self._list_state.tab in TABS_WITHOUT_COUNT:
            return None
        views = [view for row in self._rows.rows for view in row.views]
        table = build_alarm_table(self._list_state.tab, views, AlarmListContext(self._now, zone))
        return list_table_rows(f"alarms {self._list_state.tab.value}".lower(), table, zone)

    # content

    def show_alarms(self, snapshot: AlarmSnapshot, now: datetime) -> None:
        self._alarms, self._now = snapshot, now
        self._draw_screen()

    def show_options(self, options: AlarmListOptions) -> None:
        """The cursor stays on its alarm, or goes to the first one if that is hidden now."""
        self._options = options
        self._draw_screen()

    def expect_acknowledgement(self, keys: Collection[AlarmKey]) -> None:
        """These are being acknowledged: if the cursor is on one of them, it will go on to the next alarm."""
        row = self._selected_row
        is_at_cursor = row is not None and any(view.state.key in keys for view in row.views)
        cursor = self._list_state.cursor_key if is_at_cursor else None
        self._list_state = replace(self._list_state, acknowledging=cursor)

    def show_kpis(self, news: AlarmKpiState) -> None:
        self._kpis = news
        self._draw_screen()

    def show_journal(self, journal: JournalList, heading: JournalHeading) -> None:
        self._journal, self._heading = journal, heading
        if self.is_journal_tab:
            self._draw_screen()

    # drawing

    @property
    def _drawn_list(self) -> AlarmList:
        return AlarmList(self._list_state, self._rows, self._options)

    @property
    def _caption(self) -> Rows:
        return render_caption(self._drawn_list, self._alarms, self.size.width)

    @property
    def row_height(self) -> int:
        """2 or more where each message is below its row: then all rows are in view."""
        if self._now is None or self._list_state.tab in TABS_WITHOUT_COUNT or not self._rows.rows:
            return 1
        width = self.size.width - choose_pane_width(self.size.width)
        context = AlarmListContext(self._now, self._zone, self._short_names)
        return choose_row_height(self._drawn_list, context, width, self.body_height - len(self._caption))

    @property
    def _visible_rows(self) -> int:
        """Rows of alarms below caption and heading."""
        return max(1, self.body_height - 1 - len(self._caption))

    def _draw_screen(self) -> None:
        if self._now is None:
            return
        self._update_rows()
        width = self.size.width
        self._tabs.show_rows(alarm_list.render_alarm_tabs(self._list_state, self._alarms, width))
        self._list.show_rows(
            self._render_tab(
                AlarmListContext(self._now, self._zone, self._short_names), width, self.body_height
            )
        )
        self.draw_footer()

    def _update_rows(self) -> None:
        """From the snapshot; an open group closes when its last alarm has gone."""
        views = alarm_list.list_alarms(self._alarms, self._list_state.tab)
        self._rows = build_rows(views, self._options, self._list_state.open_rule)
        if self._list_state.open_rule and not self._rows.rows:
            self._list_state = replace(self._list_state, open_rule="")
            self._rows = build_rows(views, self._options)
        self._list_state = alarm_list.clamp_cursor(self._list_state, self._rows, self._visible_rows)

    def _render_tab(self, context: AlarmListContext, width: int, height: int) -> Rows:
        if self.is_kpi_tab:
            return render_kpis(self._kpis, context, width, height)
        if self.is_journal_tab:
            return render_journal(self._journal, self._heading, context, width, height)
        canvas, caption, row = Canvas(width, height), self._caption, self._selected_row
        pane_width = choose_pane_width(width) if row is not None else 0
        list_height = height - len(caption)
        rows = render_alarm_list(self._drawn_list, context, width - pane_width, list_height)
        canvas.paste_rows(0, 0, caption)
        canvas.paste_rows(0, len(caption), rows)
        if row is not None and pane_width:
            pane = render_detail_pane(row, context, pane_width, list_height)
            canvas.paste_rows(width - pane_width, len(caption), pane)
        return canvas.rows

    # keys

    def action_step(self, step: int) -> None:
        if self.is_journal_tab:
            self._journal_actions.move_journal(step, self.body_height)
        else:
            move = alarm_list.move_cursor
            self._list_state = move(self._list_state, self._rows, step, self._visible_rows)
            self._draw_screen()

    def action_page(self, pages: int) -> None:
        self.action_step(pages * (self.body_height - 1 if self.is_journal_tab else self._visible_rows))

    def action_end(self, last: bool) -> None:
        if self.is_journal_tab:
            self._journal_actions.go_to_journal_end(last, self.body_height)
        else:
            self.action_step(len(self._rows.rows) * (1 if last else -1))

    def action_next_tile(self, step: int) -> None:
        """From tab to tab."""
        self._list_state = alarm_list.switch_tab(self._list_state, step)
        if self.is_kpi_tab:
            self._load_kpis()
        elif self.is_journal_tab:
            self.post_message(ViewChanged())
        self._draw_screen()

    def action_zoom(self) -> None:
        row = self._selected_row
        if self.is_journal_tab:
            self._journal_actions.open_entry()
        elif row is not None and row.is_group:
            self._list_state = AlarmListState(self._list_state.tab, open_rule=row.first.state.key.rule)
            self._draw_screen()
        elif row is not None:
            self._alarm_actions.open_alarm(row.first)

    def action_wish(self, wish: str) -> None:
        """Act on the alarm under the cursor, or on all visible ones; on a group only to acknowledge it."""
        action, row = AlarmAction(wish), self._selected_row
        if action is AlarmAction.ACKNOWLEDGE_ALL:
            unacknowledged = alarm_list.list_visible_unacknowledged
            views = unacknowledged(self._list_state, self._rows, self._visible_rows)
            self._alarm_actions.request_action(action, views)
        elif row is not None and row.is_group and action not in _GROUP_ACTIONS:
            self._alarm_actions.show_notice("This acts on one alarm. Enter opens the group.")
        elif row is not None:
            self._alarm_actions.request_action(action, row.views)

    def action_sort_alarms(self) -> None:
        """By the next order; the cursor stays on its alarm."""
        if self._list_state.tab not in TABS_WITHOUT_COUNT:
            self._alarm_actions.set_list_options(self._options.sort_by_next())

    @property
    def _selected_row(self) -> AlarmRow | None:
        return alarm_list.get_selected_row(self._list_state, self._rows)

    def action_back(self) -> None:
        """From an open group to the list, with the cursor on the group."""
        if not self._list_state.open_rule:
            self.dismiss(None)
            return
        self._list_state = replace(self._list_state, open_rule="")
        self._draw_screen()


_GROUP_ACTIONS = frozenset({AlarmAction.ACKNOWLEDGE, AlarmAction.ACKNOWLEDGE_WITH_COMMENT})
