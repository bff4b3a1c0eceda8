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
from functools import partial
from typing import IO, Any

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.payloads import encode_payload
from dosing_tui.notifiers.transport import create_tls_context, describe_transport_error, enforce_deadline

USER_AGENT = "dosing-tui"
_PERMANENT_STATUSES = frozenset({400, 405, 406, 411, 413, 415, 422, 431})
"""Status codes caused by the message itself; all others may be temporary or corrected."""


def post_message(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Send the message. Returns ''. Raises: DeliveryError, without the URL: it is a secret."""
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
    handler = _TrackedHandler(create_tls_context(channel))
    opener = urllib.request.build_opener(_NoRedirectHandler, handler)
    try:
        with (
            enforce_deadline(channel, lambda: handler.sock),
            opener.open(request, timeout=channel.timeout_s),
        ):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            raise _status_to_error(error.code) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(
            f"{clean_line(request.host)} did not accept the message: {describe_transport_error(error)}."
        ) from None


def _status_to_error(status: int) -> DeliveryError:
    if 300 <= status < 400:
        return DeliveryError(f"The server answers {status}; redirects are not followed.")
    return DeliveryError(f"The server answers {status}.", is_permanent=status in _PERMANENT_STATUSES)


class _TrackedHandler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Keeps the current connection, so that its socket can be shut down at the deadline."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._tls = context
        self._connection: http.client.HTTPConnection | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._connection.sock if self._connection is not None else None

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connect, http.client.HTTPConnection), req)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(self._connect, http.client.HTTPSConnection), req, context=self._tls)

    def _connect(
        self, kind: type[http.client.HTTPConnection], host: str, **options: Any
    ) -> http.client.HTTPConnection:
        self._connection = kind(host, **options)
        return self._connection


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
