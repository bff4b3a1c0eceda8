"""Topics that a broker refuses, and brokers that close the connection of a client that reads $SYS."""

import re
from datetime import datetime, timedelta
from functools import partial

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt import subscriber
from tests.support.mqtt.broker_proxy import RefuseTopic, close_on_word, run_broker_proxy
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until

EVENTS = MqttSettings().topics[1]


def test_a_refused_topic_stays_named_while_the_others_are_read(mosquitto: EmbeddedBroker) -> None:
    with run_broker_proxy(mosquitto.port, on_broker=RefuseTopic(1)) as proxy:
        settings = replace(mosquitto.settings, port=proxy.port)
        with connect_subscriber(settings) as ear:
            reason = f"Broker 127.0.0.1:{proxy.port} does not let this account read {EVENTS}."
            wait_until(lambda: ear.links == [(True, reason)])
            assert ear.refused_topics == [(EVENTS,)]
            publish_payloads(mosquitto.settings, b"dose")
            wait_until(lambda: ear.payloads == [b"dose"])
            let_time_pass(ear.subscriber, timedelta(minutes=5))
            ear.subscriber._check_network_thread()
            assert ear.links == [(True, reason)]


def test_a_refused_topic_is_requested_again_until_it_is_granted(mosquitto: EmbeddedBroker) -> None:
    refusal = RefuseTopic(1)
    with run_broker_proxy(mosquitto.port, on_broker=refusal) as proxy:
        settings = replace(mosquitto.settings, port=proxy.port)
        with connect_subscriber(settings) as ear:
            wait_until(lambda: ear.refused_topics == [(EVENTS,)])
            wait_until(lambda: refusal.subacks == 3)  # the three topics, the status, then $SYS
            let_time_pass(ear.subscriber, subscriber.REFUSED_RETRY)
            wait_until(lambda: refusal.subacks == 4)
            refusal.is_active = False
            let_time_pass(ear.subscriber, 2 * subscriber.REFUSED_RETRY)
            wait_until(lambda: ear.refused_topics == [(EVENTS,), ()])
            wait_until(lambda: ear.links[-1] == (True, ""))
            publish_payloads(mosquitto.settings, b"event", topic=EVENTS)
            wait_until(lambda: ear.payloads == [b"event"])


@pytest.mark.parametrize("word", [b"$SYS", b"devices/+/status"])
def test_a_broker_that_closes_on_an_optional_topic_is_used_without_it(
    mosquitto: EmbeddedBroker, caplog: pytest.LogCaptureFixture, word: bytes
) -> None:
    with run_broker_proxy(mosquitto.port, on_client=partial(close_on_word, word)) as proxy:
        with connect_subscriber(replace(mosquitto.settings, port=proxy.port)) as ear:
            wait_until(lambda: [up for up, _ in ear.links] == [True, False, True])
            assert not ear.subscriber.has_client_id_conflict
            publish_payloads(mosquitto.settings, b"1", b"2")
            wait_until(lambda: ear.payloads == [b"1", b"2"])
        assert proxy.connection_count == 2
    assert re.search(f"closes the connection that reads .*{re.escape(word.decode())}", caplog.text)


def let_time_pass(reader: subscriber.Subscriber, duration: timedelta) -> None:
    """Advance the clock of this object."""
    read_clock = reader._clock

    def clock() -> datetime:
        return read_clock() + duration

    reader._clock = clock
