"""The frame of every full screen: status bar and alarm banner at the top, keys or a message at the foot."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

from textual import events, on
from textual.timer import Timer

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import AlarmBanner, render_banner
from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.layout.layout import arrange_tiles
from dosing_tui.tui.layout.message_rows import render_message
from dosing_tui.tui.layout.status_bar import StatusBarState, render_status_bar
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.click_target import (
    KeyTarget,
    find_selected_row,
    find_selected_tab,
    list_tabs,
)
from dosing_tui.tui.rendering.line_widget import CellClicked, KeyClicked, LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen
from dosing_tui.tui.widgets.messages import BannerClicked, ViewChanged
from dosing_tui.tui.widgets.visible_rows import VisibleRows

Result = TypeVar("Result")
MESSAGE_DURATION_S = 6.0
MAX_MESSAGE_CELLS = 600
_MAX_TABS = 12
FIXED_ROWS = 3
"""Rows of status bar, tabs and keys."""


class ConsoleScreen(ClosableScreen[Result]):
    """Draws the frame; a subclass draws what is between."""

    def __init__(self, theme: TerminalTheme, hints: Mapping[FooterMode, Sequence[KeyHint]]) -> None:
        super().__init__()
        minimal_repaint.install_compositor(self)
        self._hints = hints
        self._status = LineWidget(theme, id="status")
        self._banner = LineWidget(theme, id="notices")
        self._footer = LineWidget(theme, id="keys")
        self._drawn_status: tuple[StatusBarState, int] | None = None
        self._drawn_banner: tuple[object, ...] = ()
        """What the banner in sight was drawn from."""
        self._message_text = ""
        self._message_timer: Timer | None = None

    @property
    @abstractmethod
    def screen_title(self) -> str:
        """The screen's name, for the status bar."""

    @property
    @abstractmethod
    def footer_mode(self) -> FooterMode:
        """The keys at the foot."""

    @property
    def banner_rows(self) -> int:
        """Height of the alarm banner."""
        return arrange_tiles(*self.size).banner_rows

    @abstractmethod
    def get_visible_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The rows in view, for an export; None where there are none."""

    def apply_theme(self, theme: TerminalTheme) -> None:
        """Draw the same cells in other colours."""
        for widget in self.query(LineWidget):
            widget.apply_theme(theme)

    def show_status(self, status: StatusBarState) -> None:
        if (wanted := (status, self.size.width)) != self._drawn_status:
            self._drawn_status = wanted
            self._status.show_rows(render_status_bar(*wanted))

    def show_banner(self, banner: AlarmBanner, format_time: Callable[[datetime], str]) -> None:
        width, height = self.size.width, self.banner_rows
        times = [line.at and format_time(line.at) for line in banner.lines[:height]]
        if (wanted := (banner, times, width, height)) == self._drawn_banner:
            return
        self._drawn_banner = wanted
        self._banner.styles.height = height
        self._banner.show_rows(render_banner(banner, format_time, width, height))

    def show_message(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        if self._message_timer is not None:
            self._message_timer.stop()
        self._message_text = clean_line(sentence, MAX_MESSAGE_CELLS)
        self._message_timer = self.set_timer(MESSAGE_DURATION_S, self.clear_message)
        self.draw_footer()

    def clear_message(self) -> None:
        """The keys again."""
        if self._message_timer is not None:
            self._message_timer.stop()
            self._message_timer = None
        self._message_text = ""
        self.draw_footer()

    # the mouse, a second way to what the keys do

    @on(CellClicked)
    def _act_on_click(self, event: CellClicked) -> None:
        if event.widget is self._banner:
            self.post_message(BannerClicked())
        elif event.widget not in (self._status, self._footer):
            self.take_click(event)

    @on(WheelTurned)
    def _act_on_wheel(self, event: WheelTurned) -> None:
        self.take_wheel(event)

    @abstractmethod
    def take_click(self, event: CellClicked) -> None:
        """A click between banner and footer, beside the keys."""

    @abstractmethod
    def take_wheel(self, event: WheelTurned) -> None:
        """The wheel, above any widget of the screen."""

    def press_enter(self, event: CellClicked) -> None:
        """A double click is the key enter."""
        self.post_message(KeyClicked(event.widget, KeyTarget("enter", None)))

    def draw_footer(self) -> None:
        """The message, else the keys."""
        width, height = self.size
        rows = (
            render_message(self._message_text, width, height)
            if self._message_text
            else render_footer(self._hints[self.footer_mode], width)
        )
        self._footer.styles.height = len(rows)
        self._footer.show_rows(rows)


class ListScreen(ConsoleScreen[str]):
    """A screen with tabs above a list. Its result is the dashboard view to go to, or None."""

    def __init__(self, theme: TerminalTheme, hints: Mapping[FooterMode, Sequence[KeyHint]]) -> None:
        super().__init__(theme, hints)
        self._tabs = LineWidget(theme, id="tabs")

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(ViewChanged())

    @property
    def body_height(self) -> int:
        """Rows between the tabs and the keys."""
        return max(2, self.size.height - FIXED_ROWS - self.banner_rows)

    @abstractmethod
    def action_step(self, step: int) -> None:
        """Move the cursor down, or up for a negative number."""

    @abstractmethod
    def action_next_tile(self, step: int) -> None:
        """Go to the tab to the right, or to the left."""

    @property
    def has_rows(self) -> bool:
        """A list is open: a click selects one of its rows."""
        return True

    @property
    def row_height(self) -> int:
        """Lines of each row of the list."""
        return 1

    def take_click(self, event: CellClicked) -> None:
        """A tab is opened, a row selected; twice is the key enter."""
        if event.widget is self._tabs:
            self._open_tab(event.x)
        elif self.has_rows and isinstance(event.widget, LineWidget):
            self._select_row(event, event.widget)

    def take_wheel(self, event: WheelTurned) -> None:
        self.action_step(event.step)

    def _open_tab(self, x: int) -> None:
        """Step by step: a screen may have more tabs than it has room to show."""
        for _ in range(_MAX_TABS):
            row = self._tabs.shown_rows[0]
            selected = find_selected_tab(row)
            is_tab = any(tab.start <= x < tab.end for tab in list_tabs(row))
            if selected is None or not is_tab or selected.start <= x < selected.end:
                return
            self.action_next_tile(1 if x >= selected.end else -1)

    def _select_row(self, event: CellClicked, widget: LineWidget) -> None:
        selected = find_selected_row(widget.shown_rows, event.x)
        cell = widget.shown_rows[event.y][event.x]
        is_blank = all(character in ("", " ") for character, _ in widget.shown_rows[event.y])
        if selected is None or is_blank or cell[1].bg is ColourRole.BAR_BACKGROUND:
            return
        if step := (event.y - selected) // self.row_height:
            self.action_step(step)
        elif event.is_double:
            self.press_enter(event)

    def action_page(self, pages: int) -> None:
        self.action_step(pages * (self.body_height - 1))

    def action_move(self, direction: str) -> None:
        self.action_next_tile(1 if direction == "right" else -1)

    def action_view(self, view: str) -> None:
        self.dismiss(view)
