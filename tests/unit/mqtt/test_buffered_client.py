"""The read-ahead overrides two private names of paho; a new release of paho may drop them."""

import inspect
import time
from typing import Any, cast

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from dosing_tui.mqtt.buffered_client import READ_AHEAD_BYTES, BufferedClient, ReadAheadSocket


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


class EndlessConnection:
    """A socket that always has more PUBLISH packets, the last of each receive in part."""

    def __init__(self) -> None:
        self._received = b""
        self.send = self.close = self.fileno = self.setblocking = lambda *arguments: 0

    def recv(self, size: int) -> bytes:
        while len(self._received) < size:
            self._received += PACKET * 1_000
        chunk, self._received = self._received[:size], self._received[size:]
        return chunk

    def pending(self) -> int:
        return 0


PACKET = b"\x30\x0d\x00\x05topicpayloa"


def test_a_socket_that_is_never_empty_does_not_keep_acknowledgements_and_pings_back() -> None:
    client, taken = BufferedClient(CallbackAPIVersion.VERSION2), list[int]()
    client._read_ahead = client._sock = ReadAheadSocket(cast("Any", EndlessConnection()))
    client.bulk_topics = {b"topic": "topic"}
    client.on_frames = lambda frames: taken.append(len(frames))
    client.on_message = lambda *message: taken.append(1)
    for _ in range(3):
        already = sum(taken)
        assert client.loop_read() is MQTTErrorCode.MQTT_ERR_SUCCESS
        assert 0 < sum(taken) - already <= 2 * READ_AHEAD_BYTES // len(PACKET)
