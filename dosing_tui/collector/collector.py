"""The collector: determines this process's role for its site and runs the components of that role."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from dosing_tui.collector.context.interfaces import CollectorContext, CollectorDatabase
from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.context.status import CollectorStatus, StatusReporter
from dosing_tui.collector.dependencies import build_database, build_parser, now_utc
from dosing_tui.collector.leadership_monitor import LeadershipMonitor
from dosing_tui.collector.role_runtime import RoleRuntime
from dosing_tui.config.settings import Settings
from dosing_tui.errors import BrokerError
from dosing_tui.ipc.cycle_search import search_cycles_rarely
from dosing_tui.live_snapshot import Role
from dosing_tui.live_state import LiveState
from dosing_tui.mqtt.subscriber import validate_mqtt_settings

DEFAULT_INTERVALS = Intervals()


class Collector:
    """Runs in threads of its own between ``start`` and ``stop``; publishes its state to ``live``."""

    def __init__(
        self,
        settings: Settings,
        live: LiveState,
        *,
        report: StatusReporter,
        clock: Callable[[], datetime] = now_utc,
        database: CollectorDatabase | None = None,
        intervals: Intervals = DEFAULT_INTERVALS,
    ) -> None:
        self._context = CollectorContext(
            settings,
            database or build_database(settings),
            partial(build_parser, settings),
            live,
            CollectorStatus(live, report=report, clock=clock),
            intervals,
            clock,
        )
        self._role_runtime = RoleRuntime(self._context)
        self._leadership = LeadershipMonitor(self._context)
        self._thread = self._context.create_thread("collector", self._update_role, finish=self._give_up_role)

    def start(self) -> None:
        """Start the threads. Returns at once.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        validate_mqtt_settings(self._context.settings.mqtt)
        search_cycles_rarely()
        self._leadership.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop cleanly: received messages are in the spool, and in the database if it answers in time."""
        self._thread.stop()

    def _give_up_role(self) -> None:
        self._role_runtime.stop()
        self._leadership.stop()

    def _update_role(self) -> None:
        try:
            role = self._leadership.determine_role(self._role_runtime)
            if self._switch_to(role) is not role:
                self._leadership.release_leadership()
            self._leadership.run_periodic_checks(self._role_runtime)
        except BrokerError as error:
            self._context.status.set_broker_link(False, str(error))
        self._thread.mark_working()
        self._thread.wait(self._context.intervals.poll_s)

    def _switch_to(self, role: Role) -> Role:
        """The actual role. Who is elected and cannot start lets another process be elected."""
        try:
            return self._role_runtime.switch_to(role)
        except BaseException:
            if not self._role_runtime.is_collecting:
                self._leadership.release_leadership()
            raise
