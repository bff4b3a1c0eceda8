"""The publisher knows what the broker took, says in a sentence why it cannot, and loses nothing at QoS 1."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.connection_faults import format_address
from dosing_tui.mqtt.publisher import Publisher
from tests.support.polling import wait_until
from tests.support.simulator.recording_subscriber import record_traffic

TOPIC = MqttSettings().topics[0]


@contextmanager
def serve_reply(reply: bytes) -> Iterator[MqttSettings]:
    """Somebody at an address who answers whatever connects with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        links: list[socket.socket] = []

        def answer() -> None:
            link, _ = server.accept()
            links.append(link)
            link.recv(1024)
            link.sendall(reply)

        thread = Thread(target=answer)
        thread.start()
        yield MqttSettings(host="127.0.0.1", port=server.getsockname()[1])
        thread.join()
        for link in links:
            link.close()


def test_nobody_there_is_one_sentence() -> None:
    settings = MqttSettings(host="127.0.0.1", port=find_free_port())
    with pytest.raises(BrokerError, match=rf"^Broker 127.0.0.1:{settings.port} cannot be reached: .*\.$"):
        Publisher(settings, client_id="p").start()


def test_a_name_that_is_none_is_one_sentence() -> None:
    with pytest.raises(BrokerError, match=r"cannot be reached: .*label"):
        Publisher(MqttSettings(host="x" * 80), client_id="p").start()


def test_a_wrong_password_is_one_sentence() -> None:
    with (
        serve_reply(b"\x20\x02\x00\x05") as settings,
        pytest.raises(BrokerError, match="refuses this client: not auth"),
    ):
        Publisher(settings, client_id="p").start()


def test_somebody_who_does_not_speak_mqtt_is_given_up() -> None:
    with serve_reply(b"") as settings, pytest.raises(BrokerError, match="does not answer"):
        Publisher(settings, client_id="p").start(timeout_s=0.3)


@pytest.mark.parametrize("protocol", MqttVersion)
@pytest.mark.parametrize("qos", [0, 1])
def test_everything_arrives_in_order_and_is_counted_once(
    mosquitto: EmbeddedBroker, qos: int, protocol: MqttVersion
) -> None:
    settings = replace(mosquitto.settings, protocol=protocol)
    taken: list[int] = []
    with record_traffic(settings) as heard:
        publisher = Publisher(settings, client_id="p")
        publisher.start()
        for number in range(3_000):
            assert publisher.publish_message(
                TOPIC,
                b"%d" % number,
                qos,
                on_publish=lambda n=number: taken.append(n),  # type: ignore[misc]  # its default has no type
            )
        assert publisher.wait_for_publish(20)
        publisher.stop()
        wait_until(lambda: len(heard.list_payloads(settings)) == 3_000)
    assert taken == list(range(3_000))
    assert heard.list_payloads(settings) == [(TOPIC, b"%d" % number) for number in range(3_000)]
    assert (publisher.lost_count, publisher.resent_count, publisher.in_flight_count) == (0, 0, 0)


def test_at_qos_1_a_restart_of_the_broker_loses_nothing(mosquitto: EmbeddedBroker) -> None:
    # fewer at once than a subscriber's window: past it, Mosquitto 2.0.11 was seen to lose one it had taken
    settings, said, going, done = mosquitto.settings, list[str](), Event(), Event()
    publisher = Publisher(settings, client_id="p", on_link=lambda up, why: said.append(why))

    def work() -> None:
        publisher.start()
        for number in range(1_600):
            if number == 800:
                going.wait()
            publisher.publish_message(TOPIC, b"%d" % number, 1, should_stop=done.is_set)
        said.append(f"all taken: {publisher.wait_for_publish(30)}")
        publisher.stop()

    worker = Thread(target=work)
    with record_traffic(settings) as heard:
        worker.start()
        wait_until(lambda: len(heard.list_payloads(settings)) > 500)
        going.set()
        mosquitto.restart()  # by this thread: a broker dies with the thread that started it
        try:
            wait_until(lambda: said[-1].startswith("all taken"))
        finally:
            done.set()
            worker.join()
        wait_until(lambda: len(set(heard.list_payloads(settings))) == 1_600)
    assert said == [
        "",
        f"The connection to broker {format_address(settings)} was lost; connecting again.",
        "",
        "all taken: True",
    ]


def test_at_qos_0_messages_are_lost_while_the_broker_is_away_and_counted(mosquitto: EmbeddedBroker) -> None:
    publisher = Publisher(mosquitto.settings, client_id="p")
    publisher.start()
    assert publisher.publish_message(TOPIC, b"1", 0)
    assert publisher.wait_for_publish(5)
    mosquitto.stop()
    wait_until(lambda: not publisher.publish_message(TOPIC, b"2", 0))
    assert publisher.lost_count >= 1
    publisher.stop()


def test_whoever_waits_for_a_broker_that_is_away_can_give_up(mosquitto: EmbeddedBroker) -> None:
    publisher = Publisher(mosquitto.settings, client_id="p")
    publisher.start()
    mosquitto.stop()
    wait_until(lambda: not publisher.publish_message(TOPIC, b"1", 1, should_stop=lambda: True))
    assert not publisher.wait_for_publish(0.2) or publisher.in_flight_count == 0
    publisher.stop()
