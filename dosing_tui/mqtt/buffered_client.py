"""paho's client for many messages a second: it reads ahead, and acknowledges many at once.

paho asks its socket for a byte, another byte and the rest of each packet, and waits anew before the next one;
for each acknowledgement it wakes its thread and sends four bytes: six calls of the system for one message,
each of which lets go of Python's lock. In a burst that is most of what a message costs.
"""

import struct
from collections.abc import Sequence
from typing import Protocol

from paho.mqtt.client import PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode

READ_AHEAD_BYTES = 64 * 1024
MAX_PACKETS = 200
"""Most packets between two looks at what has to be written."""

_PUBACK_PACKET = struct.Struct("!BBH")
_PUBACK_REST = 2
"""Bytes of the packet behind its head, in MQTT 3.1.1 and, where all is well, in MQTT 5."""


class SocketLike(Protocol):
    """As much of a socket as paho uses."""

    def recv(self, buffer_size: int) -> bytes: ...
    def send(self, buffer: bytes | bytearray) -> int: ...
    def close(self) -> None: ...
    def fileno(self) -> int: ...
    def setblocking(self, flag: bool) -> None: ...


class ReadAheadSocket:
    """For one reading thread. Errors are those of the socket beneath."""

    def __init__(self, socket: SocketLike) -> None:
        self._socket = socket
        self._buffer = b""
        self._position = 0
        self.send, self.close = socket.send, socket.close
        self.fileno, self.setblocking = socket.fileno, socket.setblocking

    def recv(self, buffer_size: int) -> bytes:
        """b'' once the other end has closed."""
        if self._position == len(self._buffer):
            self._buffer, self._position = self._socket.recv(READ_AHEAD_BYTES), 0
        begin, self._position = self._position, min(self._position + buffer_size, len(self._buffer))
        return self._buffer[begin : self._position]

    def pending(self) -> int:
        """Bytes that come without asking the system; paho then does not wait for it."""
        beneath = getattr(self._socket, "pending", None)
        return len(self._buffer) - self._position + (beneath() if beneath else 0)


class BufferedClient(Client):
    """Takes in turn all packets that have been read."""

    _read_ahead: ReadAheadSocket | None = None

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        for _ in range(MAX_PACKETS):
            answer = super().loop_read(max_packets)
            if answer is not MQTTErrorCode.MQTT_ERR_SUCCESS or not (
                self._read_ahead and self._read_ahead.pending()
            ):
                break
        return answer

    def acknowledge_all(self, packet_ids: Sequence[int]) -> None:
        """As ``ack`` for each of these messages of QoS 1, in one piece."""
        # paho has no public way to say several things at once
        packets = b"".join(_PUBACK_PACKET.pack(PUBACK, _PUBACK_REST, mid) for mid in packet_ids)
        self._packet_queue(PUBACK, packets, packet_ids[-1], 1)

    def _create_socket(self) -> ReadAheadSocket:
        # paho has no public place for a socket of one's own
        self._read_ahead = ReadAheadSocket(super()._create_socket())
        return self._read_ahead
