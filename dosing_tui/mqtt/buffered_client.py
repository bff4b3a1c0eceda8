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

AHEAD_BYTES = 64 * 1024
AT_ONCE = 200
"""Most packets between two looks at what has to be written."""

_PUBACK = struct.Struct("!BBH")
_PUBACK_REST = 2
"""Bytes of the packet behind its head, in MQTT 3.1.1 and, where all is well, in MQTT 5."""


class Stream(Protocol):
    """As much of a socket as paho uses."""

    def recv(self, buffer_size: int) -> bytes: ...
    def send(self, buffer: bytes | bytearray) -> int: ...
    def close(self) -> None: ...
    def fileno(self) -> int: ...
    def setblocking(self, flag: bool) -> None: ...


class ReadAhead:
    """For one reading thread. Errors are those of the socket beneath."""

    def __init__(self, beneath: Stream) -> None:
        self._beneath = beneath
        self._ahead = b""
        self._at = 0
        self.send, self.close = beneath.send, beneath.close
        self.fileno, self.setblocking = beneath.fileno, beneath.setblocking

    def recv(self, buffer_size: int) -> bytes:
        """b'' once the other end has closed."""
        if self._at == len(self._ahead):
            self._ahead, self._at = self._beneath.recv(AHEAD_BYTES), 0
        begin, self._at = self._at, min(self._at + buffer_size, len(self._ahead))
        return self._ahead[begin : self._at]

    def pending(self) -> int:
        """Bytes that come without asking the system; paho then does not wait for it."""
        beneath = getattr(self._beneath, "pending", None)
        return len(self._ahead) - self._at + (beneath() if beneath else 0)


class Reading(Client):
    """Takes in turn all packets that have been read."""

    _stream: ReadAhead | None = None

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        for _ in range(AT_ONCE):
            answer = super().loop_read(max_packets)
            if answer is not MQTTErrorCode.MQTT_ERR_SUCCESS or not (self._stream and self._stream.pending()):
                break
        return answer

    def acknowledge(self, mids: Sequence[int]) -> None:
        """As ``ack`` for each of these messages of QoS 1, in one piece."""
        # paho has no public way to say several things at once
        packets = b"".join(_PUBACK.pack(PUBACK, _PUBACK_REST, mid) for mid in mids)
        self._packet_queue(PUBACK, packets, mids[-1], 1)

    def _create_socket(self) -> ReadAhead:
        # paho has no public place for a socket of one's own
        self._stream = ReadAhead(super()._create_socket())
        return self._stream
