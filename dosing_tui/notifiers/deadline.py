"""A time after which a conversation with a server is cut off, however slowly it goes on."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

DEADLINE_FACTOR = 3
"""Times the patience with one answer that a whole conversation may take."""


@contextmanager
def enforce_deadline(seconds: float, sock: Callable[[], socket.socket | None]) -> Iterator[None]:
    """After ``seconds`` the socket there is by then is shut: whoever reads from it gets an OSError."""

    def shut() -> None:
        if (found := sock()) is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
