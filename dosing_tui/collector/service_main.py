"""``dosing-tui collect``: the collector as a service; logs sentences, stops cleanly on a stop signal."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import THREAD_SWITCH_S
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.context.non_blocking_log import NonBlockingLog
from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.config.settings import Settings
from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.ipc.service_manager import ServiceManager
from dosing_tui.ipc.stop_signal import StopSignal, stop_on_signal
from dosing_tui.live_snapshot import MessageCounts
from dosing_tui.live_state import LiveState

COUNTS_INTERVAL_S = 60.0
STATUS_INTERVAL_S = 5.0
"""The longest that ``systemctl status`` shows what was."""
LOG_FLUSH_S = 2.0


def run(
    settings: Settings,
    *,
    report: StatusReporter,
    interval_s: float = COUNTS_INTERVAL_S,
    observe: Callable[[LiveState], AbstractContextManager[None]] = lambda live: nullcontext(),
) -> int:
    """Collect until a stop signal. Returns the exit status. ``observe``: entered while it collects.

    Raises: BrokerError when a TLS file or the broker's name cannot be used, ConfigError of ``observe``.
    """
    sys.setswitchinterval(THREAD_SWITCH_S)
    live = LiveState()
    log = NonBlockingLog(report)
    collector = Collector(settings, live, report=log.write_line)
    manager = ServiceManager()
    with stop_on_signal() as stop_signal, observe(live):
        collector.start()
        log.write_line(f"Site {settings.plant.site}, spool in {get_spool_folder(settings)}.")
        manager.notify_ready(_format_status(live))
        _wait_for_stop(stop_signal, live, manager, interval_s, log)
        manager.notify_stopping()
        collector.stop()
        log.write_line(format_counts(_read_counts(live)))
        log.close(LOG_FLUSH_S)
    return 0


def _wait_for_stop(
    stop_signal: StopSignal, live: LiveState, manager: ServiceManager, interval_s: float, log: NonBlockingLog
) -> None:
    """Log the counts each ``interval_s``. The watchdog gets a sign of life when a snapshot can be taken."""
    pause_s = min(interval_s, manager.watchdog_interval_s or interval_s, STATUS_INTERVAL_S)
    next_counts = time.monotonic() + interval_s
    while not stop_signal.wait_until_set(pause_s):
        manager.notify_working(_format_status(live))
        if time.monotonic() >= next_counts:
            next_counts += interval_s
            log.write_line(format_counts(_read_counts(live)))


def _format_status(live: LiveState) -> str:
    """One line for ``systemctl status``."""
    snapshot = live.get_snapshot(datetime.now(UTC))
    links = f"broker {snapshot.broker.status.value}, database {snapshot.database.status.value}"
    return f"{snapshot.role.value}, {links}, {snapshot.message_counts.spooled} spooled"


def format_counts(counts: MessageCounts) -> str:
    """
    >>> format_counts(MessageCounts(received=1200, stored=1190, duplicates=4, spooled=5, rejected=1))
    'Message counts: received 1 200 = stored 1 190 + duplicates 4 + spooled 5 + rejected 1.'
    """
    return (
        f"Message counts: received {format_count(counts.received)} = stored {format_count(counts.stored)}"
        f" + duplicates {format_count(counts.duplicates)} + spooled {format_count(counts.spooled)}"
        f" + rejected {format_count(counts.rejected)}."
    )


def _read_counts(live_state: LiveState) -> MessageCounts:
    return live_state.get_snapshot(datetime.now(UTC)).message_counts
