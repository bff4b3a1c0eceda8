"""The read-ahead leans on private names of paho; a new release of paho may drop them."""

import inspect
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from dosing_tui.mqtt import buffered_client
from dosing_tui.mqtt.buffered_client import READ_AHEAD_BYTES, BufferedClient, ReadAheadSocket


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("_create_socket", ["self"]),
        ("_packet_queue", ["self", "command", "packet", "mid", "qos", "info"]),
        ("_send_pingreq", ["self"]),
    ],
)
def test_paho_still_has_the_private_method(name: str, parameters: list[str]) -> None:
    method = getattr(Client, name)
    assert list(inspect.signature(method).parameters)[: len(parameters)] == parameters


def test_paho_still_has_the_private_state_of_a_packet_and_of_the_last_one() -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    assert client._in_packet["command"] == 0
    assert client._protocol == MQTTProtocolVersion.MQTTv311
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


class NarrowSocket(socket.socket):
    """Takes a few bytes at a time, and nothing while it is full."""

    room = 0

    def send(self, data: Any, flags: int = 0) -> int:
        if not self.room:
            raise BlockingIOError
        sent = super().send(bytes(data)[: self.room], flags)
        self.room -= sent
        return sent


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NarrowSocket, socket.socket]]:
    """A connection of which only the broker's end is a plain socket, and that end."""
    ours, theirs = socket.socketpair()
    narrow = NarrowSocket(fileno=ours.detach())
    monkeypatch.setattr(buffered_client, "PLAIN_SOCKET", NarrowSocket)
    with narrow, theirs:
        yield narrow, theirs


def test_another_thread_sends_whole_packets_while_there_is_room(
    pair: tuple[NarrowSocket, socket.socket],
) -> None:
    narrow, broker = pair
    connection, narrow.room = ReadAheadSocket(narrow), 100
    assert connection.send_packets(b"ack1ack2")
    assert connection.send(b"ping") == 4
    assert connection.send_packets(b"ack3")
    assert broker.recv(100) == b"ack1ack2pingack3"


def test_packets_that_were_sent_in_part_are_ended_before_anything_else(
    pair: tuple[NarrowSocket, socket.socket],
) -> None:
    narrow, broker = pair
    connection, narrow.room = ReadAheadSocket(narrow), 6
    assert connection.send_packets(b"ack1ack2")
    assert connection.has_unsent
    with pytest.raises(BlockingIOError):
        connection.send(b"ping")
    narrow.room = 3
    assert connection.send(b"ping") == 1
    assert not connection.has_unsent
    narrow.room = 100
    assert not connection.send_packets(b"ack3"), "it would be in the middle of the ping"
    assert connection.send(b"ing") == 3
    assert broker.recv(100) == b"ack1ack2ping"


def test_after_packets_had_to_be_queued_no_later_one_overtakes_them(
    pair: tuple[NarrowSocket, socket.socket],
) -> None:
    narrow, _ = pair
    connection = ReadAheadSocket(narrow)
    assert not connection.send_packets(b"ack1")
    narrow.room = 100
    assert not connection.send_packets(b"ack2")


def test_nothing_is_sent_after_the_end_of_a_connection(pair: tuple[NarrowSocket, socket.socket]) -> None:
    narrow, broker = pair
    connection, narrow.room = ReadAheadSocket(narrow), 100
    connection.close()
    assert not connection.send_packets(b"ack1")
    assert broker.recv(100) == b""


def test_what_is_not_a_plain_socket_is_left_to_the_network_thread() -> None:
    ours, theirs = socket.socketpair()
    with theirs, ssl.create_default_context().wrap_socket(
        ours, server_hostname="broker", do_handshake_on_connect=False
    ) as secured:  # fmt: skip
        assert not ReadAheadSocket(secured).send_packets(b"ack1")
