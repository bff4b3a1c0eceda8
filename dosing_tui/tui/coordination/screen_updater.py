"""When the screens are queried for and drawn: at each tick, and soon after what has changed."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.controllers.dashboard_controller import SLOW_TICK_S, STALE_AFTER, TICK_S
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.coordination.console_controllers import ConsoleControllers
from dosing_tui.tui.tiles.tile_pace import DENSE_PER_S

if TYPE_CHECKING:
    from dosing_tui.tui.kiosk.kiosk_screen import KioskScreen

REDRAW_DELAY_S = 0.05
FLOOD_PER_S = 1_000.0
"""From DENSE_PER_S up to so many messages a second there is a second picture between two ticks.

Of more, a picture takes the time in which keys are answered.
"""


class ScreenUpdater:
    """``call_later(seconds, work)``: on the event loop. ``has_backlog``: the last frame is not sent yet."""

    def __init__(
        self,
        services: ConsoleServices,
        controllers: ConsoleControllers,
        kiosk: "KioskScreen | None",
        call_later: Callable[[float, Callable[[], None]], object],
        has_backlog: Callable[[], bool],
    ) -> None:
        self._services, self._controllers, self._kiosk = services, controllers, kiosk
        self._call_later, self._has_backlog = call_later, has_backlog
        is_slow = services.settings.console.low_bandwidth
        self.tick_s: float = SLOW_TICK_S if is_slow else TICK_S
        self._redraw_delay_s: float = SLOW_TICK_S if is_slow else REDRAW_DELAY_S
        self.is_redraw_due = False

    def run_tick(self) -> None:
        """Query for what is due, and draw."""
        guard = self._controllers.guard
        guard.run_part("screen", self._update_screens)
        if reason := guard.failures.get("screen"):
            message = f"The screen cannot be updated: {reason}. See the log."
            self._controllers.active_screen.show_message(message)

    def _update_screens(self) -> None:
        now = self._services.clock()
        self._controllers.show_query_faults()
        snapshot = self._services.live_source.get_snapshot(now)
        self._controllers.guard.run_part(
            "panels", lambda: self._controllers.dashboard.request_panels(snapshot)
        )
        self._draw_screens(snapshot, now)
        if DENSE_PER_S <= snapshot.message_rate < FLOOD_PER_S:
            self._call_later(self.tick_s / 2, self.redraw_screens)

    def _draw_screens(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """Later if the terminal has not taken the last frame yet."""
        if self._has_backlog():
            self.schedule_redraw()
        else:
            self._controllers.draw_screens(snapshot, now)
            if self._kiosk is not None:
                self._kiosk.show_state(self._controllers.dashboard.build_context(snapshot, now))

    def schedule_redraw(self) -> None:
        """Results that arrive together are drawn together."""
        if not self.is_redraw_due:
            self.is_redraw_due = True
            self._call_later(self._redraw_delay_s, self.redraw_screens)

    def redraw_screens(self) -> None:
        self.is_redraw_due = False
        self._controllers.guard.run_part(
            "screen", lambda: self._draw_screens(self._services.get_snapshot(), self._services.clock())
        )

    def apply_scope(self) -> None:
        """Query and draw; once more when results that are still missing have the old ones dimmed."""
        self.run_tick()
        self._call_later(STALE_AFTER.total_seconds() + REDRAW_DELAY_S, self.redraw_screens)
