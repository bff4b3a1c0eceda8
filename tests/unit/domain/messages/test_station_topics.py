"""Where the topic carries the station, its readings are that station's alone."""

from collections import Counter
from itertools import islice

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import Dose, ReadingKind, Rejection
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.topics.topic_filter import OTHER_TOPICS
from dosing_tui.simulator.plant import SimulatedPlant
from tests.support.domain.payload_samples import DOSE, RECEIVED, RULES, with_raw

MQTT = MqttSettings(prefix="factory/+")
OWN, FOREIGN = (f"factory/dosing_system_{number}/dosing/consumption" for number in ("01", "02"))


def make_station_parser() -> MessageParser:
    return MessageParser(dict(zip(MQTT.topics, ReadingKind, strict=True)), RULES)


@pytest.mark.parametrize("payload", [DOSE, with_raw(DOSE, "error_g", "nan")], ids=["canonical", "other"])
def test_a_reading_of_the_topics_station_is_stored_and_that_of_another_is_not(payload: bytes) -> None:
    parser = make_station_parser()
    (own,) = parser.parse_message(OWN, payload, received_at=RECEIVED)
    assert isinstance(own, Dose)
    (foreign,) = parser.parse_message(FOREIGN, payload, received_at=RECEIVED)
    assert isinstance(foreign, Rejection)
    assert foreign.topic == "factory/+/dosing/consumption"
    assert foreign.reason == "device_id is 'dosing_system_01', on the topic of 'dosing_system_02'"


@pytest.mark.parametrize(
    "topic", ["factory/dosing/consumption", "factory/1/2/batch/events", "x/1/batch/events"]
)
def test_a_topic_without_a_station_is_not_one_of_them(topic: str) -> None:
    (unit,) = make_station_parser().parse_message(topic, DOSE, received_at=RECEIVED)
    assert isinstance(unit, Rejection)
    assert unit.topic == MQTT.find_topic(topic) == OTHER_TOPICS


def test_no_reading_is_one_of_the_station_without_a_name() -> None:
    """For the broker an empty level is one, too."""
    topic = "factory//dosing/consumption"
    (unit,) = make_station_parser().parse_message(topic, DOSE, received_at=RECEIVED)
    assert isinstance(unit, Rejection)
    assert unit.topic == MQTT.find_topic(topic) == "factory/+/dosing/consumption"
    assert unit.reason == "device_id is 'dosing_system_01', on the topic of ''"


@pytest.mark.parametrize(
    "payload", [DOSE, b"{", with_raw(DOSE, "pump", "[]")], ids=["good", "broken", "field"]
)
@pytest.mark.parametrize("station", ["x" * 60_000, "st\x1b[2J\u202e", "station_07"])
def test_a_rejection_has_the_configured_topic_and_names_the_station(payload: bytes, station: str) -> None:
    """The topic comes from the wire, and is up to 64 KB long; it became a key of the database."""
    (unit,) = make_station_parser().parse_message(
        f"factory/{station}/dosing/consumption", payload, received_at=RECEIVED
    )
    assert isinstance(unit, Rejection)
    assert unit.topic == "factory/+/dosing/consumption"
    assert f"'{clean_text(station)}'" in unit.reason
    assert unit.reason.isprintable()
    assert len(unit.reason) <= 240


def test_messages_of_all_stations_count_as_those_of_one_topic() -> None:
    assert {MQTT.find_topic(topic) for topic in (OWN, FOREIGN)} == {"factory/+/dosing/consumption"}
    assert MqttSettings().find_topic("factory/batch/events") == "factory/batch/events"


def test_the_simulated_stations_publish_on_their_own_topics() -> None:
    parser = make_station_parser()
    plant = SimulatedPlant(1, 3, since=RECEIVED, mqtt=MQTT).generate_live(RECEIVED, rate=10.0)
    stations = Counter[str]()
    for message in islice(plant, 200):
        (unit,) = parser.parse_message(message.topic, message.payload, received_at=message.at)
        assert not isinstance(unit, Rejection)
        stations[message.topic.split("/")[1]] += 1
    assert set(stations) == {f"dosing_system_0{number}" for number in (1, 2, 3)}
