"""What a plant says before the collector comes is not lost."""

from collections.abc import Iterator

import pytest

from dosing_tui.collector.leader import build_client_id
from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.demo.broker_session_setup import create_broker_session
from dosing_tui.demo.servers import mqtt_broker
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port, start_broker
from tests.support.database_servers import reachable_temp
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    if request.param == "mosquitto":
        yield request.getfixturevalue("mosquitto")
        return
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    with reachable_temp() as folder:
        started = start_broker(folder)
        yield started
        started.stop()


def test_the_collector_hears_what_was_said_before_it_came_for_the_first_time(broker: EmbeddedBroker) -> None:
    settings = Settings(mqtt=broker.settings)
    assert create_broker_session(settings)
    publish_payloads(settings.mqtt, b"1", b"2")
    with connect_subscriber(settings.mqtt, client_id=build_client_id(settings)) as ear:
        wait_until(lambda: ear.payloads == [b"1", b"2"])


def test_a_broker_that_is_not_there_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dosing_tui.demo.broker_session_setup.CONNECT_TIMEOUT_S", 0.2)
    assert not create_broker_session(Settings(mqtt=MqttSettings(host="127.0.0.1", port=find_free_port())))
