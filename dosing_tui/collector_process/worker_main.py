"""What runs in the collector's own process: the collector, until the console is gone or a signal comes.

Its stdin is the channel. Whatever it writes to stdout or stderr is the console's to log.
"""

import logging
import os
import sys
import threading
from contextlib import closing

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import SWITCH_S
from dosing_tui.collector.dependencies import now_utc
from dosing_tui.collector_process.messages import Begin, Taken, ToCollector, ToConsole
from dosing_tui.collector_process.state_publisher import LogHandler, Telling
from dosing_tui.config.settings import Settings
from dosing_tui.database.panel_reader import Reader
from dosing_tui.errors import BrokerError, DatabaseError
from dosing_tui.ipc.pipe import Channel
from dosing_tui.ipc.stop_signal import Ending, ended_by_signal
from dosing_tui.live_state import Link, LinkState, Live

SEED_RETRY_S = 2.0
NICE = 5
"""A key is answered first: what waits to be stored meanwhile is safe in the spool."""
LAST_RESORT_S = 30.0
"""Longest end: one that hangs would keep the spool from the next. What was taken is in the spool."""

log = logging.getLogger(__name__)


def main(descriptor: int) -> int:
    """The exit status."""
    sys.setswitchinterval(SWITCH_S)
    os.nice(NICE)
    channel: Channel[ToConsole, ToCollector] = Channel(descriptor)
    try:
        first = channel.receive()
    except (EOFError, OSError):
        return 0  # the console was gone at once
    assert isinstance(first, Begin)
    live = Live()
    live.seed(first.known)
    telling = Telling(channel, live, now_utc)
    _log_to(telling, first.settings)
    with ended_by_signal() as ended:
        threading.Thread(target=_hear, args=(channel, telling, ended), name="hearing", daemon=True).start()
        telling.start()
        _collect(first.settings, live, ended)
        telling.close()
    return 0


def _collect(settings: Settings, live: Live, ended: Ending) -> None:
    collector = Collector(settings, live, report=log.info)
    try:
        collector.start()
    except BrokerError as error:
        live.set_broker(LinkState(Link.DOWN, now_utc(), str(error)))
    threading.Thread(target=_seed, args=(settings, live, ended), name="seeding", daemon=True).start()
    ended.wait()
    log.info("the collector process %s ends", os.getpid())
    _end_in_any_case()
    collector.stop()


def _hear(channel: Channel[ToConsole, ToCollector], telling: Telling, ended: Ending) -> None:
    """What the console says; its silence for good is the word to end."""
    try:
        while True:
            match channel.receive():
                case Taken():
                    telling.taken()
                case Begin():
                    log.error("the console said 'begin' twice")
    except (EOFError, OSError):
        ended.say()


def _seed(settings: Settings, live: Live, ended: Ending) -> None:
    """Fill the picture from the database, as soon as it is there."""
    try:
        with closing(Reader(settings)) as reader:
            reader.open()
            while not ended.said:
                try:
                    live.seed(reader.seed())
                    return
                except DatabaseError as error:
                    log.info("the picture is not filled from the database yet: %s", error)
                ended.wait(SEED_RETRY_S)
    except DatabaseError as error:
        log.warning("the picture cannot be filled from the database: %s", error)
    except Exception:
        # the boundary of this thread: messages fill the picture all the same
        log.exception("filling the picture from the database failed")


def _log_to(telling: Telling, settings: Settings) -> None:
    root = logging.getLogger()
    root.addHandler(LogHandler(telling))
    root.setLevel(settings.log.level)
    logging.captureWarnings(True)


def _end_in_any_case() -> None:
    timer = threading.Timer(LAST_RESORT_S, os._exit, (1,))
    timer.daemon = True
    timer.start()
