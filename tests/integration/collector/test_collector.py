"""The whole collector against a real broker and a real database."""

import json
from datetime import UTC, datetime
from typing import LiteralString

import psycopg
import pytest
from msgspec.structs import replace
from paho.mqtt.publish import single

from dosing_tui.config.settings import MqttVersion, Settings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.live_snapshot import LinkStatus, LiveSnapshot, MessageCounts
from tests.support.collector.numbered_messages import publish_numbered, stored_numbers
from tests.support.collector.running_collector import number_messages, run_in_threads
from tests.support.database.schema_inspection import fetch_rows
from tests.support.mqtt.broker_proxy import RefuseTopic, run_broker_proxy
from tests.support.polling import wait_until


@pytest.mark.parametrize("protocol", list(MqttVersion))
def test_messages_reach_the_database_and_the_books_balance(settings: Settings, protocol: MqttVersion) -> None:
    with run_in_threads(replace(settings, mqtt=replace(settings.mqtt, protocol=protocol))) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 100))
        wait_until(lambda: plant.books == MessageCounts(received=100, stored=100))
        assert sorted(stored_numbers(settings.database.dsn)) == list(range(100))
        wait_until(lambda: len(plant.picture.doses) == 50)  # shown a little after it is counted


def test_the_books_balance_whenever_one_looks(settings: Settings) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        looks: list[MessageCounts] = []
        publish_numbered(settings.mqtt, number_messages(0, 1000))
        wait_until(lambda: looks.append(plant.books) or plant.books.stored == 1000, every=0.001)  # type: ignore[func-returns-value]
        assert all(books.is_reconciled and books.spooled >= 0 for books in looks)


def test_a_message_sent_twice_is_stored_once_unless_only_the_time_of_receipt_tells(
    settings: Settings,
) -> None:
    """A level without a time may be a new one: it is stored, and counted as a possible repeat."""
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 4) + number_messages(0, 4))
        expected = MessageCounts(received=8, stored=5, duplicates=3, possible_repeats=1)
        wait_until(lambda: plant.books == expected)


def test_a_retained_message_is_seen_and_not_stored(settings: Settings) -> None:
    level = number_messages(3, 4)[0]
    single(
        level.topic, level.payload, qos=1, retain=True, hostname=settings.mqtt.host, port=settings.mqtt.port
    )
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.picture.levels)
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 1))
        wait_until(lambda: plant.books == MessageCounts(received=1, stored=1))


def test_what_cannot_be_read_is_rejected_and_kept(settings: Settings) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        single(settings.mqtt.topics[0], b"\xff{", qos=1, hostname=settings.mqtt.host, port=settings.mqtt.port)
        wait_until(lambda: plant.books == MessageCounts(received=1, rejected=1))
        with psycopg.connect(settings.database.dsn) as session:
            assert session.execute("SELECT record FROM rejected_messages").fetchall() == [(b"\xff{",)]


def test_no_topic_can_stop_the_readings_behind_it(settings: Settings) -> None:
    """It is sent by a station, and up to 64 KB long; it became part of a key, which the database refused."""
    settings = replace(settings, mqtt=replace(settings.mqtt, prefix="factory/+"))
    invented = "".join(f"{number:x}" for number in range(1_500))
    dose = number_messages(0, 1)[0]
    station = json.loads(dose.payload)["device_id"]
    host, port = settings.mqtt.host, settings.mqtt.port
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        for name in (invented, station):
            single(f"factory/{name}/dosing/consumption", dose.payload, qos=1, hostname=host, port=port)
        wait_until(lambda: plant.books == MessageCounts(received=2, stored=1, rejected=1))
    query: LiteralString = "SELECT topic, right(reason, 2) FROM rejected_messages"
    assert fetch_rows(settings.database.dsn, query) == [("factory/+/dosing/consumption", "…'")]
    assert set(stored_numbers(settings.database.dsn)) == {0}


def test_a_row_the_database_refuses_does_not_take_its_neighbours_with_it(settings: Settings) -> None:
    with psycopg.connect(settings.database.dsn) as session:
        session.execute("ALTER TABLE dosing_consumption ADD CHECK (duration_ms <> 8)")
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 20))
        wait_until(lambda: plant.books == MessageCounts(received=20, stored=19, rejected=1))
        assert set(range(20)) - set(stored_numbers(settings.database.dsn)) == {8}


def test_a_restarted_broker_keeps_what_came_meanwhile(mosquitto: EmbeddedBroker, settings: Settings) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 10))
        mosquitto.restart()
        publish_numbered(settings.mqtt, number_messages(10, 20))
        wait_until(lambda: plant.books.stored == 20)
        assert max(stored_numbers(settings.database.dsn).values()) == 1


def test_a_broker_that_comes_late_is_waited_for(mosquitto: EmbeddedBroker, settings: Settings) -> None:
    mosquitto.stop()
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.picture.broker.status is LinkStatus.DOWN)
        assert "cannot be reached" in plant.picture.broker.reason
        mosquitto.start()
        wait_until(lambda: plant.ready)


def test_batches_are_kept_behind_the_writer(settings: Settings) -> None:
    now = int(datetime.now(UTC).timestamp())
    event = {"device_id": "a", "recipe": "CU-85", "pumps": 2}
    statuses: LiteralString = "SELECT status FROM batches"
    host, port = settings.mqtt.host, settings.mqtt.port
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        started = json.dumps({**event, "event": "start", "timestamp": now - 130})
        single(settings.mqtt.topics[1], started, qos=1, hostname=host, port=port)
        wait_until(lambda: fetch_rows(settings.database.dsn, statuses) == [("open",)])
        completed = json.dumps({**event, "event": "complete", "timestamp": now - 5})
        single(settings.mqtt.topics[1], completed, qos=1, hostname=host, port=port)
        wait_until(lambda: fetch_rows(settings.database.dsn, statuses) == [("complete",)])


def test_a_refused_topic_is_a_state_and_an_alarm_and_the_others_are_stored(settings: Settings) -> None:
    with run_broker_proxy(settings.mqtt.port, on_broker=RefuseTopic(1)) as proxy:
        refusing = replace(settings, mqtt=replace(settings.mqtt, port=proxy.port))
        events = settings.mqtt.topics[1]
        with run_in_threads(refusing) as plant:
            wait_until(lambda: plant.picture.broker.status is LinkStatus.PARTIAL)
            assert plant.picture.broker.reason.endswith(f"does not let this account read {events}.")
            wait_until(lambda: plant.picture.refused_topics == (events,))
            wait_until(lambda: f"TOPIC_REFUSED/{events}" in list_alarm_tags(plant.picture))
            publish_numbered(settings.mqtt, number_messages(0, 9))
            wait_until(lambda: plant.books.stored >= 6)
            doses = settings.mqtt.topics[0]
            assert doses in dict(plant.picture.topic_last_message)
            assert plant.picture.broker.status is LinkStatus.PARTIAL


def list_alarm_tags(snapshot: LiveSnapshot) -> list[str]:
    return [view.state.key.tag for view in snapshot.alarms.annunciated_alarms] if snapshot.alarms else []
