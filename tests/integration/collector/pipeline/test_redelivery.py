"""What real brokers send again is stored once, and what only looks like it is stored each time."""

import json
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.collector.leader import build_client_id
from dosing_tui.collector.pipeline.session_watch import SESSION_LOST_TEXT
from dosing_tui.config.settings import MqttVersion, Settings
from dosing_tui.demo.servers import mqtt_broker
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.live_snapshot import MessageCounts
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.mqtt.subscriber import Subscriber
from tests.support.collector.numbered_messages import plant_settings
from tests.support.collector.running_collector import run_in_threads
from tests.support.database.schema_inspection import fetch_rows
from tests.support.polling import wait_until

DOSE = {
    "device_id": "dosing_system_01", "pump": 2, "chemical": "T-12", "target_g": 40.0, "actual_g": 40.15,
    "recipe": "CU-85", "mode": "CATALYST", "duration_ms": 58_432,
}  # fmt: skip
FLAGGED = "SELECT 'possible repeat' = ANY(flags) IS TRUE FROM dosing_consumption ORDER BY received_at"


def publish_doses(settings: Settings, masses: Iterable[float]) -> None:
    """Doses without a time; the broker has them on return."""
    station = Publisher(settings.mqtt, client_id="station")
    station.start()
    for mass in masses:
        payload = json.dumps({**DOSE, "actual_g": mass, "error_g": round(mass - 40, 3)}).encode()
        assert station.publish_message(settings.mqtt.topics[0], payload, 1)
    assert station.wait_for_publish(20)
    station.stop()


def list_flagged(settings: Settings) -> list[object]:
    """Of each stored dose, in order of receipt, whether it may be a repeat."""
    return [flagged for (flagged,) in fetch_rows(settings.database.dsn, FLAGGED)]


@pytest.mark.parametrize("protocol", list(MqttVersion))
def test_equal_doses_around_a_reconnect_are_all_stored(
    mosquitto: EmbeddedBroker, settings: Settings, protocol: MqttVersion
) -> None:
    """Four doses became three rows, and the counts balanced."""
    settings = replace(settings, mqtt=replace(settings.mqtt, protocol=protocol))
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1])
        wait_until(lambda: plant.books.stored == 1)
        mosquitto.restart()
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1, 40.1])
        wait_until(lambda: plant.books.stored == 3)
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1])
        wait_until(lambda: plant.books == MessageCounts(received=4, stored=4, possible_repeats=3))
    # nobody can tell whether the broker was restored, or the station had no answer
    assert list_flagged(settings) == [False, True, True, True]


@pytest.fixture
def lost_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> list[ReceivedMessage]:
    """The first three acknowledgements are lost, and listed here."""
    lost: list[ReceivedMessage] = []
    work: Callable[[Subscriber, Iterable[ReceivedMessage]], None] = Subscriber.ack_messages

    def lose(subscriber: Subscriber, messages: Iterable[ReceivedMessage]) -> None:
        of_plant = [one for one in messages if one.qos]
        if len(lost) < 3:
            lost.extend(of_plant)
        else:
            work(subscriber, of_plant)

    monkeypatch.setattr(Subscriber, "ack_messages", lose)
    return lost


def test_a_lost_acknowledgement_makes_no_second_dose(
    mosquitto: EmbeddedBroker, settings: Settings, lost_acknowledgements: list[ReceivedMessage]
) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1, 40.2, 40.1])
        wait_until(lambda: plant.books.stored == len(lost_acknowledgements) == 3)
        mosquitto.restart()
        wait_until(
            lambda: plant.books == MessageCounts(received=6, stored=3, duplicates=3, possible_repeats=1)
        )
    assert list_flagged(settings) == [False, False, True]


def test_a_broker_killed_with_an_old_save_lets_no_dose_vanish_and_no_repeat_go_unmarked(
    mosquitto: EmbeddedBroker, settings: Settings
) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
    publish_doses(settings, [40.1, 40.2, 40.1])
    saved = save_queues(mosquitto)
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.books.stored == 3)
        publish_doses(settings, [40.3])
        wait_until(lambda: plant.books.stored == 4)
        before = plant.books.possible_repeats
        mosquitto.kill()
        for file, content in saved.items():  # it may have saved its empty queue meanwhile
            file.write_bytes(content)
        mosquitto.start()
        wait_until(lambda: plant.ready and plant.books.received == 7 and plant.books.spooled == 0)
        counts = plant.books
    assert counts.stored + counts.duplicates == 7
    assert counts.duplicates + counts.possible_repeats - before == 3
    assert len(list_flagged(settings)) == counts.stored


def forget_sessions(broker: EmbeddedBroker, _settings: Settings) -> None:
    broker.kill()
    for file in broker._log.parent.glob("**/mosquitto.db*"):
        file.unlink()
    broker.start()


def take_over_session(_broker: EmbeddedBroker, settings: Settings) -> None:
    """Another client with the collector's ID, which begins anew, for a moment."""
    other = Publisher(settings.mqtt, client_id=build_client_id(settings))
    other.start()
    other.stop()


@pytest.mark.parametrize("lose", [forget_sessions, take_over_session])
def test_a_broker_that_has_lost_the_session_is_said_to_have_lost_messages(
    mosquitto: EmbeddedBroker, settings: Settings, lose: Callable[[EmbeddedBroker, Settings], None]
) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1])
        wait_until(lambda: plant.books.stored == 1)
        assert not [sentence for sentence in plant.said if SESSION_LOST_TEXT in sentence]
        lose(mosquitto, settings)
        wait_until(lambda: SESSION_LOST_TEXT in plant.picture.notice)
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.1])
        wait_until(lambda: plant.books.stored == 2)
    assert [sentence for sentence in plant.said if SESSION_LOST_TEXT in sentence]
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_doses(settings, [40.2])
        wait_until(lambda: plant.books.stored == 3)
    assert not [sentence for sentence in plant.said if SESSION_LOST_TEXT in sentence]


def save_queues(broker: EmbeddedBroker) -> dict[Path, bytes]:
    """Mosquitto writes what it has to its disk, as it does every half hour by default. Returns its files."""
    folder = broker._log.parent
    before = [one.stat().st_mtime_ns for one in folder.glob("**/mosquitto.db")]
    os.kill(broker.pid, signal.SIGUSR1)
    wait_until(lambda: [one.stat().st_mtime_ns for one in folder.glob("**/mosquitto.db")] != before)
    return {file: file.read_bytes() for file in folder.glob("**/mosquitto.db")}


def test_with_amqtt_equal_doses_around_a_reconnect_are_all_stored(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    broker = mqtt_broker.start_broker(tmp_path / "broker")
    try:
        settings = plant_settings(broker.settings, migrated, tmp_path)
        for expected in (2, 4):
            with run_in_threads(settings) as plant:
                wait_until(lambda: plant.ready)
                publish_doses(settings, [40.1, 40.1])
                wait_until(lambda: (plant.books.stored, plant.books.spooled) == (expected, 0))  # noqa: B023
                assert plant.books.duplicates == 0
    finally:
        broker.stop()
    assert len(list_flagged(settings)) == 4
