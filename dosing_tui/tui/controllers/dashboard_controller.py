"""The dashboard: which panels are queried, what its tiles show, and the frozen state."""

from collections import deque
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.capability.pump_history import PumpChartData
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, Panel
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.spool_progress import SPOOLS_PANEL
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.data.operator_session import SignedOnOperator
from dosing_tui.tui.data.panel_cache import PanelCache
from dosing_tui.tui.data.query_results import PanelLoaded
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.layout.alarm_banner import SystemNotice, find_notices, keep_start_times
from dosing_tui.tui.layout.status_bar import StatusBarState, count_spooled
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.requests.pending_request import SIGN_ON
from dosing_tui.tui.scope.render_context import NO_RESULT, RenderContext
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.tiles.registry import TileRegistry, list_panels
from dosing_tui.tui.tiles.tile_pace import TilePace

TICK_S = 0.5
SLOW_TICK_S = 2
SPOOL_WINDOW_TICKS = 10
STALE_AFTER = timedelta(milliseconds=300)
"""Results of the previous range or filters are dimmed when the new ones take longer."""


class DashboardController:
    """Holds the panels' results, the frozen snapshot, and the history that status bar and notices need."""

    def __init__(
        self,
        services: ConsoleServices,
        screen: DashboardScreen,
        scope: ScopeController,
        log_file: str,
    ) -> None:
        self.services = services
        self._screen = screen
        self._scope = scope
        self.panel_cache = PanelCache(services.workers.submit_panel, services.source.cancel_panels)
        self._tile_registry, self._tile_pace = TileRegistry(), TilePace()
        self.guard = services.guard
        self._log_file = log_file
        self._frozen_snapshot: LiveSnapshot | None = None
        self._frozen_at = ""
        self._notice_start_times: dict[str, datetime] = {}
        self._spooled_counts: deque[int] = deque(maxlen=SPOOL_WINDOW_TICKS)

    # queries

    def request_panels(self, snapshot: LiveSnapshot) -> None:
        self.panel_cache.request_due_panels(
            self._list_due_panels(), self._scope.scope, self._scope.get_time_context(snapshot)
        )

    def _list_due_panels(self) -> tuple[Panel[Any], ...]:
        """Those of the visible tiles. While frozen: the spools, and panels without a result for the scope."""
        return tuple(
            panel
            for panel in list_panels(self._screen.visible_tiles, self._scope.scope)
            if not self._frozen_snapshot or panel is SPOOLS_PANEL or self._has_no_result(panel)
        )

    def _has_no_result(self, panel: Panel[Any]) -> bool:
        result = self.panel_cache.results.get(panel.id, NO_RESULT)
        return result.rows is None or result.scope != self._scope.scope

    def store_panel(self, result: PanelLoaded) -> bool:
        """False: a newer request of the same panel is on its way."""
        return self.panel_cache.store_result(result, result.arrived_at or self.services.clock())

    def read_pump_history(self, row: PumpCapability) -> PumpChartData:
        """What the control chart of a row shows, in the range of its table. For a worker thread."""
        query = self.panel_cache.results[PUMP_CAPABILITY.id].query
        assert query is not None, "the row is of a query"
        return self.services.source.reader.read_pump_history(row, since=query.since, until=query.until)

    def toggle_freeze(self) -> None:
        """Keep the tiles as they are now, or return to live values."""
        self._frozen_snapshot = None if self._frozen_snapshot else self.services.get_snapshot()
        clock = number_format.format_clock(self.services.clock(), self.services.zone)
        self._frozen_at = clock if self._frozen_snapshot else ""

    # drawing

    def build_context(self, snapshot: LiveSnapshot, now: datetime) -> RenderContext:
        """What is drawn: the snapshot, or the frozen one, with the panels' latest results."""
        return RenderContext(
            now, self.services.zone, self.services.settings, self._frozen_snapshot or snapshot,
            self.panel_cache.results, scope=self._scope.scope,
            is_overdue=now - self._scope.changed_at >= STALE_AFTER, log_file=self._log_file,
        )  # fmt: skip

    def show_tiles(self, snapshot: LiveSnapshot, now: datetime) -> None:
        context = self.build_context(snapshot, now)
        stations = {*context.settings.plant.devices, *(name for name, _ in context.snapshot.device_last_seen)}
        self._screen.set_plant_size(tanks=len(context.levels), stations=len(stations))
        view = context.scope, self._frozen_at, self._screen.visible_tiles
        for tile in self._screen.visible_tiles:
            if not self._tile_pace.is_due(tile, now, message_rate=snapshot.message_rate, view=view):
                continue
            content = self._tile_registry.build_content(tile, context, is_large=self._screen.is_single_tile)
            self.guard.run_part(tile, partial(self._screen.show_tile, tile, content))

    def build_status(self, snapshot: LiveSnapshot, now: datetime, screen_title: str) -> StatusBarState:
        self._spooled_counts.append(snapshot.message_counts.spooled)
        settings = self.services.settings
        is_slow = settings.console.low_bandwidth
        return StatusBarState(
            plant=sanitize_text(settings.plant.name, 40),
            screen=screen_title,
            role=snapshot.role,
            broker=snapshot.broker,
            database=snapshot.database,
            rate=snapshot.message_rate,
            spooled_count=count_spooled(self._spooled_counts, snapshot),
            clock=number_format.format_clock(now, self.services.zone, seconds=not is_slow),
            frozen_at=self._frozen_at,
            database_faults=snapshot.database_faults,
            failed_threads=(
                *snapshot.failed_threads,
                *(name.partition(" (")[0] for name in self.guard.failures),
            ),
            operator=_format_signed_on(self.services.operator.operator),
            pending_operator=self._describe_pending_operator(),
            failure_count=len(self.services.entries.failures),
            failure_key=self._failure_key,
            heartbeat=now.second // (SLOW_TICK_S if is_slow else 1) % 2 == 0,
        )

    def _describe_pending_operator(self) -> str:
        request = self.services.requests.find(SIGN_ON)
        return "" if request is None else sanitize_text(request.text, 40)

    @property
    def _failure_key(self) -> str:
        return format_keys(["failures"], self.services.keymap).split(" ")[0]

    def list_notices(self, snapshot: LiveSnapshot, now: datetime) -> list[SystemNotice]:
        """System notices, each with the time when its condition began."""
        failures = [
            SystemNotice(
                f"part {name}",
                Priority.MEDIUM,
                f"Console: {clean_line(name)} failed: {clean_line(why)}. See the log.",
                now,
            )
            for name, why in self.guard.failures.items()
        ]
        failures += [
            SystemNotice(
                f"entry {one.at} {one.sentence}",
                Priority.MEDIUM,
                f"{clean_line(one.sentence).rstrip('.')}. {self._failure_key} shows it",
                one.at,
            )
            for one in self.services.entries.failures
        ]
        data_key = format_keys(["books"], self.services.keymap).split(" ")[0]
        found = find_notices(snapshot, now, data_key=data_key)
        notices = keep_start_times([*found, *failures], self._notice_start_times)
        self._notice_start_times = {notice.key: notice.at for notice in notices}
        return notices


def _format_signed_on(operator: SignedOnOperator | None) -> str:
    """The name, with a sign that its PIN was verified; '' for nobody."""
    if operator is None:
        return ""
    return f"{sanitize_text(operator.name, 24)}{' (PIN)' if operator.is_verified else ''}"
