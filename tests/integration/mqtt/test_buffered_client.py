"""A socket that reads ahead hands out the same bytes, however they came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.buffered_client import ReadAheadSocket
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until


@dataclass
class Arriving:
    """A stream on which pieces arrive; between them there is nothing to read."""

    pieces: list[bytes]
    sent: list[bytes] = field(default_factory=list)
    asked: int = 0

    def recv(self, buffer_size: int) -> bytes:
        self.asked += 1
        if not self.pieces:
            raise BlockingIOError
        piece = self.pieces.pop(0)
        if len(piece) > buffer_size:
            self.pieces.insert(0, piece[buffer_size:])
        return piece[:buffer_size]

    def send(self, buffer: bytes | bytearray) -> int:
        self.sent.append(bytes(buffer))
        return len(buffer)

    def close(self) -> None: ...
    def fileno(self) -> int:
        return 7

    def setblocking(self, flag: bool) -> None: ...


pieces = st.lists(st.binary(min_size=1, max_size=200), max_size=20)


@given(pieces, st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_nothing_is_lost_doubled_or_moved(arrived: Sequence[bytes], sizes: Sequence[int]) -> None:
    stream, whole, found = ReadAheadSocket(Arriving(list(arrived))), b"".join(arrived), b""
    for size in cycle(sizes):
        if len(found) == len(whole):
            break
        piece = stream.recv(size)
        assert 0 < len(piece) <= size
        found += piece
    assert found == whole
    assert stream.pending() == 0
    with pytest.raises(BlockingIOError):
        stream.recv(1)


def test_what_was_read_ahead_is_told_and_costs_no_call() -> None:
    beneath = Arriving([b"head and body"])
    stream = ReadAheadSocket(beneath)
    assert stream.recv(4) == b"head"
    assert stream.pending() == 9
    assert stream.recv(100) == b" and body"
    assert beneath.asked == 1


def test_the_end_of_a_connection_is_told() -> None:
    stream = ReadAheadSocket(Arriving([b""]))
    assert stream.recv(1) == b""


def test_the_rest_is_the_sockets_own() -> None:
    beneath = Arriving([])
    stream = ReadAheadSocket(beneath)
    assert stream.send(b"said") == 4
    assert beneath.sent == [b"said"]
    assert stream.fileno() == 7


def test_a_burst_comes_whole_and_in_order_and_is_acknowledged_at_once(mosquitto: EmbeddedBroker) -> None:
    """The broker has a thousand messages under way, no more, until these are acknowledged."""
    under_way = 1_000
    said = [b"%06d" % number + b"x" * 500 for number in range(under_way + 500)]
    with connect_subscriber(mosquitto.settings) as ear:
        publish_payloads(mosquitto.settings, *said)
        wait_until(lambda: len(ear.plant) == under_way)
        ear.subscriber.ack_messages(ear.plant)
        wait_until(lambda: len(ear.plant) == len(said))
        assert ear.payloads == said
