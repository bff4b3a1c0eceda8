"""Who may open the console in a browser: the address to listen on, the token, the origin of a page. Pure."""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import ListenAddress, parse_listen_address

DEFAULT_PORT = 8000


def parse_address(text: str) -> ListenAddress:
    """HOST, HOST:PORT or [HOST]:PORT. Raises: ConfigError.

    >>> parse_address("127.0.0.1"), parse_address("[::1]:9000")
    (ListenAddress(host='127.0.0.1', port=8000), ListenAddress(host='::1', port=9000))
    """
    try:
        return parse_listen_address(text, DEFAULT_PORT)
    except ValueError as error:
        raise ConfigError(f"'{text}' is not an address to listen on, e.g. 127.0.0.1:8000.") from error


def check_address(address: ListenAddress, *, is_remote_allowed: bool) -> None:
    """Raises: ConfigError for an address that other machines reach, unless that is allowed."""
    if not address.is_loopback and not is_remote_allowed:
        raise ConfigError(
            f"{address.host} can be reached from other machines, and the connection is not encrypted. "
            "Put a reverse proxy with TLS before 127.0.0.1, or add --allow-remote."
        )


def is_token_valid(token: str, *candidates: str | None) -> bool:
    """One of them is the token, compared in constant time. A request may hold bytes that are not text."""
    given = [(each or "").encode(errors="replace") for each in candidates]
    return any(hmac.compare_digest(token.encode(), each) for each in given)


def name_cookie(token: str) -> str:
    """Its own for each server: browsers keep one set of cookies for all ports of a machine."""
    return f"dosing_token_{sha256(token.encode()).hexdigest()[:8]}"


def is_same_origin(origin: str | None, host: str | None) -> bool:
    """A page of another site may not use the token in this browser's cookie. Source: RFC 6455, 10.2.

    Programs that are no browsers send no origin.
    """
    return origin is None or (bool(host) and urlsplit(origin).netloc.lower() == (host or "").lower())
