"""Limits the total duration of an exchange with a server, however slowly the server sends."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dosing_tui.ipc.supervised_thread import start_timer

DEADLINE_FACTOR = 3
"""Limit of a whole exchange, as a multiple of the timeout of one response."""


@contextmanager
def enforce_deadline(seconds: float, sock: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut the current socket down after ``seconds``; a reader of it gets an OSError or an end of file."""

    def shut() -> None:
        if (current := sock()) is not None:
            with suppress(OSError):
                current.shutdown(socket.SHUT_RDWR)

    timer = start_timer("notify-deadline", seconds, shut)
    try:
        yield
    finally:
        timer.cancel()
