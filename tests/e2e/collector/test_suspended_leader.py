"""A suspended leader is replaced; when it continues, it stores what it has and decides nothing any more."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.alarms.offline_commands import store_commands
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName, JournalEntry
from dosing_tui.domain.alarms.operator_commands import CommandContext, acknowledge_alarm
from dosing_tui.mqtt.publisher import Publisher
from tests.integration.collector.alarms.test_alarm_service_on_servers import (
    connect_station,
    read_entries,
    say_dose,
    say_level,
)
from tests.support.collector.numbered_messages import (
    CollectorProcess,
    Numbered,
    plant_settings,
    run_collector,
    stored_numbers,
)
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import ANNA
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

log = logging.getLogger(__name__)
ROUNDS = int(choose_size("SUSPENDED_LEADER_ROUNDS", small=2, full=20))
REPLACED_S = 30.0
COLLECTS = "This process collects for the site."
STANDS_BY = "this one stands by"


class NumberingStation:
    """Publishes numbered messages at QoS 1 until it is stopped; ``count`` of them so far."""

    def __init__(self, settings: MqttSettings) -> None:
        self.count = 0
        self._settings = settings
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop_event.set()
        self._thread.join()

    def _publish(self) -> None:
        publisher, now = Publisher(self._settings, client_id="station"), int(time.time())
        publisher.start()
        while not self._stop_event.wait(0.02):
            message = Numbered(self.count, now)
            assert publisher.publish_message(message.topic, message.payload, 1)
            self.count += 1
        assert publisher.wait_for_publish(60)
        publisher.stop()


@contextmanager
def run_machine(settings: Settings, folder: Path) -> Iterator[CollectorProcess]:
    """A collector with a spool of its own."""
    folder.mkdir()
    own = replace(settings, collector=replace(settings.collector, spool_dir=str(folder / "spool")))
    with run_collector(own, folder) as machine:
        yield machine


def has_said(machine: CollectorProcess, text: str, since: int) -> bool:
    return any(text in line for line in machine.log_lines[since:])


def wait_until_collecting(machine: CollectorProcess) -> None:
    """Its role and its link to the broker are decided independently."""
    for text in (COLLECTS, "The broker is connected."):
        wait_until(lambda text=text: has_said(machine, text, 0))  # type: ignore[misc]  # of a lambda's default


def is_dose_stored(dsn: str, number: int) -> bool:
    return bool(fetch_rows(dsn, f"SELECT FROM dosing_consumption WHERE duration_ms = {number}"))


def suspend_and_continue(
    leader: CollectorProcess, standby: CollectorProcess, station: NumberingStation, dsn: str
) -> float:
    """Seconds from the suspension until a message sent after it is stored."""
    before, after = len(leader.log_lines), len(standby.log_lines)
    os.kill(leader.process.pid, SIGSTOP)
    began, first = time.monotonic(), 4 * (station.count // 4) + 8
    try:
        wait_until(lambda: has_said(standby, COLLECTS, after), timeout=60)
        wait_until(lambda: is_dose_stored(dsn, first), timeout=60, every=0.2)
        replaced_s = time.monotonic() - began
    finally:
        os.kill(leader.process.pid, SIGCONT)
    wait_until(lambda: has_said(leader, STANDS_BY, before), timeout=60)
    return replaced_s


def test_a_suspended_leader_is_replaced_and_nothing_is_lost_or_doubled(
    settings: Settings, tmp_path: Path
) -> None:
    dsn, replaced_s = settings.database.dsn, []
    with run_machine(settings, tmp_path / "north") as leader:
        wait_until_collecting(leader)
        with run_machine(settings, tmp_path / "south") as standby:
            wait_until(lambda: has_said(standby, STANDS_BY, 0))
            station = NumberingStation(settings.mqtt)
            for _ in range(ROUNDS):
                caught_up = 4 * (station.count // 4)
                wait_until(lambda number=caught_up: is_dose_stored(dsn, number), timeout=60, every=0.2)  # type: ignore[misc]  # of a lambda's default
                replaced_s.append(suspend_and_continue(leader, standby, station, dsn))
                leader, standby = standby, leader
            station.stop()
            wait_until(lambda: len(stored_numbers(dsn)) == station.count, timeout=60, every=1)
            # the outlet of every spool was seen: a spool that still held some would double them later
            assert standby.end_gracefully() == leader.end_gracefully() == 0
    stored = stored_numbers(dsn)
    log.info("replaced after %s s of %d messages", [round(each, 1) for each in replaced_s], station.count)
    assert set(stored) == set(range(station.count))
    # a level without a time that was delivered to two collectors has two times of receipt
    assert {number for number, times in stored.items() if times > 1 and number % 4 != 3} == set()
    assert max(replaced_s) <= REPLACED_S


def read_outbox(machine: CollectorProcess) -> list[JournalEntry]:
    with closing(JournalOutbox(get_spool_folder(machine.settings))) as outbox:
        return [entry for _, entry in outbox.list_pending()]


def test_what_a_suspended_leader_decided_is_not_journaled_after_another_and_what_a_person_did_is(
    mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    site = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    with run_machine(site, tmp_path / "north") as leader, connect_station(site) as plant:
        wait_until_collecting(leader)
        with run_machine(site, tmp_path / "south") as standby:
            wait_until(lambda: has_said(standby, STANDS_BY, 0))
            say_level(plant, site, 19.9)
            wait_until(lambda: read_entries(site))
            (low,) = fold_entries(read_entries(site)).values()
            own_postgres.kill()
            say_dose(plant, site, 3.0)
            acked = acknowledge_alarm(low, CommandContext(ANNA, datetime.now(UTC)))
            store_commands(leader.settings, [acked])
            wait_until(
                lambda: (
                    {entry.event for entry in read_outbox(leader)}
                    >= {AlarmEvent.RAISE, AlarmEvent.ACKNOWLEDGE}
                )
            )
            superseded = {
                entry.uuid for entry in read_outbox(leader) if entry.event is not AlarmEvent.ACKNOWLEDGE
            }
            os.kill(leader.process.pid, SIGSTOP)
            try:
                own_postgres.restart()
                wait_until(lambda: has_said(standby, COLLECTS, 0), timeout=60)
            finally:
                os.kill(leader.process.pid, SIGCONT)
            wait_until(lambda: has_said(leader, STANDS_BY, 0), timeout=60)
            wait_until(lambda: has_said(leader, "not journaled", 0), why=lambda: leader.log)
            wait_until(lambda: acked.uuid in {entry.uuid for entry in read_journal(site)})
            wait_until(lambda: fetch_rows(own_postgres.dsn, "SELECT FROM dosing_consumption"))
            assert standby.end_gracefully() == leader.end_gracefully() == 0
        assert read_outbox(leader) == []
    stored = [entry.uuid for entry in read_journal(site)]
    assert superseded.isdisjoint(stored)
    assert stored.count(acked.uuid) == 1
    state = fold_entries(read_entries(site))[low.key]
    assert (state.state_name, state.acked_by.name) == (AlarmStateName.ACKED, ANNA.name)
