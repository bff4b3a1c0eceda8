"""Both brokers, driven by the client library the program uses."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL

import paho.mqtt.client as mqtt
import pytest
from msgspec.structs import replace
from paho.mqtt.enums import CallbackAPIVersion

from dosing_tui.demo.servers import mqtt_broker
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, start_broker
from dosing_tui.errors import BrokerError, DemoError
from dosing_tui.mqtt.publisher import Publisher
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.demo.server_owners import owner_of
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until

OWNER = """
import pathlib, sys, time
from dosing_tui.demo.servers import mqtt_broker
if sys.argv[2] == "amqtt":
    mqtt_broker.find_mosquitto = lambda: None
print(mqtt_broker.start_broker(pathlib.Path(sys.argv[1])).pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_temp() as folder:
        yield folder


@pytest.fixture
def amqtt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedBroker]:
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    broker = start_broker(folder)
    yield broker
    broker.stop()


def connect_client(broker: EmbeddedBroker, name: str, got: list[bytes]) -> mqtt.Client:
    made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    made.on_message = lambda _client, _data, message: got.append(bytes(message.payload))
    if broker.username:
        made.username_pw_set(broker.username)
    made.connect(broker.host, broker.port)
    made.loop_start()
    wait_until(made.is_connected)
    return made


def disconnect_clients(*clients: mqtt.Client) -> None:
    for one in clients:
        one.disconnect()
        one.loop_stop()


def connect_subscriber(broker: EmbeddedBroker, got: list[bytes]) -> mqtt.Client:
    listening = connect_client(broker, "listener", got)
    agreed: list[int] = []
    listening.on_subscribe = lambda *about: agreed.append(1)
    listening.subscribe("t", qos=1)
    wait_until(lambda: agreed)
    return listening


def queued_while_away(broker: EmbeddedBroker, messages: int, meanwhile: Callable[[], None]) -> list[bytes]:
    """What a persistent session gets of what was published while it was away."""
    got: list[bytes] = []
    disconnect_clients(connect_subscriber(broker, got))
    speaking = connect_client(broker, "speaker", [])
    for number in range(messages):
        sent = speaking.publish("t", str(number).encode(), qos=1)
    sent.wait_for_publish(20)
    disconnect_clients(speaking)
    meanwhile()
    listening = connect_subscriber(broker, got)
    wait_until(lambda: len(got) >= messages, why=f"only {len(got)} of {messages}")
    disconnect_clients(listening)
    return got


def test_mosquitto_keeps_more_than_its_own_default_for_a_collector_that_is_away_even_over_a_restart(
    mosquitto: EmbeddedBroker,
) -> None:
    got = queued_while_away(mosquitto, 1500, mosquitto.restart)
    assert got == [str(number).encode() for number in range(1500)]


def test_amqtt_keeps_messages_for_a_collector_that_is_away(amqtt: EmbeddedBroker) -> None:
    assert amqtt.username
    assert queued_while_away(amqtt, 100, lambda: None) == [str(number).encode() for number in range(100)]


def test_amqtt_is_named_for_what_it_is(amqtt: EmbeddedBroker) -> None:
    assert "demo only" in amqtt.name


@pytest.mark.parametrize("which", ["mosquitto", "amqtt"])
def test_the_broker_ends_with_its_owner(folder: Path, which: str, request: pytest.FixtureRequest) -> None:
    if which == "mosquitto":
        request.getfixturevalue("mosquitto")  # skips where there is none
    with owner_of(OWNER, folder, which) as (owner, said):
        assert is_alive(int(said))
        owner.send_signal(SIGKILL)
        owner.wait()
        wait_until(lambda: not is_alive(int(said)), why="the broker outlives its owner")


def test_a_taken_port_is_told_in_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DemoError, match="does not start"):
            start_broker(folder, taken.getsockname()[1])


def test_amqtt_takes_over_where_mosquitto_is_there_but_does_not_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: Path("/bin/false"))
    broker = start_broker(folder)
    assert "amqtt" in broker.name
    broker.stop()


def test_without_any_broker_it_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    monkeypatch.setattr(mqtt_broker, "find_spec", lambda name: None)
    with pytest.raises(DemoError, match="Mosquitto"):
        start_broker(folder)


@pytest.mark.parametrize("which", ["mosquitto", "amqtt"])
def test_with_a_password_nobody_else_is_let_in(
    folder: Path, which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if which == "amqtt":
        monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    elif mqtt_broker.find_mosquitto() is None:
        skip_absent(request, "Mosquitto is not installed")
    broker = start_broker(folder, password="right, of this test")
    try:
        for username, password in (("", ""), (broker.username, ""), (broker.username, "wrong")):
            publisher = Publisher(
                replace(broker.settings, username=username, password=password), client_id="stranger"
            )
            with pytest.raises(BrokerError, match=r"refuses this client|closes the connection"):
                publisher.start()
        for _ in range(2):
            publisher = Publisher(broker.settings, client_id="plant")
            publisher.start()
            assert publisher.publish_message("t", b"1", 1)
            assert publisher.wait_for_publish(20)
            publisher.stop()
            broker.restart()
        assert broker.password not in repr(broker)
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert all(broker.password.encode() not in path.read_bytes() for path in files)
    finally:
        broker.stop()
