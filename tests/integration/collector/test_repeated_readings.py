"""The same reading in other words, minutes later, or after a restart, through a real broker and database."""

from datetime import UTC, datetime

import pytest
from paho.mqtt.publish import single

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import MessageCounts
from tests.support.collector.running_collector import Running, run_in_threads
from tests.support.database.schema_inspection import fetch_rows
from tests.support.domain.payload_cases import list_cases
from tests.support.polling import wait_until

CASES = list_cases()
RESULTS = {
    "duration-fraction": MessageCounts(received=2, stored=2),
    "duration-underflow": MessageCounts(received=4, stored=4),
    "uptime-redelivered": MessageCounts(received=3, stored=1, duplicates=2),
    "level-zero-capacity": MessageCounts(received=1, stored=1),
    "re-serialised": MessageCounts(received=4, stored=1, duplicates=3),
}


def publish_case(settings: Settings, plant: Running, name: str) -> None:
    seconds = int(datetime.now(UTC).timestamp())
    before = plant.books.received
    for number, (topic, payload, _) in enumerate(CASES[name].steps, start=before + 1):
        text = payload.replace('"@NOWMS"', str(seconds * 1000)).replace('"@NOW"', str(seconds))
        single(topic, text, qos=1, hostname=settings.mqtt.host, port=settings.mqtt.port)
        wait_until(lambda: plant.books.received == number)  # noqa: B023  # waited for at once


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_stored_and_counted_as_it_must(settings: Settings, name: str) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_case(settings, plant, name)
        wait_until(lambda: plant.books == RESULTS[name])


def test_an_uptime_counter_identifies_its_dose_after_a_restart(settings: Settings) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_case(settings, plant, "uptime-redelivered")
        wait_until(lambda: plant.books == RESULTS["uptime-redelivered"])
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        before = plant.books
        publish_case(settings, plant, "uptime-redelivered")
        wait_until(lambda: plant.books.duplicates == before.duplicates + 3)
        assert fetch_rows(settings.database.dsn, "SELECT count(*) FROM dosing_consumption") == [(1,)]
