"""The collector without a screen, for a service: plain sentences, a clean end on SIGTERM and SIGINT."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from dosing_tui.collector.service import Collector
from dosing_tui.collector.status import Report
from dosing_tui.config.settings import Settings
from dosing_tui.live import Books, Live

BOOKS_EVERY_S = 60.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(settings: Settings, *, report: Report, every_s: float = BOOKS_EVERY_S) -> int:
    """Collect until a signal ends it; answers the exit status.

    Raises: BrokerError when a TLS file or the broker's name cannot be used.
    """
    report = _until_nobody_listens(report)
    live = Live()
    collector = Collector(settings, live, report=report)
    with _ended_by_signal() as ended:
        collector.start()
        try:
            while not ended.wait(every_s):
                report(books_line(_books(live)))
        finally:
            collector.stop()
            report(books_line(_books(live)))
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


def _until_nobody_listens(report: Report) -> Report:
    """A log nobody reads any more, such as a closed pipe, must not end the collector."""
    gone = threading.Event()

    def careful(sentence: str) -> None:
        if gone.is_set():
            return
        try:
            report(sentence)
        except (OSError, ValueError):  # a broken pipe; a closed file
            gone.set()

    return careful


@contextmanager
def _ended_by_signal() -> Iterator[threading.Event]:
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in SIGNALS}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
