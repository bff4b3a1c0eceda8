"""The alarm page: lists of alarms in place of the tiles, and the keys that work on them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms import alarm_list
from dosing_tui.tui.alarms.alarm_actions import Wish
from dosing_tui.tui.alarms.alarm_list import UNCOUNTED, Browsing, Facts, Tab
from dosing_tui.tui.alarms.journal_list import Heading, JournalList, journal_rows
from dosing_tui.tui.alarms.kpi_view import HealthNews, health_rows
from dosing_tui.tui.keys.bindings import ALARM_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.alarm_banner import Banner, banner_rows
from dosing_tui.tui.layout.layout import arrange
from dosing_tui.tui.layout.status_and_footer import KeyHint, Status, footer_rows, said_row, status_rows
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.screens.dashboard_screen import SAID_S
from dosing_tui.tui.widgets.messages import Moved
from dosing_tui.tui.widgets.visible_rows import Shown, of_table

BARS = 3
"""Rows of status, tabs and keys."""


class Office(Protocol):
    """Who does what the page's keys ask for."""

    def wish(self, wish: Wish, views: Sequence[AlarmView]) -> None: ...
    def open_alarm(self, view: AlarmView) -> None: ...
    def read_health(self) -> None: ...
    def move_journal(self, step: int, height: int) -> None: ...
    def end_journal(self, last: bool, height: int) -> None: ...
    def open_entry(self) -> None: ...


class AlarmPage(Screen[str]):
    """Ends with the view that was asked for, or None."""

    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *ALARM_KEYS]

    def __init__(
        self, look: Look, hints: Mapping[Mode, Sequence[KeyHint]], zone: tzinfo, office: Office
    ) -> None:
        super().__init__()
        minimal_repaint.install(self)
        self._hints = hints
        self._zone = zone
        self._office = office
        self._health = HealthNews()
        self._journal = JournalList()
        self._heading = Heading()
        self._status = LineWidget(look, id="status")
        self._banner = LineWidget(look, id="notices")
        self._tabs = LineWidget(look, id="tabs")
        self._list = LineWidget(look, id="alarms")
        self._footer = LineWidget(look, id="keys")
        self._said: Timer | None = None
        self._alarms = alarm_list.UNKNOWN
        self._now: datetime | None = None
        self._browsing = Browsing()

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._tabs
        yield self._list
        yield self._footer

    @property
    def title_now(self) -> str:
        """What is on the screen, for the status bar."""
        return "Alarms"

    @property
    def in_journal(self) -> bool:
        """The journal is in sight."""
        return self._browsing.tab is Tab.JOURNAL

    @property
    def in_health(self) -> bool:
        """The health of the alarms is in sight."""
        return self._browsing.tab is Tab.HEALTH

    def wear(self, look: Look) -> None:
        for widget in self.query(LineWidget):
            widget.wear(look)

    def focused_rows(self, zone: tzinfo) -> Shown | None:
        """The list in sight, whole."""
        if self._now is None or self._browsing.tab in UNCOUNTED:
            return None
        table = alarm_list.list_table(self._browsing, self._alarms, Facts(self._now, zone))
        return of_table(f"alarms {self._browsing.tab.value}".lower(), table, zone)

    # what the app gives

    def show_status(self, status: Status) -> None:
        self._status.put(status_rows(status, self.size.width))

    def show_banner(self, told: Banner, stamp: Callable[[datetime], str]) -> None:
        rows = arrange(*self.size).notices
        self._banner.styles.height = rows
        self._banner.put(banner_rows(told, stamp, self.size.width, rows))

    def show_alarms(self, picture: AlarmPicture, now: datetime) -> None:
        self._alarms, self._now = picture, now
        self._draw()

    def show_health(self, news: HealthNews) -> None:
        self._health = news
        self._draw()

    def show_journal(self, known: JournalList, heading: Heading) -> None:
        self._journal, self._heading = known, heading
        if self.in_journal:
            self._draw()

    def say(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        self._footer.put(said_row(clean_line(sentence), self.size.width))
        if self._said is not None:
            self._said.stop()
        self._said = self.set_timer(SAID_S, self._unsay)

    def _unsay(self) -> None:
        self._said = None
        self._draw()

    # drawing

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(Moved())

    @property
    def _visible(self) -> int:
        """Rows of alarms below the heading."""
        return max(1, self.size.height - BARS - arrange(*self.size).notices - 1)

    def _draw(self) -> None:
        if self._now is None:
            return
        width = self.size.width
        self._browsing = alarm_list.settled(self._browsing, self._alarms, self._visible)
        self._tabs.put(alarm_list.tabs_row(self._browsing, self._alarms, width))
        self._list.put(self._rows(Facts(self._now, self._zone), width, self._visible + 1))
        if self._said is None:
            hints = self._hints[Mode.JOURNAL if self.in_journal else Mode.ALARMS]
            self._footer.put(footer_rows(hints, width))

    def _rows(self, facts: Facts, width: int, height: int) -> Rows:
        if self._browsing.tab is Tab.HEALTH:
            return health_rows(self._health, facts, width, height)
        if self._browsing.tab is Tab.JOURNAL:
            return journal_rows(self._journal, self._heading, facts, width, height)
        return alarm_list.list_rows(self._browsing, self._alarms, facts, width, height)

    # keys

    def action_step(self, step: int) -> None:
        if self.in_journal:
            self._office.move_journal(step, self._visible + 1)
            return
        self._browsing = alarm_list.moved(self._browsing, self._alarms, step, self._visible)
        self._draw()

    def action_page(self, step: int) -> None:
        self.action_step(step * self._visible)

    def action_end(self, last: bool) -> None:
        if self.in_journal:
            self._office.end_journal(last, self._visible + 1)
            return
        self.action_step(len(alarm_list.listed(self._alarms, self._browsing.tab)) * (1 if last else -1))

    def action_next_tile(self, step: int) -> None:
        """From list to list."""
        self._browsing = alarm_list.turned(self._browsing, step)
        if self._browsing.tab is Tab.HEALTH:
            self._office.read_health()
        elif self._browsing.tab is Tab.JOURNAL:
            self.post_message(Moved())
        self._draw()

    def action_move(self, direction: str) -> None:
        self.action_next_tile(1 if direction == "right" else -1)

    def action_zoom(self) -> None:
        if self.in_journal:
            self._office.open_entry()
            return
        chosen = alarm_list.chosen(self._browsing, self._alarms)
        if chosen is not None:
            self._office.open_alarm(chosen)

    def action_wish(self, wish: str) -> None:
        """About the alarm under the cursor, or about those in sight."""
        if Wish(wish) is Wish.ALL:
            self._office.wish(Wish.ALL, alarm_list.in_sight(self._browsing, self._alarms, self._visible))
            return
        chosen = alarm_list.chosen(self._browsing, self._alarms)
        if chosen is not None:
            self._office.wish(Wish(wish), [chosen])

    def action_view(self, view: str) -> None:
        self.dismiss(view)

    def action_back(self) -> None:
        self.dismiss(None)
