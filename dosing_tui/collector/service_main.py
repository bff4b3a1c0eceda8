"""``dosing-tui collect``: the collector as a service; logs sentences, stops cleanly on a stop signal."""

import sys
from datetime import UTC, datetime

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import THREAD_SWITCH_S
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.context.non_blocking_log import NonBlockingLog
from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.config.settings import Settings
from dosing_tui.ipc.stop_signal import stop_on_signal
from dosing_tui.live_state import LiveState, MessageCounts

COUNTS_INTERVAL_S = 60.0
LOG_FLUSH_S = 2.0


def run(settings: Settings, *, report: StatusReporter, interval_s: float = COUNTS_INTERVAL_S) -> int:
    """Collect until a stop signal. Returns the exit status.

    Raises: BrokerError when a TLS file or the broker's name cannot be used.
    """
    sys.setswitchinterval(THREAD_SWITCH_S)
    live = LiveState()
    log = NonBlockingLog(report)
    collector = Collector(settings, live, report=log.write_line)
    with stop_on_signal() as stop_signal:
        collector.start()
        log.write_line(f"Site {settings.plant.site}, spool in {get_spool_folder(settings)}.")
        while not stop_signal.wait_until_set(interval_s):
            log.write_line(format_counts(_read_counts(live)))
        collector.stop()
        log.write_line(format_counts(_read_counts(live)))
        log.close(LOG_FLUSH_S)
    return 0


def format_counts(counts: MessageCounts) -> str:
    """
    >>> format_counts(MessageCounts(received=1200, stored=1190, duplicates=4, spooled=5, rejected=1))
    'Message counts: received 1,200 = stored 1,190 + duplicates 4 + spooled 5 + rejected 1.'
    """
    return (
        f"Message counts: received {counts.received:,} = stored {counts.stored:,}"
        f" + duplicates {counts.duplicates:,} + spooled {counts.spooled:,} + rejected {counts.rejected:,}."
    )


def _read_counts(live_state: LiveState) -> MessageCounts:
    return live_state.get_snapshot(datetime.now(UTC)).message_counts
