"""The real console, its database gone: what the operator does about an alarm counts, and is never lost."""

import json
import os
import time
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from signal import SIGKILL

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.models import AlarmEvent, JournalEntry
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.tui.app.ordered_input import FRAME_TIMEOUT_S
from tests.support import tmux_terminal
from tests.support.collector.numbered_messages import plant_settings
from tests.support.collector_process.supervised_collector import supervise_collector
from tests.support.database.stored_journal import read_journal
from tests.support.os_processes import is_alive, list_children
from tests.support.polling import wait_until


def list_acknowledgements(settings: Settings) -> list[JournalEntry]:
    return [entry for entry in read_journal(settings) if entry.event is AlarmEvent.ACKNOWLEDGE]


def say_low(settings: Settings) -> None:
    publisher = Publisher(settings.mqtt, client_id="station")
    publisher.start()
    said = {
        "device_id": "dosing_system_01", "chemical": "T-12", "remaining_g": 1990, "capacity_g": 10_000,
        "timestamp": int(time.time()),
    }  # fmt: skip
    assert publisher.publish_message(settings.mqtt.topics[2], json.dumps(said).encode(), 1)
    publisher.stop()


@pytest.mark.skipif(tmux_terminal.FOUND is None, reason="tmux is not installed")
def test_an_acknowledgement_without_the_database_outlives_everything_and_is_journaled_once(
    mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path / "spool")
    environment = {
        "DOSING_MQTT_HOST": mosquitto.host, "DOSING_MQTT_PORT": str(mosquitto.port),
        "DOSING_DATABASE_DSN": own_postgres.dsn, "DOSING_LOG_FILE": str(tmp_path / "console.log"),
        "DOSING_COLLECTOR_SPOOL_DIR": settings.collector.spool_dir,
    }  # fmt: skip
    with tmux_terminal.run_program(tmp_path, env=environment) as window:
        window.wait_for_text("collecting")
        say_low(settings)
        window.wait_for_text("UNACK 1 of 1")
        wait_until(lambda: len(read_journal(settings)) == 1)
        own_postgres.kill()
        window.send_keys("a")
        window.wait_for_text("DB down")
        window.wait_for_text("Consequence")
        time.sleep(FRAME_TIMEOUT_S)  # a key before it is not for the list
        began = datetime.now(UTC)
        window.send_keys("Space")
        window.wait_for_text("Kept on this machine until the database is back.")
        window.wait_for_text("1 pending")
        ended = datetime.now(UTC)
        console, collector = window.get_pid(), list_children(window.get_pid())[0]
        for process in (collector, console):
            os.kill(process, SIGKILL)
        wait_until(lambda: not is_alive(collector) and not is_alive(console))
    own_postgres.restart()
    with supervise_collector(settings) as next_one:
        (entry,) = wait_until(lambda: list_acknowledgements(settings))
        wait_until(
            lambda: next_one.ready and next_one.picture.alarms and next_one.picture.alarms.is_journal_live
        )
    assert list_acknowledgements(settings) == [entry]
    assert entry.key.tag == "STOCK_LOW/dosing_system_01/T-12"
    assert began <= entry.at <= ended
    assert entry.who.os_user == getuser()
