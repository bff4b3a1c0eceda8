"""The console: composes its controllers, ticks twice a second, routes keys, and owns the screen stack."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from textual import on
from textual.message import Message

from dosing_tui.config.settings import ColourTheme, Settings
from dosing_tui.ipc.supervised_thread import FailureReporter, ignore_failure
from dosing_tui.live_state import LiveSnapshot, LiveSnapshotSource
from dosing_tui.tui.app.ordered_input import OrderedInputApp
from dosing_tui.tui.app.shutdown import ShutdownHandler
from dosing_tui.tui.app.terminal import has_backlog
from dosing_tui.tui.app.terminal_options import DEFAULT_TERMINAL, TerminalOptions, build_textual_theme
from dosing_tui.tui.charts.primitives import braille
from dosing_tui.tui.controllers import results
from dosing_tui.tui.controllers.alarm_controller import AlarmController
from dosing_tui.tui.controllers.alarm_kpi_controller import AlarmKpiController
from dosing_tui.tui.controllers.dashboard_controller import (
    SLOW_TICK_S,
    STALE_AFTER,
    TICK_S,
    DashboardController,
    run_guarded,
)
from dosing_tui.tui.controllers.file_export import FileExporter
from dosing_tui.tui.controllers.journal_controller import JournalController
from dosing_tui.tui.controllers.operator_session import OperatorSession
from dosing_tui.tui.controllers.refill_controller import RefillController
from dosing_tui.tui.controllers.review_controller import ReviewController
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.controllers.shift_report_controller import ShiftReportController
from dosing_tui.tui.data.query_results import BatchQueryResult, PanelLoaded, QueryResult
from dosing_tui.tui.data.query_workers import ConsoleDataSource, QueryWorkers
from dosing_tui.tui.dialogs.quit_and_help import HelpScreen, QuitScreen
from dosing_tui.tui.keys.bindings import APP_KEYS, SCOPE_KEYS
from dosing_tui.tui.rendering.palette import PALETTES
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.console_screen import ConsoleScreen
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.widgets.messages import ViewChanged

REDRAW_DELAY_S = 0.05
PRELOAD_DELAY_S = 3.0
"""The chart library is imported after the first panels, before the first chart of several lines."""


class DosingApp(OrderedInputApp[None]):
    """``after_first_paint`` is called when the first screen is drawn: it starts the slow parts."""

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
        terminal: TerminalOptions = DEFAULT_TERMINAL,
        after_first_paint: Callable[[], None] = lambda: None,
        on_thread_failure: FailureReporter = ignore_failure,
    ) -> None:
        super().__init__(ansi_color=True if terminal.is_monochrome else None)
        self._settings, self._terminal, self._after_first_paint = settings, terminal, after_first_paint
        self._is_dark = settings.console.theme is ColourTheme.DARK
        self.terminal_theme = self._choose_theme()
        self.shutdown_handler = ShutdownHandler()
        self._is_redraw_due = False
        self._query_workers = QueryWorkers(source, self.post_message, on_failure=on_thread_failure)
        services = self.services = ConsoleServices(
            settings, live_source, source, self._query_workers, clock, OperatorSession(settings, clock),
            terminal.keymap,
        )  # fmt: skip
        self.dashboard_screen = DashboardScreen(self.terminal_theme, services.hints)
        self.scopes = ScopeController(services, self, self._apply_scope)
        log_file = str(terminal.log_file or "")
        self.dashboard = DashboardController(services, self.dashboard_screen, self.scopes, log_file)
        self.exporter = FileExporter(services)
        self.kpis = AlarmKpiController(services)
        self.journal = JournalController(services, self, self.scopes, self.exporter)
        self.alarms = AlarmController(services, self, self.journal, self.kpis)
        self.refills = RefillController(services, self)
        self.reviews = ReviewController(services, self, self.scopes)
        self.shift_reports = ShiftReportController(services, self, self.exporter)
        self._route_keys()
        self._result_handlers = self._map_results()

    def _route_keys(self) -> None:
        """Keys of the app (see ``keys.bindings``) that one controller acts on; the others are below."""
        self.action_move_range = self.scopes.move_range
        self.action_live_again = self.scopes.return_to_live
        self.action_ask_range = self.scopes.open_range_dialog
        self.action_alarms = self.alarms.toggle_screen
        self.action_silence = self.alarms.silence_bell
        self.action_shift_report = self.shift_reports.open_report
        self.action_refresh_now = self.refresh_data

    def _map_results(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """The one handler of each result of a background query."""
        return {
            **dict.fromkeys(BatchQueryResult.__subclasses__(), self.reviews.store_result),
            results.FilterValuesLoaded: self.scopes.show_filter_values,
            results.NoteStored: self.scopes.confirm_note,
            results.ShiftReportLoaded: self.shift_reports.show_report,
            results.KpisLoaded: self.kpis.show_kpis,
            results.ChannelStatesLoaded: self.kpis.show_channels,
            results.TrendLoaded: self.alarms.show_trend,
            results.AlarmActionStored: self.alarms.confirm_action,
            results.RefillStored: self.refills.confirm_refill,
            results.JournalPageLoaded: self.journal.store_page,
            results.JournalExported: self.journal.confirm_export,
            results.ReviewsEntered: self.reviews.show_review_result,
            results.BulkCandidatesLoaded: self.reviews.confirm_bulk_approval,
            results.BulkChunkEntered: self.reviews.continue_bulk_approval,
        }

    @on(QueryResult)
    def _dispatch_result(self, result: QueryResult[Any]) -> None:
        self._result_handlers[type(result)](result)

    @on(PanelLoaded)
    def _store_panel(self, result: PanelLoaded) -> None:
        if self.dashboard.store_panel(result):
            self._schedule_redraw()

    # start and end

    def on_load(self) -> None:
        self.shutdown_handler.install_handlers(asyncio.get_running_loop(), self._exit_app)

    async def on_mount(self) -> None:
        for palette in PALETTES:
            self.register_theme(build_textual_theme(palette))
        self.theme = self.terminal_theme.palette.name
        self.set_keymap(dict(self._terminal.keymap))
        await self.push_screen(self.dashboard_screen)
        self._query_workers.start()
        self._run_tick()
        self.set_interval(SLOW_TICK_S if self._settings.console.low_bandwidth else TICK_S, self._run_tick)
        self.call_after_refresh(self._after_first_paint)
        self.set_timer(PRELOAD_DELAY_S, partial(self._query_workers.submit_job, braille.preload_plotext))

    def on_unmount(self) -> None:
        self._query_workers.stop()

    def _exit_app(self, code: int) -> None:
        self.exit(return_code=code)

    # the screens

    @property
    def active_screen(self) -> ConsoleScreen[Any]:
        """The full screen in view, below any dialog."""
        return self.alarms.screen or self.reviews.screen or self.dashboard_screen

    def show_message(self, sentence: str) -> None:
        """For a few seconds, at the foot of the active screen."""
        self.active_screen.show_message(sentence)

    def show_view(self, view: str) -> None:
        """Go to a view of the dashboard; the batch screen above it is closed."""
        self.dashboard_screen.action_view(view)
        if self.reviews.screen is not None:
            self.reviews.screen.dismiss(None)

    def _choose_theme(self) -> TerminalTheme:
        return self._terminal.choose_theme(self.console, is_dark=self._is_dark)

    # every tick

    def _run_tick(self) -> None:
        if self.shutdown_handler.check_hangup(asyncio.get_running_loop(), self._exit_app):
            return
        now = self.services.clock()
        snapshot = self.services.live_source.get_snapshot(now)
        self.dashboard.request_panels(snapshot)
        self._draw_screens(snapshot, now)

    def _draw_screens(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """Each part guarded; later if the terminal has not taken the last frame yet."""
        if has_backlog(self._driver):
            self._schedule_redraw()
            return
        screen, dashboard = self.active_screen, self.dashboard
        run_guarded(
            "status", lambda: screen.show_status(dashboard.build_status(snapshot, now, screen.screen_title))
        )
        run_guarded(
            "alarms",
            lambda: self.alarms.show_alarms(screen, snapshot, dashboard.list_notices(snapshot, now), now),
        )
        if self.alarms.screen is None:
            run_guarded("batches", lambda: self.reviews.show_batches(snapshot, now))
        time_context = self.scopes.get_time_context(snapshot)
        run_guarded(
            "scope", lambda: self.dashboard_screen.show_scope(self.scopes.summarize_scope(time_context))
        )
        dashboard.show_tiles(snapshot, now)

    def _schedule_redraw(self) -> None:
        """Results that arrive together are drawn together."""
        if not self._is_redraw_due:
            self._is_redraw_due = True
            self.set_timer(
                SLOW_TICK_S if self._settings.console.low_bandwidth else REDRAW_DELAY_S, self._redraw_screens
            )

    def _redraw_screens(self) -> None:
        self._is_redraw_due = False
        self._draw_screens(self.services.get_snapshot(), self.services.clock())

    @on(ViewChanged)
    def _refresh_view(self) -> None:
        self._run_tick()

    def _apply_scope(self) -> None:
        """Query and draw; once more when results that are still missing have the old ones dimmed."""
        self._run_tick()
        self.set_timer(STALE_AFTER.total_seconds() + REDRAW_DELAY_S, self._redraw_screens)

    def refresh_data(self) -> None:
        """Run every query of the active screens again."""
        self.journal.invalidate()
        self.reviews.invalidate()
        self.dashboard.invalidate()
        self._run_tick()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.reviews.screen is not None and action == "freeze":
            return False
        return self.alarms.is_key_enabled(action)

    def action_ask_filters(self) -> None:
        (self.scopes if self.alarms.screen is None else self.journal).open_filter_dialog()

    def action_ask_note(self) -> None:
        self.scopes.open_note_dialog(self.dashboard_screen.cursor_time)

    def action_ask_refill(self) -> None:
        self.refills.open_refill_dialog(self.dashboard_screen.selected_tank)

    def action_batches(self) -> None:
        """From the alarm screen, which is above the batch screen, to it."""
        if self.alarms.screen is not None:
            self.alarms.screen.dismiss(None)
            if self.reviews.screen is not None:
                return
        self.reviews.toggle_screen()

    def action_export(self) -> None:
        if self.journal.is_visible:
            self.journal.export_journal()
        else:
            rows = self.active_screen.get_visible_rows(self.services.zone)
            self.show_message(self.exporter.export_rows(rows))

    def action_picture(self) -> None:
        # private to textual, as in its own export of the screenshot; a test checks that it still exists
        strips = self.screen._compositor.render_strips()
        lines = ("".join(segment.text for segment in strip) for strip in strips)
        svg = self.export_screenshot(title=self._settings.plant.name)
        self.show_message(self.exporter.export_screen(svg, lines))

    def action_freeze(self) -> None:
        self.dashboard.toggle_freeze()
        self._redraw_screens()

    def action_switch_theme(self) -> None:
        self._is_dark = not self._is_dark
        self.terminal_theme = self._choose_theme()
        self.theme = self.terminal_theme.palette.name
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.apply_theme(self.terminal_theme)

    def action_help(self) -> None:
        page = 1 if self.active_screen is self.reviews.screen else 0
        self.push_screen(HelpScreen(self.terminal_theme, self._terminal.keymap, page=page))

    def action_ask_quit(self) -> None:
        role = self.services.get_snapshot().role
        self.push_screen(
            QuitScreen(self.terminal_theme, role), lambda is_confirmed: self.exit() if is_confirmed else None
        )

    def action_help_quit(self) -> None:
        """Ctrl+C, which Textual would answer with a hint."""
        self.action_ask_quit()
