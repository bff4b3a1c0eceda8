"""The collector's side of the pipe: never more under way than the console takes, and never a wait for it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from dosing_tui.collector_process.messages import Logged, News, ToCollector, ToConsole
from dosing_tui.collector_process.state_delta import changed
from dosing_tui.collector_process.state_publisher import WAITING, LogHandler, Telling
from dosing_tui.ipc.pipe import Channel
from dosing_tui.live_state import Live, Picture
from tests.support.collector.parsed_items import dose
from tests.support.collector_process.supervised_collector import now

Console = Channel[ToCollector, ToConsole]


@contextmanager
def telling(live: Live) -> Iterator[tuple[Telling, Console]]:
    ours, theirs = socket.socketpair()
    with closing(Console(theirs.detach())) as console:
        teller = Telling(Channel(ours.detach()), live, now)
        teller.start()
        try:
            yield teller, console
        finally:
            console.finish()
            teller.close()
            teller._channel.close()


def news(console: Console) -> News:
    assert console.waits(20)
    message = console.receive()
    assert isinstance(message, News)
    return message


def test_the_next_news_wait_until_the_last_were_taken_and_then_tell_all_that_changed() -> None:
    live = Live()
    live.apply([dose(0)])
    with telling(live) as (teller, console):
        picture = changed(Picture(), news(console).fields)
        assert picture.doses == (dose(0),)
        live.apply([dose(1)])
        live.apply([dose(2)])
        assert not console.waits(1.5)
        teller.taken()
        picture = changed(picture, news(console).fields)
        assert picture.doses == (dose(2), dose(1), dose(0))


def test_a_plant_that_stands_still_gives_signs_of_life() -> None:
    with telling(Live()) as (teller, console):
        news(console)
        teller.taken()
        assert news(console).fields == {}


def test_a_console_that_reads_nothing_holds_nobody_up() -> None:
    live = Live()
    with telling(live) as (teller, console):
        for number in range(5 * WAITING):
            teller.log(Logged("plant", logging.INFO, f"{number} {'x' * 1_000}"))
        live.apply([dose()])
        assert console.waits(20)


def test_what_is_logged_keeps_its_logger_its_level_and_its_traceback() -> None:
    with telling(Live()) as (teller, console):
        news(console)
        logger = logging.getLogger("tests.backstage.told")
        logger.propagate = False
        logger.addHandler(LogHandler(teller))
        try:
            raise ValueError("no such tank")
        except ValueError:
            logger.exception("tank %s", 5)
        assert console.waits(20)
        line = console.receive()
        assert isinstance(line, Logged)
        assert (line.logger, line.level, line.text) == (logger.name, logging.ERROR, "tank 5")
        assert line.trace.endswith("ValueError: no such tank")
