"""The console: composes its parts, starts and ends, routes keys, and owns the screen stack."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text
from textual import events, on
from textual.message import Message

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.ipc.supervised_thread import FailureReporter, ignore_failure
from dosing_tui.live_snapshot import LiveSnapshotSource, Role
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.app.closed_widgets import release_closed_widgets
from dosing_tui.tui.app.ordered_input import OrderedInputApp
from dosing_tui.tui.app.shutdown import ShutdownHandler
from dosing_tui.tui.app.terminal import has_backlog
from dosing_tui.tui.app.terminal_options import DEFAULT_TERMINAL, TerminalOptions
from dosing_tui.tui.app.theme_switch import ThemeSwitch
from dosing_tui.tui.charts.primitives import braille
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.coordination.console_controllers import ConsoleControllers
from dosing_tui.tui.coordination.page_opener import PageOpener
from dosing_tui.tui.coordination.screen_updater import ScreenUpdater
from dosing_tui.tui.data.operator_session import OperatorSession
from dosing_tui.tui.data.query_results import PanelLoaded, QueryResult
from dosing_tui.tui.data.query_workers import ConsoleDataSource, QueryWorkers
from dosing_tui.tui.keys.bindings import APP_KEYS, SCOPE_KEYS
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.requests.operator_entries import OperatorEntries
from dosing_tui.tui.requests.pending_request import PendingRequests
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.widgets.messages import (
    BannerClicked,
    BatchRequested,
    PumpChosen,
    StationChosen,
    ViewChanged,
)

if TYPE_CHECKING:
    from dosing_tui.tui.command_palette.palette_controller import PaletteController
    from dosing_tui.tui.kiosk.kiosk_screen import KioskScreen

log = logging.getLogger(__name__)
PRELOAD_DELAY_S = 3.0
"""After the first panels: what keys may need soon is imported while nobody waits for it."""


def _import_later_parts() -> None:
    """In a worker thread: pages, dialogs, the palette and the library of large charts."""
    lazy_screens.import_screens()
    import_module("dosing_tui.tui.command_palette.palette_controller")
    braille.load_plotext()


class DosingApp(OrderedInputApp[None]):
    """``after_first_paint`` is called when the first screen is drawn: it starts the slow parts.

    ``kiosk``: the wall mode, with this time for each page.
    """

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
        kiosk: timedelta | None = None,
        after_first_paint: Callable[[], None] = lambda: None,
        on_thread_failure: FailureReporter = ignore_failure,
    ) -> None:
        release_closed_widgets()
        super().__init__(ansi_color=True if terminal.is_monochrome else None)
        self._settings, self._terminal, self._after_first_paint = settings, terminal, after_first_paint
        self._themes = ThemeSwitch(self, terminal, settings.console.theme)
        self._themes.apply_first_theme()
        self.shutdown_handler = ShutdownHandler()
        self._query_workers = QueryWorkers(source, self._receive_result, on_failure=on_thread_failure)
        self._quiet_results: deque[PanelLoaded] = deque()
        """For the next tick."""
        operator = OperatorSession(settings, clock)
        services = self.services = ConsoleServices(
            settings, live_source, source, self._query_workers, clock, operator, PendingRequests(operator),
            OperatorEntries(operator, clock), self.guard, terminal.keymap,
        )  # fmt: skip
        self.dashboard_screen = DashboardScreen(self.terminal_theme, services.hints)
        self.controllers = ConsoleControllers(
            services, self, self.dashboard_screen, str(terminal.log_file or ""),
            on_scope_change=lambda: self.updater.apply_scope(),
        )  # fmt: skip
        self._kiosk = None if kiosk is None else self._create_kiosk(kiosk, clock)
        self.updater = ScreenUpdater(
            services, self.controllers, self._kiosk, self.set_timer, lambda: has_backlog(self._driver)
        )
        self._pages = PageOpener(services, self, self.controllers, self._query_workers)
        self._route_keys()

    @cached_property
    def palette(self) -> "PaletteController":
        # imported here to save start-up
        from dosing_tui.tui.command_palette.palette_controller import PaletteController

        return PaletteController(self.services, self, self.controllers)

    def _create_kiosk(self, page_time: timedelta, clock: Callable[[], datetime]) -> "KioskScreen":
        # imported here to save start-up
        from dosing_tui.tui.kiosk.kiosk_screen import KioskScreen

        return KioskScreen(self.terminal_theme, page_time, clock, lambda: self.exit())

    def _route_keys(self) -> None:
        """Keys of the app (see ``keys.bindings``) that others act on; what the app does itself is below."""
        controllers, pages = self.controllers, self._pages
        self.action_move_range = controllers.scopes.move_range
        self.action_live_again = controllers.scopes.return_to_live
        self.action_ask_range = controllers.scopes.open_range_dialog
        self.action_alarms = controllers.alarms.toggle_screen
        self.action_silence = controllers.alarms.silence_bell
        self.action_shift_report = controllers.shift_reports.open_report
        self.action_ask_filters = controllers.open_filter_dialog
        self.action_palette = lambda: self.palette.open_palette()
        self.action_refresh_now = self.refresh_data
        self.action_failures = controllers.failures.open_failures
        self.action_export = controllers.export_visible
        self.action_sign_on = controllers.sign_on.open_sign_on_dialog
        self.action_doctor = pages.open_doctor
        self.action_maintenance = pages.open_maintenance
        self.action_lots = pages.open_lots
        self.action_batches = pages.open_batches
        self.action_ask_note = pages.open_note_dialog
        self.action_ask_material = pages.open_material_dialog
        self.action_ask_service = pages.open_service_dialog
        self.action_help = pages.open_help

    def _receive_result(self, result: Message) -> None:
        """In a worker thread: a result that nobody waits for wakes nobody until the next tick."""
        if isinstance(result, PanelLoaded) and not result.request.is_awaited:
            result.arrived_at = self.services.clock()
            self._quiet_results.append(result)
        else:
            self.post_message(result)

    @on(QueryResult)
    def _dispatch_result(self, result: QueryResult[Any]) -> None:
        self.controllers.handle_result(result)

    @on(PanelLoaded)
    def _store_panel(self, result: PanelLoaded) -> None:
        if self.controllers.store_panel(result):
            self.updater.schedule_redraw()

    # start and end

    def on_load(self) -> None:
        self.shutdown_handler.install_handlers(asyncio.get_running_loop(), self._exit_app)

    async def on_mount(self) -> None:
        self.set_keymap(dict(self._terminal.keymap))
        self.screen_change_signal.subscribe(self, self.services.requests.note_screen, immediate=True)
        await self.push_screen(self.dashboard_screen)
        if self._kiosk is not None:
            await self.push_screen(self._kiosk)
        self._query_workers.start()
        self._run_tick()
        self.set_interval(self.updater.tick_s, self._run_tick)
        self.call_after_refresh(self._after_first_paint)
        self.set_timer(PRELOAD_DELAY_S, partial(self._query_workers.submit_job, _import_later_parts))

    def on_unmount(self) -> None:
        self._query_workers.stop()

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.shutdown_handler.ignore_keyboard()
        super().exit(result, return_code, message)

    def _exit_app(self, code: int) -> None:
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        """Ends the console after an unforeseen exception. Textual's own would print local variables."""
        log.critical("the console failed", exc_info=self._exception)
        reason = clean_line(repr(self._exception), 400)
        sentence = f"The console failed: {reason}. See {clean_line(str(self._terminal.log_file), 500)}."
        self._exit_renderables.append(Text(sentence))
        self._close_messages_no_wait()

    # the screens

    def show_message(self, sentence: str) -> None:
        """For a few seconds, at the foot of the active screen."""
        self.controllers.active_screen.show_message(sentence)

    def show_view(self, view: str) -> None:
        """Go to a view of the dashboard; the batch screen above it is closed."""
        self.dashboard_screen.action_view(view)
        if self.controllers.reviews.screen is not None:
            self.controllers.reviews.screen.dismiss(None)

    @property
    def terminal_theme(self) -> TerminalTheme:
        return self._themes.current

    # every tick

    def _run_tick(self) -> None:
        if self.shutdown_handler.check_hangup(asyncio.get_running_loop(), self._exit_app):
            return
        while self._quiet_results:
            self._store_panel(self._quiet_results.popleft())
        self.updater.run_tick()

    def refresh_data(self) -> None:
        """Run every query of the active screens again."""
        self.controllers.invalidate_queries()
        self._run_tick()

    # what was chosen on a screen

    @on(StationChosen)
    def _show_station(self, event: StationChosen) -> None:
        self.controllers.scopes.show_station(event.device)

    @on(PumpChosen)
    def _show_pump(self, event: PumpChosen) -> None:
        self._pages.open_pump_chart(event)

    @on(ViewChanged)
    def _refresh_view(self) -> None:
        self._run_tick()

    @on(BatchRequested)
    def _open_requested_batch(self, request: BatchRequested) -> None:
        self.controllers.reviews.open_batch_at(request.device_id, request.at)

    @on(BannerClicked)
    async def _open_alarms(self) -> None:
        if self.controllers.alarms.screen is None:
            await self.run_action("app.alarms")

    # keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self.services.operator.note_input()
        await super().on_event(event)

    def note_failure(self, work: str, error: Exception) -> None:
        """Of a key or a form. The console goes on."""
        self.show_to_test(error)
        self.controllers.failures.note_error(work, error)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._kiosk is None and self.controllers.is_key_enabled(action)

    def action_picture(self) -> None:
        # private to textual, as in its own export of the screenshot; a test checks that it still exists
        strips = self.screen._compositor.render_strips()
        lines = ("".join(segment.text for segment in strip) for strip in strips)
        svg = self.export_screenshot(title=self._settings.plant.name)
        self.show_message(self.controllers.exporter.export_screen(svg, lines))

    def action_freeze(self) -> None:
        self.controllers.dashboard.toggle_freeze()
        self.updater.redraw_screens()

    def action_switch_theme(self) -> None:
        self._themes.switch_theme()
        self.show_message(f"Theme: {self._themes.name}.")

    def action_ask_quit(self) -> None:
        self.push_screen(
            lazy_screens.QuitScreen(self.terminal_theme, lambda: self.services.get_snapshot().role),
            lambda is_confirmed: self.exit() if is_confirmed else None,
        )

    action_help_quit = action_ask_quit
    """Ctrl+C, which Textual would answer with a hint."""

    async def action_quit(self) -> None:
        """At once; a process that collects asks first, and the same key again ends it."""
        if self.services.get_snapshot().role is Role.COLLECTOR and not isinstance(
            self.screen, lazy_screens.QuitScreen
        ):
            self.action_ask_quit()
        else:
            self.exit()
