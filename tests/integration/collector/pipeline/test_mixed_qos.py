"""A spool that was full, with stations that publish at QoS 1 and at QoS 0: nothing of QoS 1 is lost.

Mosquitto 2.0.11 then leaves messages out, and sends them at the next connection.
"""

import json
import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.presence import sequence_tracker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.collector.numbered_messages import plant_settings
from tests.support.collector.running_collector import Running, run_in_threads
from tests.support.polling import wait_until

BURST = 9_000
UNREPEATED = 900
STATION_1, STATION_0 = "qos1", "qos0"


@pytest.fixture
def settings(mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    return replace(settings, collector=replace(settings.collector, spool_max_mb=1))


class LevelStation:
    def __init__(self, settings: MqttSettings, device: str, qos: int) -> None:
        self._device, self._qos, self._topic = device, qos, settings.topics[2]
        self._publisher = Publisher(settings, client_id=device)
        self._publisher.start()
        self._now = int(time.time())

    def publish(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            level = {
                "device_id": self._device, "chemical": "T-12", "remaining_g": number, "capacity_g": 1_000_000,
                "seq": number, "boot_id": "b", "timestamp": self._now,
            }  # fmt: skip
            assert self._publisher.publish_message(self._topic, json.dumps(level).encode(), self._qos)

    def stop(self) -> None:
        assert self._publisher.wait_for_publish(60)
        self._publisher.stop()


def count_lost(plant: Running, device: str) -> int:
    return sum(each.messages_lost for each in plant.picture.presences if each.device_id == device)


def count_stored(settings: Settings, device: str) -> int:
    query = "SELECT count(*) FROM inventory_levels WHERE device_id = %s"
    with psycopg.connect(settings.database.dsn) as session:
        ((count,),) = session.execute(query, (device,))
    return int(count)


def test_what_the_broker_leaves_out_after_a_full_spool_is_stored_and_not_counted_as_lost(
    settings: Settings, own_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence_tracker, "SETTLE_TIME", timedelta(seconds=1))
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        own_postgres.stop()
        stations = [LevelStation(settings.mqtt, STATION_1, 1), LevelStation(settings.mqtt, STATION_0, 0)]
        stations[0].publish(range(BURST))
        unrepeated = iter(range(UNREPEATED))
        while "is full" not in plant.picture.notice:
            stations[1].publish(islice(unrepeated, 3))
            time.sleep(0.01)
        own_postgres.start()
        for number in unrepeated:
            stations[1].publish([number])
            time.sleep(0.005)
        for station in stations:
            station.stop()
        wait_until(lambda: count_stored(settings, STATION_1) == BURST)
        wait_until(lambda: count_stored(settings, STATION_0) + count_lost(plant, STATION_0) == UNREPEATED)
        assert count_lost(plant, STATION_1) == 0
