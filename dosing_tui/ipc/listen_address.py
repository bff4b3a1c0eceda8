"""An address to listen on, and whether other machines reach it. Pure."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct


class ListenAddress(Struct, frozen=True):
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    def format_url(self, token: str) -> str:
        """Where a browser on this machine finds the console."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/?token={token}"


def parse_listen_address(text: str, default_port: int | None = None) -> ListenAddress:
    """HOST:PORT or [HOST]:PORT; without the port if there is a default. Raises: ValueError.

    >>> parse_listen_address("127.0.0.1:9464"), parse_listen_address("[::1]", 8000)
    (ListenAddress(host='127.0.0.1', port=9464), ListenAddress(host='::1', port=8000))
    """
    parts = urlsplit(f"//{text}")
    port = default_port if parts.port is None else parts.port
    if not parts.hostname or port is None or parts.path or parts.query or parts.username:
        raise ValueError(text)
    return ListenAddress(parts.hostname, port)


def is_host(text: str) -> bool:
    """Whether the text may be the name or the address of a machine, and nothing more.

    >>> [is_host(text) for text in ("db1", "::1", "mqtt://user:secret@db1", "db1/path", "")]
    [True, True, False, False, False]
    """
    return re.fullmatch(r"[^\s/@?#]+", text) is not None


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach the host.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "broker.plant.example", "")]
    [True, True, True, False, False]
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
