"""Real servers on this machine that take messages, and say how they are to behave."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = -1
"""Instead of a status: nothing is answered until the server is stopped."""
SLOW = -2
"""Instead of a status: taken, but said so half a second later."""
SLOW_S = 0.5


@dataclass(frozen=True, slots=True)
class Posted:
    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def content(self) -> Any:  # Any: JSON
        return json.loads(self.body)


@dataclass(slots=True)
class WebServer:
    """``answers`` are used up one after the other; then everything is taken."""

    port: int = 0
    secure: bool = False
    answers: list[int] = field(default_factory=list)
    unwanted: bytes = b""
    """A message with it in its body is always answered with 500."""
    posted: list[Posted] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        place = "https://localhost" if self.secure else "http://127.0.0.1"
        return f"{place}:{self.port}/hook/secret"

    @property
    def accepted(self) -> list[Posted]:
        return [one for one in self.posted if one.status == 200]


@contextmanager
def web_server(tls: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    server = WebServer(secure=tls is not None)

    class WebHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = server.answers.pop(0) if server.answers else 200
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if server.unwanted and server.unwanted in body:
                status = 500
            server.posted.append(Posted(dict(self.headers), body, status))
            if status == HANG:
                server.stopping.wait(60)
                return
            if status == SLOW:
                server.stopping.wait(SLOW_S)
                status = 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{server.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is none."""

    with Quiet(("127.0.0.1", 0), WebHandler) as listening:
        server.port = listening.server_address[1]
        if tls is not None:
            listening.socket = tls.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            listening.shutdown()
            thread.join(10)
