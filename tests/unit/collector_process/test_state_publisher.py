"""The collector's side of the pipe: never more under way than the console takes, and never a wait for it."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from dosing_tui.collector_process.messages import MessageToCollector, MessageToConsole, StateUpdate
from dosing_tui.collector_process.state_delta import apply_changes
from dosing_tui.collector_process.state_publisher import MAX_QUEUE_LINES, PipeLogHandler, StatePublisher
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.live_state import LiveState
from tests.support.collector.parsed_items import numbered_dose
from tests.support.collector_process.supervised_collector import get_now

Console = MessagePipe[MessageToCollector, MessageToConsole]


@contextmanager
def start_publisher(live: LiveState) -> Iterator[tuple[StatePublisher, Console]]:
    ours, theirs = socket.socketpair()
    with closing(Console(theirs.detach())) as console:
        teller = StatePublisher(MessagePipe(ours.detach()), live, get_now)
        teller.start()
        try:
            yield teller, console
        finally:
            console.finish_sending()
            teller.close()
            teller._pipe.close()


def receive_update(console: Console) -> StateUpdate:
    assert console.has_message(20)
    message = console.receive_message()
    assert isinstance(message, StateUpdate)
    return message


def test_the_next_news_wait_until_the_last_were_taken_and_then_have_all_that_changed() -> None:
    live = LiveState()
    live.apply_readings([numbered_dose(0)])
    with start_publisher(live) as (teller, console):
        picture = apply_changes(LiveSnapshot(), receive_update(console).fields)
        assert picture.doses == (numbered_dose(0),)
        live.apply_readings([numbered_dose(1)])
        live.apply_readings([numbered_dose(2)])
        assert not console.has_message(1.5)
        teller.on_update_ack()
        picture = apply_changes(picture, receive_update(console).fields)
        assert picture.doses == (numbered_dose(2), numbered_dose(1), numbered_dose(0))


def test_a_plant_that_stands_still_gives_signs_of_life() -> None:
    with start_publisher(LiveState()) as (teller, console):
        receive_update(console)
        teller.on_update_ack()
        assert receive_update(console).fields == {}


class CountedState(LiveState):
    """Counts how often it is looked at."""

    looks = 0

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        self.looks += 1
        return super().get_snapshot(now)


def test_nobody_looks_at_a_plant_that_stands_still_but_for_the_signs_of_life() -> None:
    live = CountedState()
    with start_publisher(live) as (teller, console):
        for _ in range(3):
            receive_update(console)
            teller.on_update_ack()
        assert live.looks <= 4


def test_a_console_that_reads_nothing_holds_nobody_up() -> None:
    live = LiveState()
    with start_publisher(live) as (teller, console):
        for number in range(5 * MAX_QUEUE_LINES):
            teller.queue_log_line(logging.makeLogRecord({"msg": f"{number} {'x' * 1_000}"}))
        live.apply_readings([numbered_dose()])
        assert console.has_message(20)


def test_what_is_logged_keeps_its_logger_its_level_and_its_traceback() -> None:
    with start_publisher(LiveState()) as (teller, console):
        receive_update(console)
        logger = logging.getLogger("tests.backstage.told")
        logger.propagate = False
        logger.addHandler(PipeLogHandler(teller))
        try:
            raise ValueError("no such tank")
        except ValueError:
            logger.exception("tank %s", 5)
        assert console.has_message(20)
        line = console.receive_message()
        assert isinstance(line, logging.LogRecord)
        assert (line.name, line.levelname, line.getMessage()) == (logger.name, "ERROR", "tank 5")
        assert str(line.exc_text).endswith("ValueError: no such tank")
