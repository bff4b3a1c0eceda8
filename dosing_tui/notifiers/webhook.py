"""Delivers a message by HTTP POST: verified TLS, no redirects, limited time.

urllib is sufficient for one POST, and uses the proxies of the environment.
"""

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from datetime import tzinfo
from email.message import Message as Headers
from typing import IO

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.deadline import DEADLINE_FACTOR, enforce_deadline
from dosing_tui.notifiers.payloads import encode_payload

USER_AGENT = "dosing-tui"
_PERMANENT_STATUSES = frozenset({400, 405, 406, 411, 413, 415, 422, 431})
"""Status codes caused by the message itself; all others may be temporary or corrected."""


def post_message(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Send the message. Returns the status code. Raises: DeliveryError, without the URL: it is a secret."""
    request = urllib.request.Request(
        channel.url,
        data=encode_payload(channel.kind, message, zone),
        headers={
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Idempotency-Key": str(message.id),
        },
        method="POST",
    )
    connection = _TrackedConnection(_create_tls_context(channel))
    opener = urllib.request.build_opener(
        _NoRedirectHandler, _TrackedHttpHandler(connection), _TrackedHttpsHandler(connection)
    )
    try:
        with (
            enforce_deadline(channel.timeout_s * DEADLINE_FACTOR, lambda: connection.sock),
            opener.open(request, timeout=channel.timeout_s) as response,
        ):
            return f"{response.status}"
    except urllib.error.HTTPError as error:
        with error:
            raise _status_to_error(error.code) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(
            f"{_format_host(request)} did not accept the message: {_describe_error(error)}."
        ) from None


def _create_tls_context(channel: NotificationSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=channel.ca_file or None)
    except OSError as error:
        raise DeliveryError(
            f"ca_file {channel.ca_file} cannot be used: {error.strerror or error}."
        ) from error


def _status_to_error(status: int) -> DeliveryError:
    if 300 <= status < 400:
        return DeliveryError(f"The server answers {status}; redirects are not followed.")
    return DeliveryError(f"The server answers {status}.", is_permanent=status in _PERMANENT_STATUSES)


def _format_host(request: urllib.request.Request) -> str:
    return clean_line(request.host)


def _describe_error(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    return clean_line(getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).rstrip(".")


class _TrackedConnection:
    """The current connection, so that its socket can be shut down at the deadline."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._connection: http.client.HTTPConnection | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._connection.sock if self._connection is not None else None

    def open_http(
        self, host: str, /, *, port: int | None = None, timeout: float = 0, **_: object
    ) -> http.client.HTTPConnection:
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        return self._connection

    def open_https(
        self, host: str, /, *, port: int | None = None, timeout: float = 0, **_: object
    ) -> http.client.HTTPConnection:
        self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        return self._connection


class _TrackedHttpHandler(urllib.request.HTTPHandler):
    def __init__(self, connection: _TrackedConnection) -> None:
        super().__init__()
        self._connection = connection

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection.open_http, req)


class _TrackedHttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self, connection: _TrackedConnection) -> None:
        super().__init__()
        self._connection = connection

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection.open_https, req)


class _NoRedirectHandler(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Headers,
        newurl: str,
    ) -> None:
        """Return None: a redirect is then raised as an HTTPError."""
        return
