"""WebSockets, ports that do not speak MQTT, and messages that are too large."""

import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings, MqttTransport, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port, find_mosquitto
from tests.support.database_servers import skip_absent
from tests.support.mqtt.broker_proxy import run_broker_proxy
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until

CONFIGURATION = """\
per_listener_settings false
allow_anonymous true
listener {plain} 127.0.0.1
listener {websockets} 127.0.0.1
protocol websockets
"""
LEAKY = pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
"""paho leaves the socket of a failed handshake to the garbage collector."""
NO_ANSWER = "accepts the connection but does not answer as an MQTT broker"
SILENCE = "accepts the connection and answers nothing: it hangs, or it is not an MQTT broker"


@pytest.fixture(scope="module")
def websocket_broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MqttSettings]:
    """Settings of a Mosquitto's WebSocket port."""
    program = find_mosquitto()
    if not program:
        skip_absent(request, "Mosquitto is not installed")
    folder: Path = tmp_path_factory.mktemp("websockets")
    plain, websockets = find_free_port(), find_free_port()
    (folder / "mosquitto.conf").write_text(CONFIGURATION.format(plain=plain, websockets=websockets))
    broker = subprocess.Popen((str(program), "-c", folder / "mosquitto.conf"), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(plain) and is_listening(websockets))
        yield MqttSettings(host="127.0.0.1", port=websockets, transport=MqttTransport.WEBSOCKETS)
    finally:
        broker.terminate()
        broker.wait()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("protocol", MqttVersion)
def test_a_burst_over_websockets_comes_whole_and_in_order(
    websocket_broker: MqttSettings, protocol: MqttVersion
) -> None:
    settings = replace(websocket_broker, protocol=protocol)
    payloads = [b"%06d" % number + b"x" * 300 for number in range(900)]  # a broker queues 1,000
    with connect_subscriber(settings, client_id=f"collector-{protocol}") as ear:
        publish_payloads(settings, *payloads)
        while len(ear.plant) < len(payloads):
            count = len(ear.plant)
            ear.subscriber.ack_messages(ear.plant)
            wait_until(lambda count=count: len(ear.plant) > count)  # type: ignore[misc]  # its default has no type
        assert ear.payloads == payloads


def test_path_and_headers_reach_the_server(websocket_broker: MqttSettings) -> None:
    with run_broker_proxy(websocket_broker.port) as proxy:
        settings = replace(
            websocket_broker,
            port=proxy.port,
            websocket_path="/mqtt",
            websocket_headers=("X-Plant: north: 7",),
        )
        with connect_subscriber(settings, persistent=False):
            request = proxy.received[0].decode()
    assert request.startswith("GET /mqtt HTTP/1.1\r\n")
    assert "X-Plant: north: 7\r\n" in request


@contextmanager
def run_server(answer: bytes | None) -> Iterator[MqttSettings]:
    """A server that answers the first bytes with these and closes; with None it never answers."""
    finished = threading.Event()

    class FixedAnswerHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1024)
            if answer is None:
                finished.wait(60)
            else:
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), FixedAnswerHandler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield MqttSettings(host="127.0.0.1", port=server.server_address[1])
        finished.set()
        server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"\x15\x03\x03\x00\x02\x02\x16",
    ],
    ids=["silent", "closes", "http", "smtp", "tls"],
)
def test_a_port_that_does_not_speak_mqtt_is_named(answer: bytes | None) -> None:
    with run_server(answer) as settings, connect_subscriber(settings, wait=False) as ear:
        wait_until(lambda: (SILENCE if answer is None else NO_ANSWER) in ear.why)
        assert not ear.up


@LEAKY
@pytest.mark.parametrize(
    "answer", [None, b"", b"HTTP/1.1 404 Not Found\r\n\r\n"], ids=["silent", "closes", "http"]
)
def test_a_port_without_websockets_is_named(answer: bytes | None) -> None:
    with run_server(answer) as settings:
        websockets = replace(settings, transport=MqttTransport.WEBSOCKETS)
        with connect_subscriber(websockets, wait=False) as ear:
            wait_until(lambda: ear.links)
            reason = "cannot be reached: " if answer is None else "does not answer as a WebSocket: check port"
            assert f"Broker 127.0.0.1:{settings.port} " in ear.why
            assert reason in ear.why


def test_a_server_that_begins_to_speak_mqtt_is_used(mosquitto: EmbeddedBroker) -> None:
    """The connection that got no answer is given up, so that the next one can succeed."""
    port = mosquitto.port
    mosquitto.stop()
    with socket.create_server(("127.0.0.1", port), reuse_port=False) as silent:
        settings = mosquitto.settings
        with connect_subscriber(settings, wait=False) as ear:
            wait_until(lambda: SILENCE in ear.why)
            silent.close()
            mosquitto.start()
            wait_until(lambda: ear.up)


def test_a_message_above_the_largest_packet_is_kept_off(websocket_broker: MqttSettings) -> None:
    settings = replace(websocket_broker, protocol=MqttVersion.V5, max_packet_kb=64)
    with connect_subscriber(settings) as ear:
        publish_payloads(websocket_broker, b"before", b"x" * 65 * 1024, b"y" * 63 * 1024, b"after")
        wait_until(lambda: b"after" in ear.payloads)
        assert [len(payload) for payload in ear.payloads] == [6, 63 * 1024, 5]
