"""Tells by HTTP POST. TLS is verified, redirects are not followed, and a server has a limited time.

urllib is enough for one POST, and knows the proxies of the environment.
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
from dosing_tui.domain.notifications.policy import Message
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.deadline import MANY, cut_off
from dosing_tui.notifiers.payloads import body

AGENT = "dosing-tui"
_NEVER = frozenset({400, 405, 406, 411, 413, 415, 422, 431})
"""The message is at fault; everything else somebody may mend."""


def post(channel: NotificationSettings, message: Message, zone: tzinfo) -> str:
    """What the server answered. Raises: DeliveryError, which does not quote the URL: it is a secret."""
    request = urllib.request.Request(
        channel.url,
        data=body(channel.kind, message, zone),
        headers={
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "Idempotency-Key": str(message.id),
        },
        method="POST",
    )
    line = _Line(_context(channel))
    opener = urllib.request.build_opener(_NoRedirect, _Plain(line), _Secure(line))
    try:
        with (
            cut_off(channel.timeout_s * MANY, lambda: line.sock),
            opener.open(request, timeout=channel.timeout_s) as answer,
        ):
            return f"{answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error.code) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(f"{_host(request)} does not take the message: {_why(error)}.") from None


def _context(channel: NotificationSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=channel.ca_file or None)
    except OSError as error:
        raise DeliveryError(
            f"ca_file {channel.ca_file} cannot be used: {error.strerror or error}."
        ) from error


def _refused(status: int) -> DeliveryError:
    if 300 <= status < 400:
        return DeliveryError(f"The server answers {status} and names another address, which is not asked.")
    return DeliveryError(f"The server answers {status}.", lasting=status in _NEVER)


def _host(request: urllib.request.Request) -> str:
    return clean_line(request.host)


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    return clean_line(getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).rstrip(".")


class _Line:
    """The connection that is open now."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._connection: http.client.HTTPConnection | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._connection.sock if self._connection is not None else None

    def plain(
        self, host: str, /, *, port: int | None = None, timeout: float = 0, **_: object
    ) -> http.client.HTTPConnection:
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        return self._connection

    def secure(
        self, host: str, /, *, port: int | None = None, timeout: float = 0, **_: object
    ) -> http.client.HTTPConnection:
        self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
        return self._connection


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._line.plain, req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._line.secure, req)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Headers,
        newurl: str,
    ) -> None:
        """None: what was answered is an error, then."""
        return
