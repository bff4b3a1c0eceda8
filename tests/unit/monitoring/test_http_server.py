"""The server of health and metrics answers, whatever its clients do."""

import socket
from contextlib import ExitStack
from urllib.request import urlopen

import pytest

from dosing_tui.ipc.listen_address import ListenAddress
from dosing_tui.monitoring.http_server import MAX_REQUESTS, HttpAnswer, MonitoringRequest, MonitoringServer
from tests.support.polling import PATIENCE_S


def test_clients_that_never_end_their_request_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MonitoringRequest, "timeout", 10 * PATIENCE_S)  # each sends a byte before it is over
    server = MonitoringServer(ListenAddress("127.0.0.1", 0), {"/healthz": lambda: HttpAnswer(200, b"ok")})
    server.start()
    try:
        port = server.server_address[1]
        with ExitStack() as opened:
            for _ in range(3 * MAX_REQUESTS):
                slow = opened.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
                slow.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
            for _ in range(3):
                with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S) as answer:
                    assert answer.read() == b"ok"
    finally:
        server.stop()
