"""Answers GET requests for metrics and health; refuses every other one. Nothing can be changed by it."""

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from threading import Lock

from msgspec import Struct

from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import ListenAddress
from dosing_tui.ipc.supervised_thread import FailureReporter, SupervisedThread, ignore_failure, start_one_shot

POLL_S = 0.5
REQUEST_TIMEOUT_S = 5.0
"""A client that is slower is closed."""
MAX_REQUESTS = 8
"""At a time; for one more the oldest is closed: an endless request does not block others."""


class HttpAnswer(Struct, frozen=True):
    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Route = Callable[[], HttpAnswer]


class MonitoringServer(HTTPServer):
    """``routes``: path -> its answer. Runs in a thread of its own between ``start`` and ``stop``."""

    allow_reuse_address = True

    def __init__(
        self,
        address: ListenAddress,
        routes: dict[str, Route],
        *,
        on_failure: FailureReporter = ignore_failure,
    ) -> None:
        """Raises: ConfigError, if nothing can listen at the address."""
        self.address_family = AF_INET6 if ":" in address.host else AF_INET
        self.routes = routes
        self.timeout = POLL_S
        self._open: dict[socket, None] = {}
        """Oldest first."""
        self._lock = Lock()
        try:
            super().__init__((address.host, address.port), MonitoringRequest)
        except OSError as error:
            place = f"{address.host}:{address.port}"
            raise ConfigError(
                f"monitoring.listen: {place} cannot be used: {error.strerror or error}."
            ) from error
        self._thread = SupervisedThread("monitoring", self.handle_request, on_failure=on_failure)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop(2 * POLL_S)
        self.server_close()

    def process_request(
        self, request: socket | tuple[bytes, socket], client_address: tuple[str, int]
    ) -> None:
        """In a thread of its own: a slow client does not delay others."""
        assert isinstance(request, socket)
        with self._lock:
            if len(self._open) >= MAX_REQUESTS:
                self._close_oldest()
            self._open[request] = None

        def answer() -> None:
            try:
                self.finish_request(request, client_address)
            except OSError:
                return  # the client has gone
            finally:
                with self._lock:
                    self._open.pop(request, None)
                self.shutdown_request(request)

        start_one_shot("monitoring-request", answer)

    def _close_oldest(self) -> None:
        """Its thread wakes and ends."""
        oldest = next(iter(self._open))
        del self._open[oldest]
        with suppress(OSError):
            oldest.shutdown(SHUT_RDWR)


class MonitoringRequest(BaseHTTPRequestHandler):
    server: MonitoringServer
    timeout = REQUEST_TIMEOUT_S
    server_version = "dosing-tui"
    sys_version = ""

    def do_GET(self) -> None:  # the library's name
        self._send_answer(self._find_answer())

    def do_HEAD(self) -> None:
        self._send_answer(self._find_answer(), with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""

    def _find_answer(self) -> HttpAnswer:
        route = self.server.routes.get(self.path.partition("?")[0])
        return route() if route else HttpAnswer(404, b"not found: try /metrics, /healthz or /readyz\n")

    def _send_answer(self, answer: HttpAnswer, *, with_body: bool = True) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)
