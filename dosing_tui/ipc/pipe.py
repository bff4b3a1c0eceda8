"""One end of a two-way message pipe between two processes; each end detects the other's close."""

import pickle
import socket
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Generic, TypeVar

OutgoingT = TypeVar("OutgoingT")
IncomingT = TypeVar("IncomingT")


class MessagePipe(Generic[OutgoingT, IncomingT]):
    """For any sending thread and one receiving thread. Owns the descriptor of a stream socket.

    Messages are pickled: both ends are this program, and no other process has the socket.
    """

    def __init__(self, descriptor: int) -> None:
        self._connection: Connection[object, object] = Connection(descriptor)
        self._send_lock = Lock()

    def send(self, message: OutgoingT) -> None:
        """Block while the other end does not read. Raises: OSError when the other end is closed."""
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._send_lock:
            self._connection.send_bytes(packed)

    def has_message(self, timeout_s: float) -> bool:
        """Wait for a message or the end of the pipe. False after ``timeout_s``."""
        return self._connection.poll(timeout_s)

    def receive_message(self) -> IncomingT:
        """Wait for the next message. Raises: EOFError, OSError when the other end is closed."""
        message: IncomingT = pickle.loads(self._connection.recv_bytes())
        return message

    def finish_sending(self) -> None:
        """Close the sending direction; messages of the other end can still be received."""
        with (
            suppress(OSError),
            socket.fromfd(self._connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end,
        ):
            end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._connection.close()
