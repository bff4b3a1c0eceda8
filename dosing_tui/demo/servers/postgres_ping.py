"""As much of PostgreSQL's protocol as it takes to see that a server answers and to have it run one command.

Trusting servers on a unix socket only. Everything else goes through the database room.
"""

import socket
import struct
from pathlib import Path

from dosing_tui.errors import DemoError

PROTOCOL_VERSION = 3 << 16


class ServerNotReadyError(DemoError):
    """The server does not answer, or says why it will not; the text is its own."""


def run_command(path: Path, user: str, database: str, command: str = "", *, timeout_s: float = 10.0) -> None:
    """Log in, and run ``command`` if there is one.

    Raises: NotReadyError.
    """
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(timeout_s)
            link.connect(str(path))
            names = b"\0".join(part.encode() for part in ("user", user, "database", database))
            startup = struct.pack("!i", PROTOCOL_VERSION) + names + b"\0\0"
            link.sendall(struct.pack("!i", len(startup) + 4) + startup)
            _wait_until_ready(link)
            if command:
                query = command.encode() + b"\0"
                link.sendall(b"Q" + struct.pack("!i", len(query) + 4) + query)
                _wait_until_ready(link)
            link.sendall(b"X" + struct.pack("!i", 4))
    except OSError as error:
        raise ServerNotReadyError(str(error)) from error


def _wait_until_ready(link: socket.socket) -> None:
    refused = ""
    while True:
        kind, size = struct.unpack("!ci", _read_exactly(link, 5))
        body = _read_exactly(link, size - 4)
        if kind == b"E":
            fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
            refused = fields.get(b"M", b"refused").decode(errors="replace")
            if fields.get(b"S") in (b"FATAL", b"PANIC"):
                raise ServerNotReadyError(refused)
        if kind == b"Z":
            if refused:
                raise ServerNotReadyError(refused)
            return


def _read_exactly(link: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = link.recv(size - len(parts))
        if not part:
            raise ServerNotReadyError("the server closed the connection")
        parts += part
    return parts
