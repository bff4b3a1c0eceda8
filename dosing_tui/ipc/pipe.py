"""One end of the pipe between the two processes: whole messages, both ways; its end is heard at the other."""

import pickle
import socket
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Generic, TypeVar

Sent = TypeVar("Sent")
Received = TypeVar("Received")


class Channel(Generic[Sent, Received]):
    """Any thread may send, one may receive. Owns the descriptor of a stream socket.

    Messages are pickled: both ends are this program, and nobody else has the socket.
    """

    def __init__(self, descriptor: int) -> None:
        self._pipe: Connection[object, object] = Connection(descriptor)
        self._sending = Lock()

    def send(self, message: Sent) -> None:
        """Blocks while the other end does not read. Raises: OSError when there is no other end."""
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        with self._sending:
            self._pipe.send_bytes(packed)

    def waits(self, seconds: float) -> bool:
        """Is there something to receive, a message or the end, within this time?"""
        return self._pipe.poll(seconds)

    def receive(self) -> Received:
        """The next message. Raises: EOFError, OSError when there will be no more."""
        message: Received = pickle.loads(self._pipe.recv_bytes())
        return message

    def finish(self) -> None:
        """Say that nothing more will be sent; what the other end still says can be received."""
        with suppress(OSError), socket.fromfd(self._pipe.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._pipe.close()
