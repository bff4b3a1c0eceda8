"""Main function of the collector process: runs the collector until the channel ends or a stop signal.

Its stdin is the channel. The console logs what it writes to stdout and stderr.
"""

import logging
import os
import sys
from contextlib import closing
from functools import partial

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import THREAD_SWITCH_S
from dosing_tui.collector.dependencies import now_utc
from dosing_tui.collector_process.messages import (
    MessageToCollector,
    MessageToConsole,
    StartCollector,
    UpdateAck,
)
from dosing_tui.collector_process.state_publisher import PipeLogHandler, StatePublisher
from dosing_tui.config.settings import Settings
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.errors import BrokerError, DatabaseError
from dosing_tui.ipc.pipe import MessagePipe
from dosing_tui.ipc.stop_signal import StopSignal, stop_on_signal
from dosing_tui.ipc.supervised_thread import start_one_shot, start_timer
from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.live_state import LiveState

SEED_RETRY_S = 2.0
NICE_LEVEL = 5
"""Below the console's priority: messages waiting for the database are safe in the spool."""
FORCE_EXIT_S = 30.0
"""Longest stop: a hanging process would block the spool for the next. Received messages are in the spool."""

log = logging.getLogger(__name__)


def main(descriptor: int) -> int:
    """Run until the channel ends or a stop signal. Returns the exit status."""
    sys.setswitchinterval(THREAD_SWITCH_S)
    os.nice(NICE_LEVEL)
    channel: MessagePipe[MessageToConsole, MessageToCollector] = MessagePipe(descriptor)
    try:
        first = channel.receive_message()
    except (EOFError, OSError):
        return 0  # the console ended before its first message
    assert isinstance(first, StartCollector)
    live = LiveState()
    live.seed_readings(first.initial_readings)
    publisher = StatePublisher(channel, live, now_utc)
    logging.basicConfig(handlers=[PipeLogHandler(publisher)], level=first.settings.log.level)
    logging.captureWarnings(True)
    with stop_on_signal() as stop_signal:
        start_one_shot("console-commands", partial(_receive_commands, channel, publisher, live, stop_signal))
        publisher.start()
        _run_collector(first.settings, live, stop_signal)
        publisher.close()
    return 0


def _run_collector(settings: Settings, live_state: LiveState, stop_signal: StopSignal) -> None:
    collector = Collector(settings, live_state, report=log.info)
    try:
        collector.start()
    except BrokerError as error:
        live_state.set_broker(LinkState(LinkStatus.DOWN, now_utc(), str(error)))
    start_one_shot("seed-live-state", partial(_seed_live_state, settings, live_state, stop_signal))
    stop_signal.wait_until_set()
    log.info("the collector process %s ends", os.getpid())
    start_timer("force-exit", FORCE_EXIT_S, partial(os._exit, 1))
    collector.stop()


def _receive_commands(
    pipe: MessagePipe[MessageToConsole, MessageToCollector],
    publisher: StatePublisher,
    live_state: LiveState,
    stop_signal: StopSignal,
) -> None:
    """Receive the console's messages; request a stop at the end of the channel."""
    try:
        while True:
            match pipe.receive_message():
                case UpdateAck(console_faults):
                    live_state.set_console_faults(console_faults)
                    publisher.on_update_ack()
                case StartCollector():
                    log.error("the console sent StartCollector twice")
    except (EOFError, OSError):
        log.info("the console has closed the channel")
    finally:
        # also after an unforeseen failure: a process without commands must not run on
        stop_signal.request_stop()


def _seed_live_state(settings: Settings, live_state: LiveState, stop_signal: StopSignal) -> None:
    """Fill the live state from the database once that is reachable."""
    try:
        with closing(PanelReader(settings)) as reader:
            reader.open()
            while not stop_signal.is_set:
                try:
                    live_state.seed_readings(reader.load_readings())
                    return
                except DatabaseError as error:
                    log.info("live state not seeded from the database yet: %s", error)
                stop_signal.wait_until_set(SEED_RETRY_S)
    except DatabaseError as error:
        log.warning("the live state is not seeded from the database: %s", error)
