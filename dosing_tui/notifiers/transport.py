"""What HTTP and mail share: TLS, a limit on the whole exchange, and the words for what went wrong."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.error import URLError

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DeliveryError
from dosing_tui.ipc.supervised_thread import start_timer

DEADLINE_FACTOR = 3
"""Limit of a whole exchange, as a multiple of the timeout of one response."""

RECHECK_S = 0.5
"""After the limit, between two looks for a socket to shut down."""


@contextmanager
def enforce_deadline(
    channel: NotificationSettings, sock: Callable[[], socket.socket | None]
) -> Iterator[None]:
    """Shut the current socket down at the limit; a reader of it gets an OSError or an end of file.

    So is each that the exchange opens after the limit, when it was connecting then.
    """
    ended = threading.Event()

    def shut_sockets() -> None:
        while not ended.is_set():
            if (current := sock()) is not None:
                with suppress(OSError):
                    current.shutdown(socket.SHUT_RDWR)
            ended.wait(RECHECK_S)

    timer = start_timer("notify-deadline", channel.timeout_s * DEADLINE_FACTOR, shut_sockets)
    try:
        yield
    finally:
        ended.set()
        timer.cancel()


def create_tls_context(channel: NotificationSettings) -> ssl.SSLContext:
    """Certificates are verified. Raises: DeliveryError, if ``ca_file`` cannot be used."""
    try:
        return ssl.create_default_context(cafile=channel.ca_file or None)
    except OSError as error:
        raise DeliveryError(
            f"ca_file {channel.ca_file} cannot be used: {error.strerror or error}."
        ) from error


def describe_transport_error(error: Exception) -> str:
    """Part of a sentence, without a full stop."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    return clean_line(getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).rstrip(".")
