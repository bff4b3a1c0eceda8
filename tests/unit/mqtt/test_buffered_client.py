"""The read-ahead overrides two private names of paho; a new release of paho may drop them."""

import inspect
import time

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from dosing_tui.mqtt.buffered_client import BufferedClient


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("_create_socket", ["self"]), ("_packet_queue", ["self", "command", "packet", "mid", "qos", "info"])],
)
def test_paho_still_has_the_private_method(name: str, parameters: list[str]) -> None:
    method = getattr(Client, name)
    assert list(inspect.signature(method).parameters)[: len(parameters)] == parameters


def test_paho_still_has_the_private_state_of_a_packet_and_of_the_last_one() -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    assert client._in_packet["command"] == 0
    assert client._last_bytes_received <= time.monotonic()
    assert client._msgtime_mutex.acquire(blocking=False)


def test_paho_still_calls_the_overridden_socket_factory() -> None:
    assert BufferedClient._create_socket is not Client._create_socket
    assert "self._create_socket()" in inspect.getsource(Client.reconnect)
