"""The collector: decides what this process is for its site, becomes it, and sees to it that it stays so."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from dosing_tui.collector.context.interfaces import Database, Surroundings
from dosing_tui.collector.context.intervals import Pace
from dosing_tui.collector.context.status import Report, Status
from dosing_tui.collector.dependencies import now_utc, plant_database, plant_parser
from dosing_tui.collector.leadership_monitor import Council
from dosing_tui.collector.role_runtime import Post
from dosing_tui.config.settings import Settings
from dosing_tui.errors import BrokerError
from dosing_tui.live_state import Live
from dosing_tui.mqtt.subscriber import check

log = logging.getLogger(__name__)

DEFAULT_PACE = Pace()


class Collector:
    """Runs in threads of its own between ``start`` and ``stop``; what it does shows on ``live``."""

    def __init__(
        self,
        settings: Settings,
        live: Live,
        *,
        report: Report,
        clock: Callable[[], datetime] = now_utc,
        database: Database | None = None,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._around = Surroundings(
            settings,
            database or plant_database(settings),
            partial(plant_parser, settings),
            live,
            Status(live, report=report, clock=clock),
            pace,
            clock,
        )
        self._post = Post(self._around)
        self._council = Council(self._around)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        """Returns at once.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        check(self._around.settings.mqtt)
        self._thread.start()

    def stop(self) -> None:
        """Ends cleanly: what was taken is in the spool, and in the database if that answers soon."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._step()
            self._stopping.wait(self._around.pace.poll_s)
        self._post.leave(drain_s=self._around.pace.drain_s)
        self._council.give_up()

    def _step(self) -> None:
        try:
            role = self._council.decide(self._post)
            if self._post.take(role) is not role:
                self._council.give_up()
            self._council.look_around(self._post)
            self._around.status.notice("service", "")
        except BrokerError as error:
            self._around.status.broker(False, str(error))
        except Exception as error:
            # the boundary of this thread: the next round may do better
            log.exception("deciding who collects failed")
            self._around.status.notice("service", f"Deciding who collects failed: {error!r}.")
