import os
import signal
import threading

import pytest
from msgspec.structs import replace
from paho.mqtt.publish import single

from dosing_tui.config.settings import MqttSettings, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt import buffered_client
from dosing_tui.mqtt.buffered_client import BufferedClient
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC
from tests.support.mqtt.publishers import DOSES, RecordingSubscriber, connect_subscriber, publish_payloads
from tests.support.polling import wait_until

both_protocols = pytest.mark.parametrize("protocol", list(MqttVersion))


@both_protocols
def test_every_message_of_the_three_topics_is_handed_over(
    mosquitto: EmbeddedBroker, protocol: MqttVersion
) -> None:
    settings = replace(mosquitto.settings, protocol=protocol)
    with connect_subscriber(settings) as ear:
        for topic in settings.topics:
            publish_payloads(settings, b"said", topic=topic)
        publish_payloads(settings, b"said", topic="factory/elsewhere")
        wait_until(lambda: len(ear.plant) == 3)
        assert [delivery.topic for delivery in ear.plant] == list(settings.topics)
        assert {delivery.qos for delivery in ear.plant} == {1}


@both_protocols
def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    mosquitto: EmbeddedBroker, protocol: MqttVersion
) -> None:
    settings = replace(mosquitto.settings, protocol=protocol)
    with connect_subscriber(settings) as ear:
        publish_payloads(settings, b"1", b"2", b"3")
        wait_until(lambda: len(ear.plant) == 3)
        ear.subscriber.ack_messages(ear.plant[:2])
    with connect_subscriber(settings) as ear:
        publish_payloads(settings, b"4")
        wait_until(lambda: len(ear.plant) == 2)
        assert ear.payloads == [b"3", b"4"]


@both_protocols
def test_the_broker_keeps_what_is_published_while_nobody_listens(
    mosquitto: EmbeddedBroker, protocol: MqttVersion
) -> None:
    settings = replace(mosquitto.settings, protocol=protocol)
    with connect_subscriber(settings):
        pass
    publish_payloads(settings, b"1", b"2")
    with connect_subscriber(settings) as ear:
        wait_until(lambda: ear.payloads == [b"1", b"2"])


def test_an_acknowledgement_of_a_lost_session_says_nothing_about_the_next(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings) as ear:
        publish_payloads(mosquitto.settings, b"old")
        wait_until(lambda: ear.plant)
        old = ear.plant[0]
        mosquitto.kill()  # and with it the session: packet ids begin again
        wait_until(lambda: not ear.up)
        mosquitto.start()
        wait_until(lambda: ear.up)
        publish_payloads(mosquitto.settings, b"new")
        wait_until(lambda: ear.payloads == [b"old", b"new"])
        assert ear.plant[1].packet_id == old.packet_id
        ear.subscriber.ack_messages([old])
    with connect_subscriber(mosquitto.settings) as ear:
        wait_until(lambda: ear.payloads == [b"new"])


def test_a_restarted_broker_is_found_again_and_listened_to_again(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings) as ear:
        mosquitto.kill()
        wait_until(lambda: not ear.up and "was lost" in ear.why)
        mosquitto.start()
        wait_until(lambda: ear.up)
        publish_payloads(mosquitto.settings, b"1")
        wait_until(lambda: ear.payloads == [b"1"])


@pytest.mark.parametrize("persistent", [True, False])
def test_a_suspended_broker_is_named_long_before_the_keepalive_is_over(
    mosquitto: EmbeddedBroker, persistent: bool
) -> None:
    settings = replace(mosquitto.settings, keepalive_s=3_600)
    ear = RecordingSubscriber(settings, persistent=persistent)
    ear.subscriber.start()
    wait_until(lambda: ear.up)
    assert mosquitto.pid is not None
    os.kill(mosquitto.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not ear.up)
        wait_until(lambda: "answers nothing" in ear.links[-1][1])
    finally:
        os.kill(mosquitto.pid, signal.SIGCONT)
    wait_until(lambda: ear.up)
    publish_payloads(settings, b"said")
    wait_until(lambda: b"said" in ear.payloads)
    ear.subscriber.stop()


def test_a_broker_without_messages_keeps_its_connection(
    mosquitto: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffered_client, "ASK_AFTER_S", 0.1)
    asked: list[float] = []
    request = BufferedClient.request_answer

    def count_request(client: BufferedClient) -> None:
        asked.append(client.received_at)
        request(client)

    monkeypatch.setattr(BufferedClient, "request_answer", count_request)
    with connect_subscriber(mosquitto.settings) as ear:
        wait_until(lambda: len(set(asked)) >= 3)
        assert ear.up
        assert sum(up for up, _ in ear.links) == 1


def test_a_broker_that_is_not_there_is_named_and_waited_for(mosquitto: EmbeddedBroker) -> None:
    mosquitto.stop()
    with connect_subscriber(mosquitto.settings, wait=False) as ear:
        wait_until(lambda: ear.links)
        assert ear.why == f"Broker 127.0.0.1:{mosquitto.port} cannot be reached: connection refused."
        mosquitto.start()
        wait_until(lambda: ear.up)


def test_who_only_looks_on_leaves_nothing_behind(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings, client_id="viewer", persistent=False) as ear:
        publish_payloads(mosquitto.settings, b"1")
        wait_until(lambda: ear.payloads == [b"1"])
        ear.subscriber.ack_messages(ear.plant[:1])
        assert ear.plant[0].qos == 0
    publish_payloads(mosquitto.settings, b"2")
    with connect_subscriber(mosquitto.settings, client_id="viewer", persistent=False) as ear:
        publish_payloads(mosquitto.settings, b"3")
        wait_until(lambda: ear.payloads == [b"3"])


def test_a_retained_message_is_marked_as_one(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings) as ear:
        publish_retained(mosquitto.settings, b"kept")
        wait_until(lambda: ear.plant)
        assert not ear.plant[0].is_retained
    with connect_subscriber(mosquitto.settings, client_id="another") as ear:
        wait_until(lambda: ear.plant)
        assert ear.plant[0].is_retained


def publish_retained(settings: MqttSettings, payload: bytes) -> None:
    single(DOSES, payload, qos=1, retain=True, hostname=settings.host, port=settings.port)


def test_the_broker_tells_how_many_messages_it_threw_away(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings) as ear:
        wait_until(lambda: [delivery for delivery in ear.deliveries if delivery.topic == DROP_COUNT_TOPIC])


def test_a_taker_that_waits_holds_the_broker_back(mosquitto: EmbeddedBroker) -> None:
    go_on = threading.Event()

    def wait(_delivery: ReceivedMessage) -> None:
        go_on.wait(30)

    with connect_subscriber(mosquitto.settings, take=wait) as ear:
        publish_payloads(mosquitto.settings, *(b"%d" % number for number in range(300)))
        assert len(ear.deliveries) <= 1
        go_on.set()
        wait_until(lambda: len(ear.plant) == 300)


@both_protocols
def test_two_programs_with_one_client_id_find_out(mosquitto: EmbeddedBroker, protocol: MqttVersion) -> None:
    settings = replace(mosquitto.settings, protocol=protocol)
    with connect_subscriber(settings, wait=False) as one, connect_subscriber(settings, wait=False) as other:
        wait_until(
            lambda: one.subscriber.has_client_id_conflict and other.subscriber.has_client_id_conflict,
            timeout=40,
        )
        wait_until(lambda: "client id 'collector'" in one.why and "nother program" in one.why)
        other.subscriber.stop()
        wait_until(lambda: one.up and not one.subscriber.has_client_id_conflict)


def test_a_taker_that_fails_does_not_end_the_connection(
    mosquitto: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(delivery: ReceivedMessage) -> None:
        if delivery.payload == b"1":
            raise RuntimeError

    with connect_subscriber(mosquitto.settings, take=fail) as ear:
        publish_payloads(mosquitto.settings, b"1", b"2")
        wait_until(lambda: ear.payloads == [b"1", b"2"])
        wait_until(lambda: "could not be processed" in caplog.text)
        assert ear.up


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_network_thread_that_dies_is_replaced(
    mosquitto: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def die_once(delivery: ReceivedMessage) -> None:
        if delivery.topic == DOSES and len(ear.plant) == 1:
            raise SystemExit

    with connect_subscriber(mosquitto.settings, take=die_once) as ear:
        publish_payloads(mosquitto.settings, b"1")
        wait_until(lambda: "broke down" in ear.why)
        wait_until(lambda: ear.up)
        wait_until(lambda: ear.payloads == [b"1", b"1"])
        wait_until(lambda: "died" in caplog.text)


def test_the_name_of_no_machine_is_refused_at_once() -> None:
    ear = RecordingSubscriber(MqttSettings(host="a..b"))
    with pytest.raises(BrokerError, match=r"host 'a\.\.b' is not the name"):
        ear.subscriber.start()


def test_stopping_while_the_broker_is_away_is_quick() -> None:
    with connect_subscriber(MqttSettings(host="127.0.0.1", port=find_free_port()), wait=False) as ear:
        wait_until(lambda: ear.links)


def test_a_stopped_subscriber_can_be_started_again(mosquitto: EmbeddedBroker) -> None:
    with connect_subscriber(mosquitto.settings) as ear:
        ear.subscriber.stop()
        publish_payloads(mosquitto.settings, b"1")
        ear.subscriber.start()
        wait_until(lambda: ear.payloads == [b"1"])
