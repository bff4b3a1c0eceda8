"""The console: reads the live picture twice a second, asks for panels that are due, and shows both."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from textual import on
from textual.theme import Theme as TextualTheme

from dosing_tui.config.settings import ColourTheme, GlyphMode, Settings
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.ipc.supervised_thread import FailureReporter, ignore_failure
from dosing_tui.live_state import LiveSnapshot, LiveSnapshotSource
from dosing_tui.tui.app.shutdown import ShutdownHandler
from dosing_tui.tui.app.terminal import has_backlog
from dosing_tui.tui.charts.primitives import braille
from dosing_tui.tui.controllers.review_controller import ReviewController
from dosing_tui.tui.data.panel_cache import PanelCache
from dosing_tui.tui.data.query_workers import ConsoleDataSource, PanelReply, QueryWorkers
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen, QuitScreen
from dosing_tui.tui.keys.bindings import APP_KEYS, SCOPE_KEYS, format_keys
from dosing_tui.tui.keys.footer_hints import build_hints
from dosing_tui.tui.layout.status_and_footer import StatusBarState, count_spooled
from dosing_tui.tui.layout.system_notices import find_notices, keep_start_times
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.palette import PALETTES, ColourRole, Palette, choose_palette
from dosing_tui.tui.rendering.theme import TerminalTheme, count_colours
from dosing_tui.tui.scope.render_context import NO_RESULT, PanelResult, RenderContext
from dosing_tui.tui.scope.spool_status import SPOOLS_PANEL
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.tiles.registry import TileRegistry, list_other_panels, list_panels
from dosing_tui.tui.widgets.messages import PanelLoaded, ViewChanged

log = logging.getLogger(__name__)

TICK_S = 0.5
SLOW_TICK_S = 2
REDRAW_DELAY_S = 0.05
SPOOL_WINDOW_TICKS = 10
PRELOAD_DELAY_S = 3.0
"""The first data come first; the first chart of several lines is not to wait for its library then."""
STALE_AFTER = timedelta(milliseconds=300)
"""How long the answer to another range or filter may take before the old one is dimmed."""


def do_nothing() -> None:
    """Nothing starts after the first paint."""


@dataclass(frozen=True, slots=True)
class TerminalOptions:
    """Where the console runs."""

    glyphs: GlyphMode = GlyphMode.UNICODE
    is_monochrome: bool = False
    """The operator wants no colours: shapes, words and bold have to do."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys for bindings, by their ids."""
    log_file: Path | None = None


class DosingApp(ReviewController):
    """``after_first_paint`` is called once something is on the screen: heavy things start there."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [*SCOPE_KEYS, *APP_KEYS]

    def __init__(
        self,
        settings: Settings,
        live_source: LiveSnapshotSource,
        source: ConsoleDataSource,
        clock: Callable[[], datetime],
        *,
        terminal: TerminalOptions = TerminalOptions(),
        after_first_paint: Callable[[], None] = do_nothing,
        on_thread_failure: FailureReporter = ignore_failure,
    ) -> None:
        super().__init__(
            settings,
            live_source,
            source,
            clock,
            QueryWorkers(source, self._post_reply, on_failure=on_thread_failure),
            keymap=terminal.keymap,
            is_monochrome=terminal.is_monochrome,
        )
        self._terminal = terminal
        self._is_dark = settings.console.theme is ColourTheme.DARK
        self._terminal_theme = self._choose_theme()
        self._hints = build_hints(terminal.keymap, has_other_panels=bool(list_other_panels()))
        self._silence_key = format_keys(["silence"], terminal.keymap).split(" ")[0]
        self._batch_filter_keys = (
            format_keys(["batch-unreviewed"], terminal.keymap),
            format_keys(["batch-exceptions"], terminal.keymap),
        )
        self._journal_workers = QueryWorkers(
            source, self._post_reply, threads=1, name="journal", on_failure=on_thread_failure
        )
        self._review_workers = QueryWorkers(
            source, self._post_reply, threads=2, name="reviews", on_failure=on_thread_failure
        )
        self._dashboard = DashboardScreen(self._terminal_theme, self._hints)
        self._after_first_paint = after_first_paint
        self._panel_cache = PanelCache(self._query_workers.submit_panel, source.cancel_panels)
        self._tile_registry = TileRegistry()
        self.shutdown_handler = ShutdownHandler()
        self._frozen_snapshot: LiveSnapshot | None = None
        self._frozen_at = ""
        self._is_redraw_due = False
        self._notice_start_times: dict[str, datetime] = {}
        self._spooled_counts: deque[int] = deque(maxlen=SPOOL_WINDOW_TICKS)

    @property
    def panel_results(self) -> Mapping[str, PanelResult]:
        """The panels' last answers, by panel id."""
        return self._panel_cache.results

    # life

    def on_load(self) -> None:
        self.shutdown_handler.install_handlers(asyncio.get_running_loop(), self._exit_app)

    async def on_mount(self) -> None:
        for palette in PALETTES:
            self.register_theme(_build_textual_theme(palette))
        self.theme = self._terminal_theme.palette.name
        self.set_keymap(dict(self._terminal.keymap))
        await self.push_screen(self._dashboard)
        self._query_workers.start()
        self._journal_workers.start()
        self._review_workers.start()
        self._run_tick()
        self.set_interval(SLOW_TICK_S if self._settings.console.low_bandwidth else TICK_S, self._run_tick)
        self.call_after_refresh(self._after_first_paint)
        self.set_timer(PRELOAD_DELAY_S, partial(self._query_workers.submit_job, braille.preload_plotext))

    def on_unmount(self) -> None:
        self._query_workers.stop()
        self._journal_workers.stop()
        self._review_workers.stop()

    def _exit_app(self, code: int) -> None:
        self.exit(return_code=code)

    def _choose_theme(self) -> TerminalTheme:
        colours = count_colours(self.console.color_system)
        palette = choose_palette(
            is_dark=self._is_dark, colours=colours, is_monochrome=self._terminal.is_monochrome
        )
        return TerminalTheme(palette, self._terminal.glyphs)

    # every tick

    def _run_tick(self) -> None:
        if self.shutdown_handler.check_hangup(asyncio.get_running_loop(), self._exit_app):
            return
        now = self._clock()
        picture = self._live_source.get_snapshot(now)
        self._panel_cache.request_due_panels(
            self._list_due_panels(), self._scope, self.get_time_context(picture)
        )
        self._draw_screen(picture, now)

    def _list_due_panels(self) -> tuple[Panel[Any], ...]:
        """Those of the tiles in sight. While the rest stands still: the books, and what was chosen since."""
        shown = list_panels(self._dashboard.visible_tiles)
        return tuple(
            panel
            for panel in shown
            if not self._frozen_snapshot or panel is SPOOLS_PANEL or self._has_no_result(panel)
        )

    def _has_no_result(self, panel: Panel[Any]) -> bool:
        answer = self._panel_cache.results.get(panel.id, NO_RESULT)
        return answer.rows is None or answer.scope != self._scope

    def _draw_screen(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """Guarded piece by piece; a little later if the line is still busy with the last frame."""
        if has_backlog(self._driver):
            self._schedule_redraw()
            return
        self._run_guarded("status", lambda: self.active_screen.show_status(self._build_status(snapshot, now)))
        self._run_guarded("alarms", lambda: self._update_notices(snapshot, now))
        self._run_guarded("batches", lambda: self.show_batches(snapshot, now))
        self._run_guarded(
            "scope", lambda: self._dashboard.show_scope(self.summarize_scope(self.get_time_context(snapshot)))
        )
        moment = self._build_render_context(self._frozen_snapshot or snapshot, now)
        self._dashboard.set_tank_count(len(moment.levels))
        for name in self._dashboard.visible_tiles:
            content = self._tile_registry.build_content(name, moment, is_large=self._dashboard.is_single_tile)
            self._run_guarded(name, partial(self._dashboard.show_tile, name, content))

    def _build_render_context(self, snapshot: LiveSnapshot, now: datetime) -> RenderContext:
        return RenderContext(
            now, self._zone, self._settings, snapshot, self._panel_cache.results, scope=self._scope,
            is_overdue=now - self._scope_set_at >= STALE_AFTER, log_file=str(self._terminal.log_file or ""),
        )  # fmt: skip

    def _run_guarded(self, name: str, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception:
            # the boundary of one piece of the screen: the others, and the next tick, go on
            log.exception("drawing %s", name)

    def _build_status(self, snapshot: LiveSnapshot, now: datetime) -> StatusBarState:
        self._spooled_counts.append(snapshot.message_counts.spooled)
        slow = self._settings.console.low_bandwidth
        return StatusBarState(
            plant=sanitize_text(self._settings.plant.name, 40),
            screen=self.active_screen.screen_title,
            role=snapshot.role,
            broker=snapshot.broker,
            database=snapshot.database,
            rate=snapshot.message_rate,
            spooled_count=count_spooled(self._spooled_counts, snapshot),
            clock=number_format.format_clock(now, self._zone, seconds=not slow),
            frozen_at=self._frozen_at,
            heartbeat=now.second // (SLOW_TICK_S if slow else 1) % 2 == 0,
        )

    def _update_notices(self, snapshot: LiveSnapshot, now: datetime) -> None:
        found = keep_start_times(find_notices(snapshot, now), self._notice_start_times)
        self._notice_start_times = {notice.key: notice.at for notice in found}
        self.show_alarms(snapshot, found, now)

    # answers

    def _post_reply(self, reply: PanelReply) -> None:
        """Called in one of the askers' threads."""
        self.post_message(PanelLoaded(reply))

    @on(PanelLoaded)
    def _store_reply(self, message: PanelLoaded) -> None:
        if self._panel_cache.store_result(message.reply, self._clock()):
            self._schedule_redraw()

    def _schedule_redraw(self) -> None:
        """Several answers that come together are drawn together."""
        if not self._is_redraw_due:
            self._is_redraw_due = True
            self.set_timer(
                SLOW_TICK_S if self._settings.console.low_bandwidth else REDRAW_DELAY_S, self._redraw_screen
            )

    @on(ViewChanged)
    def _refresh_view(self) -> None:
        self._run_tick()

    def _redraw_screen(self) -> None:
        self._is_redraw_due = False
        now = self._clock()
        self._draw_screen(self._live_source.get_snapshot(now), now)

    # what is asked

    def apply_scope(self) -> None:
        """What is shown until the first answers is dimmed when they take long."""
        self._run_tick()
        self.set_timer(STALE_AFTER.total_seconds() + REDRAW_DELAY_S, self._redraw_screen)

    def refresh_notes(self) -> None:
        self.action_refresh_now()

    # keys

    def action_freeze(self) -> None:
        now = self._clock()
        self._frozen_snapshot = None if self._frozen_snapshot else self._live_source.get_snapshot(now)
        self._frozen_at = number_format.format_clock(now, self._zone) if self._frozen_snapshot else ""
        self._redraw_screen()

    def action_refresh_now(self) -> None:
        super().action_refresh_now()
        self._panel_cache.invalidate_all()
        self._run_tick()

    def action_switch_theme(self) -> None:
        self._is_dark = not self._is_dark
        self._terminal_theme = self._choose_theme()
        self.theme = self._terminal_theme.palette.name
        self._dashboard.apply_theme(self._terminal_theme)
        for page in (self._alarm_screen, self._batch_screen):
            if page is not None:
                page.apply_theme(self._terminal_theme)

    def action_help(self) -> None:
        about_batches = self._batch_screen is not None and self._alarm_screen is None
        self.push_screen(
            HelpScreen(self._terminal_theme, self._terminal.keymap, page=1 if about_batches else 0)
        )

    def action_ask_quit(self) -> None:
        role = self._live_source.get_snapshot(self._clock()).role
        self.push_screen(QuitScreen(self._terminal_theme, role), self._quit_on_confirm)

    def action_help_quit(self) -> None:
        """Ctrl+C, which textual would answer with a hint."""
        self.action_ask_quit()

    def _quit_on_confirm(self, is_confirmed: bool | None) -> None:
        if is_confirmed:
            self.exit()


def _build_textual_theme(palette: Palette) -> TextualTheme:
    return TextualTheme(
        name=palette.name, dark=palette.is_dark, primary=palette.get_colour(ColourRole.ACCENT),
        background=palette.get_colour(ColourRole.BACKGROUND), foreground=palette.get_colour(ColourRole.TEXT),
    )  # fmt: skip
