"""Certificates made for one test run, and a web server that has one."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mqtt.secured_broker import create_certificates
from tests.support.notifiers.message_receivers import WebServer, web_server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.crt, and server.crt with server.key for the name localhost."""
    folder = tmp_path_factory.mktemp("certificates")
    create_certificates(folder)
    return folder


@pytest.fixture
def tls(certificates: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    return context


@pytest.fixture
def secure_web(tls: ssl.SSLContext) -> Iterator[WebServer]:
    with web_server(tls) as server:
        yield server
