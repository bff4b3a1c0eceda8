"""Who may open the console in a browser: the address to listen on, the token, the origin of a page. Pure."""

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from dosing_tui.errors import ConfigError

COOKIE = "dosing_token"
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class ListenAddress:
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Only programs on this machine reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def format_url(self, token: str) -> str:
        """Where a browser on this machine finds the console."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/?token={token}"


def parse_address(text: str) -> ListenAddress:
    """HOST, HOST:PORT or [HOST]:PORT. Raises: ConfigError.

    >>> parse_address("127.0.0.1"), parse_address("[::1]:9000")
    (ListenAddress(host='127.0.0.1', port=8000), ListenAddress(host='::1', port=9000))
    """
    try:
        parts = urlsplit(f"//{text}")
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError as error:
        raise ConfigError(f"'{text}' is not an address to listen on, e.g. 127.0.0.1:8000.") from error
    if not parts.hostname or parts.path or parts.query or parts.username:
        raise ConfigError(f"'{text}' is not an address to listen on, e.g. 127.0.0.1:8000.")
    return ListenAddress(parts.hostname, port)


def check_address(address: ListenAddress, *, is_remote_allowed: bool) -> None:
    """Raises: ConfigError for an address that other machines reach, unless that is allowed."""
    if not address.is_loopback and not is_remote_allowed:
        raise ConfigError(
            f"{address.host} can be reached from other machines, and the connection is not encrypted. "
            "Put a reverse proxy with TLS before 127.0.0.1, or add --allow-remote."
        )


def is_token_valid(token: str, *candidates: str | None) -> bool:
    """One of them is the token, compared in constant time."""
    return any(hmac.compare_digest(token.encode(), (each or "").encode()) for each in candidates)


def is_same_origin(origin: str | None, host: str | None) -> bool:
    """A page of another site may not use the token in this browser's cookie. Source: RFC 6455, 10.2.

    Programs that are no browsers send no origin.
    """
    return origin is None or (bool(host) and urlsplit(origin).netloc.lower() == (host or "").lower())
