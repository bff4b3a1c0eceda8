"""One end of the pipe between the two processes: whole messages, both ways; its end is heard at the other."""

import pickle
import socket
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Generic, TypeVar

OutgoingT = TypeVar("OutgoingT")
IncomingT = TypeVar("IncomingT")


class MessagePipe(Generic[OutgoingT, IncomingT]):
    """Any thread may send, one may receive. Owns the descriptor of a stream socket.

    Messages are pickled: both ends are this program, and nobody else has the socket.
    """

    def __init__(self, descriptor: int) -> None:
        self._connection: Connection[object, object] = Connection(descriptor)
        self._send_lock = Lock()

    def send(self, message: OutgoingT) -> None:
        """Blocks while the other end does not read. Raises: OSError when there is no other end."""
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._send_lock:
            self._connection.send_bytes(packed)

    def has_message(self, timeout_s: float) -> bool:
        """Is there something to receive, a message or the end, within this time?"""
        return self._connection.poll(timeout_s)

    def receive_message(self) -> IncomingT:
        """The next message. Raises: EOFError, OSError when there will be no more."""
        message: IncomingT = pickle.loads(self._connection.recv_bytes())
        return message

    def finish_sending(self) -> None:
        """Say that nothing more will be sent; what the other end still says can be received."""
        with (
            suppress(OSError),
            socket.fromfd(self._connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end,
        ):
            end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._connection.close()
