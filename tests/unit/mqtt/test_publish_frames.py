"""The bulk reader against paho: the same bytes, in any pieces, are the same messages in the same order."""

import socket
import struct
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from dosing_tui.mqtt.buffered_client import BufferedClient, ReadAheadSocket
from dosing_tui.mqtt.publish_frames import PublishFrame, read_frames

TOPICS = {name.encode(): name for name in ("a", "plant/dosing", "plant/füllstand")}
PING = b"\xd0\x00"


def encode_publish(
    topic: str, payload: bytes, packet_id: int, is_resent: bool, is_retained: bool, properties: bytes
) -> bytes:
    command = 0x30 | (0x02 if packet_id else 0) | (0x08 if is_resent and packet_id else 0) | is_retained
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + (struct.pack("!H", packet_id) if packet_id else b"")
    body += properties + payload
    length, size = len(body), b""
    while True:
        size += bytes([length % 128 | (128 if length > 127 else 0)])
        length //= 128
        if not length:
            return bytes([command]) + size + body


def publishes(properties: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    payloads = st.binary(max_size=20) | st.sampled_from([b"x" * 117, b"x" * 200, b"x" * 16_400])
    topics = st.sampled_from([*TOPICS.values(), "elsewhere"])
    packet_ids = st.just(0) | st.integers(1, 65_535)
    return st.builds(encode_publish, topics, payloads, packet_ids, st.booleans(), st.booleans(), properties)


PLAIN = st.just(b"")
WITH_PROPERTIES = st.sampled_from([b"\x00", b"\x02\x01\x01", b"\x07\x26\x00\x01k\x00\x01v"])


def receive(
    stream: bytes, cuts: list[int], version: MQTTProtocolVersion, *, in_bulk: bool
) -> list[PublishFrame]:
    client = BufferedClient(CallbackAPIVersion.VERSION2, "c", protocol=version, manual_ack=True)
    got: list[PublishFrame] = []

    def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
        packet_id = message.mid if message.qos else 0
        got.append(
            PublishFrame(message.topic, bytes(message.payload), packet_id, message.dup, message.retain)
        )

    client.on_message = on_message
    if in_bulk:
        client.on_frames, client.bulk_topics = got.extend, TOPICS
    broker, end = socket.socketpair()
    with closing(broker), closing(end):
        end.setblocking(False)
        client._sock = client._read_ahead = ReadAheadSocket(end)
        for begin, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            broker.sendall(stream[begin:stop])
            client.loop_read()
            while client._read_ahead.pending():
                client.loop_read()
        client._sock = None
    return got


@pytest.mark.parametrize(
    ("version", "properties"),
    [(MQTTProtocolVersion.MQTTv311, PLAIN), (MQTTProtocolVersion.MQTTv5, WITH_PROPERTIES)],
)
def test_any_bytes_in_any_pieces_are_what_paho_makes_of_them(
    version: MQTTProtocolVersion, properties: st.SearchStrategy[bytes]
) -> None:
    @given(st.lists(publishes(properties) | st.just(PING), max_size=8), st.data())
    def compare(packets: list[bytes], data: st.DataObject) -> None:
        stream = b"".join(packets)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=3, unique=True)))
        pieces = [cut for cut in cuts if 0 < cut < len(stream)]
        assert receive(stream, pieces, version, in_bulk=True) == receive(
            stream, pieces, version, in_bulk=False
        )

    compare()


@given(st.binary(max_size=40) | publishes(PLAIN).map(lambda packet: packet[:-1] + b"\xff"), st.booleans())
def test_no_bytes_are_too_odd_to_be_left_to_paho(data: bytes, has_properties: bool) -> None:
    _, position = read_frames(data, 0, TOPICS, has_properties=has_properties)
    assert 0 <= position <= len(data)


def test_all_simple_packets_of_one_reading_are_taken_at_once() -> None:
    packets = [
        encode_publish("plant/dosing", b"%d" % number, number, False, False, b"") for number in (1, 2, 3)
    ]
    frames, position = read_frames(b"".join([*packets, PING]), 0, TOPICS, has_properties=False)
    assert [(frame.payload, frame.packet_id) for frame in frames] == [(b"1", 1), (b"2", 2), (b"3", 3)]
    assert position == sum(map(len, packets))
