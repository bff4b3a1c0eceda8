"""A station as far as its connection goes: a last will, and a socket that may just close or fall silent."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from dosing_tui.config.settings import MqttSettings

CONNACK_BYTES = 4


def _encode_text(text: bytes) -> bytes:
    return struct.pack("!H", len(text)) + text


def _encode_packet(kind: int, body: bytes) -> bytes:
    length = bytearray()
    rest = len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([kind, *length]) + body


class RawStation:
    """MQTT 3.1.1 by hand: never sends a DISCONNECT, nor a ping."""

    def __init__(self, settings: MqttSettings, device: str, *, keepalive_s: int = 60) -> None:
        self.device = device
        self._topic = settings.station_status_topic.replace("+", device).encode()
        self._socket = socket.create_connection((settings.host, settings.port), timeout=30)
        flags = 0x02 | 0x04 | 0x08 | 0x20  # clean session; a will of QoS 1, retained
        will = json.dumps({"status": "offline"}).encode()
        body = b"".join(
            (
                _encode_text(b"MQTT"), bytes([4, flags]), struct.pack("!H", keepalive_s),
                _encode_text(device.encode()), _encode_text(self._topic), _encode_text(will),
            )
        )  # fmt: skip
        self._socket.sendall(_encode_packet(0x10, body))
        assert self._socket.recv(CONNACK_BYTES)[3] == 0

    def publish_status(self, **fields: object) -> None:
        """Retained, as firmware should."""
        self._publish(self._topic, json.dumps(fields).encode(), retain=True)

    def publish_reading(self, topic: str, **fields: object) -> None:
        self._publish(topic.encode(), json.dumps({"device_id": self.device, **fields}).encode(), retain=False)

    def close_socket(self) -> None:
        """Without a DISCONNECT: the broker publishes the will at once."""
        self._socket.close()

    def _publish(self, topic: bytes, payload: bytes, *, retain: bool) -> None:
        self._socket.sendall(_encode_packet(0x30 | retain, _encode_text(topic) + payload))


@contextmanager
def connect_raw_station(
    settings: MqttSettings, device: str = "s1", *, keepalive_s: int = 60
) -> Iterator[RawStation]:
    station = RawStation(settings, device, keepalive_s=keepalive_s)
    try:
        yield station
    finally:
        station.close_socket()
