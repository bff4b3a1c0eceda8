"""paho client for high message rates: reads ahead and acknowledges many messages at once.

paho reads each packet with three calls of recv and a select. For each PUBACK it wakes its network thread
and sends four bytes. These six system calls for each message release Python's lock every time. In a burst
they are most of a message's cost, and paho's own work is most of the rest. Messages of the subscribed topics
are therefore read in bulk (``publish_frames.py``), all other packets by paho. Acknowledgements are sent by
the thread that has stored the messages, all of a chunk in one call.
"""

import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from paho.mqtt.client import PUBACK, Client
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from dosing_tui.mqtt.publish_frames import PublishFrame, read_frames

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike  # the part of a socket that paho uses

READ_AHEAD_BYTES = 64 * 1024
MAX_PACKETS = 200
"""Maximum of packets that paho reads before pending packets are written; or those of one receive in bulk."""

ASK_AFTER_S = 5.0
"""Silence after which the broker is asked for an answer."""
ANSWER_TIMEOUT_S = 10.0
"""A broker that saves a full queue to a slow disk answers nothing meanwhile."""

PLAIN_SOCKET = socket.socket
"""Neither TLS nor WebSockets: any thread may send while another one receives."""

_PUBACK_PACKET = struct.Struct("!BBH")
_PUBACK_REST = 2
"""Remaining length of a PUBACK: in MQTT 3.1.1, and in MQTT 5 with the reason code Success."""


class ReadAheadSocket:
    """Reads READ_AHEAD_BYTES at a time; raises what the socket raises.

    For one reading thread, which sends as well; another thread may ``send_packets``.
    """

    def __init__(self, connection: "SocketLike") -> None:
        self._socket = connection
        self._buffer = b""
        self._position = 0
        self._send_lock = threading.Lock()
        self._unsent = b""
        """What ``send_packets`` has left of its packets; comes before anything else."""
        self._has_part_sent = False
        """Of a packet of the reading thread."""
        self._is_shared = type(connection) is PLAIN_SOCKET
        """Another thread may send: not by TLS and WebSockets, nor after the first packet that had to wait."""
        self.tls_error: ssl.SSLError | None = None
        """The first one while receiving: paho takes it for the end of the connection."""
        self.fileno, self.setblocking = connection.fileno, connection.setblocking
        self.received_at = time.monotonic()
        """When something was received last, or the connection was opened."""

    def send(self, packet: bytes | bytearray) -> int:
        """The packet or its rest, as far as there is room."""
        with self._send_lock:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            try:
                sent = self._socket.send(packet)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                self._read_last_alert()
                raise
            self._has_part_sent = sent < len(packet)
            return sent

    def send_packets(self, packets: bytes) -> bool:
        """Send whole packets from another thread. False if these and all later ones have to be queued.

        Always False after the first time, so that packets are never sent before those that were queued.
        """
        with self._send_lock:
            self._is_shared &= not self._has_part_sent
            if not self._is_shared:
                return False
            try:
                self._unsent = packets[self._socket.send(packets) :]
            except OSError:
                self._is_shared = False
            return self._is_shared

    @property
    def has_unsent(self) -> bool:
        """``send`` has to be called, for any packet."""
        return bool(self._unsent)

    def close(self) -> None:
        with self._send_lock:  # the number of a closed socket is given to the next one
            self._is_shared = False
            self._socket.close()

    def recv(self, buffer_size: int) -> bytes:
        """At most ``buffer_size`` bytes; b'' once the other end has closed."""
        if self._position == len(self._buffer):
            self._buffer, self._position = self._receive(), 0
        begin, self._position = self._position, min(self._position + buffer_size, len(self._buffer))
        return self._buffer[begin : self._position]

    def read_frames(self, topics: Mapping[bytes, str], *, has_properties: bool) -> list[PublishFrame]:
        """Take the simple PUBLISH packets at the beginning of what was received; receive if there is nothing.

        Call it between two packets only.
        """
        if self._position == len(self._buffer):
            self._buffer, self._position = self._receive(), 0
        frames, self._position = read_frames(
            self._buffer, self._position, topics, has_properties=has_properties
        )
        return frames

    def _read_last_alert(self) -> None:
        """After the other end has closed: why it did may wait here, sent before."""
        if isinstance(self._socket, ssl.SSLSocket):
            with suppress(OSError):
                self._receive()

    def _receive(self) -> bytes:
        try:
            received = self._socket.recv(READ_AHEAD_BYTES)
            self.received_at = time.monotonic()
            return received
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.tls_error = self.tls_error or error
            raise

    @property
    def connection(self) -> "SocketLike":
        """What it reads from: a TLS socket, say."""
        return self._socket

    def shutdown(self) -> None:
        """End both directions; a reading thread then gets b''."""
        with suppress(OSError), socket.socket(fileno=os.dup(self.fileno())) as same_connection:
            same_connection.shutdown(socket.SHUT_RDWR)

    def pending(self) -> int:
        """Number of bytes available without a system call; paho then skips its select."""
        socket_pending = getattr(self._socket, "pending", None)
        return len(self._buffer) - self._position + (socket_pending() if socket_pending else 0)


class BufferedClient(Client):
    """Handles all packets that were read ahead before it waits again."""

    _read_ahead: ReadAheadSocket | None = None
    may_connect: Callable[[], bool] | None = None
    """Asked before each connection: another program may have to use the client ID now."""
    on_frames: Callable[[list[PublishFrame]], None] | None = None
    """Gets the messages of ``bulk_topics``, in order with those for ``on_message``. Never raises."""
    bulk_topics: Mapping[bytes, str] = {}
    """Topics, in UTF-8. Empty for a client that acknowledges by itself: paho does that."""

    def reconnect(self) -> MQTTErrorCode:
        """Raises: OSError without a connection, or if ``may_connect`` says no."""
        if self.may_connect and not self.may_connect():
            raise OSError("this process was suspended; it has to be elected again first")
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        for _ in range(MAX_PACKETS):
            if self._handle_frames():
                return MQTTErrorCode.MQTT_ERR_SUCCESS  # acknowledgements and pings go out in between
            status = super().loop_read(max_packets)
            if status is not MQTTErrorCode.MQTT_ERR_SUCCESS or not (
                self._read_ahead and self._read_ahead.pending()
            ):
                break
        return status

    def _handle_frames(self) -> bool:
        """Handle packets in bulk. False if there was none: paho has to read."""
        # paho has no public view of a packet that is read in part
        if not self._read_ahead or not self.on_frames or self._in_packet["command"]:
            return False
        try:
            frames = self._read_ahead.read_frames(
                self.bulk_topics, has_properties=self._protocol == MQTTProtocolVersion.MQTTv5
            )
        except OSError:
            return False  # paho receives again, and handles the error
        if frames:
            with self._msgtime_mutex:  # else paho takes the connection for dead
                self._last_bytes_received = time.monotonic()
            self.on_frames(frames)
        return bool(frames)

    @property
    def tls_error(self) -> ssl.SSLError | None:
        """Of the present or last connection: an alert of the broker, say."""
        return self._read_ahead.tls_error if self._read_ahead else None

    @property
    def received_at(self) -> float:
        """``time.monotonic()`` of the last bytes of the present connection."""
        return self._read_ahead.received_at if self._read_ahead else time.monotonic()

    def request_answer(self) -> None:
        """Have the broker send something. For any thread."""
        self._send_pingreq()

    def abort_connection(self) -> None:
        """Close the connection from another thread: the network thread then connects again."""
        if self._read_ahead:
            self._read_ahead.shutdown()

    def acknowledge_all(self, packet_ids: Sequence[int]) -> None:
        """Acknowledge these QoS 1 messages like ``ack``, in one write, without waking the network thread."""
        packets = b"".join(_PUBACK_PACKET.pack(PUBACK, _PUBACK_REST, mid) for mid in packet_ids)
        connection = self._read_ahead
        # paho has no public call for several packets at once
        if not connection or not connection.send_packets(packets):
            self._packet_queue(PUBACK, packets, packet_ids[-1], 1)
        elif connection.has_unsent:
            self._send_pingreq()  # the network thread sends what is left before it

    def _create_socket(self) -> ReadAheadSocket:
        # paho has no public hook for a wrapped socket
        self._read_ahead = ReadAheadSocket(super()._create_socket())
        return self._read_ahead


class SilenceWatch:
    """Notices a broker that keeps the connection and answers nothing: suspended, or behind a dead network.

    paho takes two keepalives for it, half a minute by default. For the watchdog of a connection; the thread
    that reads sets ``is_handling``.
    """

    def __init__(self) -> None:
        self.is_handling = False
        """Messages are being handed over: while that waits for room, nothing is read."""
        self._asked_at: float | None = None

    def is_silent(self, client: BufferedClient, now: float) -> bool:
        """Whether the broker has not answered in time. ``now``: monotonic. Asks it when that is due."""
        if self.is_handling or now - client.received_at < ASK_AFTER_S:
            self._asked_at = None
        elif self._asked_at is None or client.received_at > self._asked_at:
            self._asked_at = now
            client.request_answer()
        return self._asked_at is not None and now - self._asked_at >= ANSWER_TIMEOUT_S
