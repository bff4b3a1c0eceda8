"""The collector without a screen, for a service: plain sentences, a clean end on SIGTERM and SIGINT."""

import sys
from datetime import UTC, datetime

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import SWITCH_S
from dosing_tui.collector.context.local_state import spool_folder
from dosing_tui.collector.context.non_blocking_log import Announcer
from dosing_tui.collector.context.status import Report
from dosing_tui.config.settings import Settings
from dosing_tui.ipc.stop_signal import ended_by_signal
from dosing_tui.live_state import Books, Live

BOOKS_EVERY_S = 60.0
LAST_WORDS_S = 2.0


def run(settings: Settings, *, report: Report, every_s: float = BOOKS_EVERY_S) -> int:
    """Collect until a signal ends it; answers the exit status.

    Raises: BrokerError when a TLS file or the broker's name cannot be used.
    """
    sys.setswitchinterval(SWITCH_S)
    live = Live()
    announcer = Announcer(report)
    collector = Collector(settings, live, report=announcer.say)
    with ended_by_signal() as ended:
        collector.start()
        announcer.say(f"Site {settings.plant.site}, spool in {spool_folder(settings)}.")
        while not ended.wait(every_s):
            announcer.say(books_line(_books(live)))
        collector.stop()
        announcer.say(books_line(_books(live)))
        announcer.close(LAST_WORDS_S)
    return 0


def books_line(books: Books) -> str:
    """
    >>> books_line(Books(received=1200, stored=1190, duplicates=4, spooled=5, rejected=1))
    'Books: received 1,200 = stored 1,190 + duplicates 4 + spooled 5 + rejected 1.'
    """
    return (
        f"Books: received {books.received:,} = stored {books.stored:,} + duplicates {books.duplicates:,}"
        f" + spooled {books.spooled:,} + rejected {books.rejected:,}."
    )


def _books(live: Live) -> Books:
    return live.picture(datetime.now(UTC)).books
