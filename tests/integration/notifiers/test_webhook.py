"""HTTP: certificates count, redirects do not, a slow server has an end, and no error tells the URL."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers import transport
from dosing_tui.notifiers.send import deliver_message
from tests.support.notifiers.message_receivers import HANG, WebServer, web_server
from tests.support.notifiers.message_samples import make_message

UTC = ZoneInfo("UTC")


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def make_channel(url: str, ca_file: str = "") -> NotificationSettings:
    return NotificationSettings(
        name="shift", kind=NotificationKind.SLACK, url=url, timeout_s=0.3, ca_file=ca_file
    )


def expect_refusal(channel: NotificationSettings) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        deliver_message(channel, make_message(), UTC)
    assert "secret" not in str(raised.value)
    return raised.value


def test_the_message_arrives_with_an_id_that_stays(web: WebServer) -> None:
    deliver_message(make_channel(web.url), make_message(), UTC)
    deliver_message(make_channel(web.url), make_message(), UTC)
    first, second = web.posted
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == str(make_message().id)
    assert first.headers["Content-Type"] == "application/json"
    assert first.content["text"].startswith("[HIGH] dosing_system_01 · STOCK_CRITICAL/T-12 · Tank nearly")


@pytest.mark.parametrize(
    ("status", "lasting"), [(500, False), (429, False), (404, False), (401, False), (400, True), (413, True)]
)
def test_only_what_is_the_messages_fault_is_refused_for_good(
    web: WebServer, status: int, lasting: bool
) -> None:
    web.answers = [status]
    error = expect_refusal(make_channel(web.url))
    assert (str(error), error.is_permanent) == (f"The server answers {status}.", lasting)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(web: WebServer, status: int) -> None:
    web.answers = [status]
    assert "redirects are not followed" in str(expect_refusal(make_channel(web.url)))
    assert len(web.posted) == 1


def test_a_server_that_hangs_or_is_not_there_is_given_up_soon(web: WebServer) -> None:
    web.answers = [HANG]
    assert "did not answer in time" in str(expect_refusal(make_channel(web.url)))
    assert "refused" in str(expect_refusal(make_channel(f"http://127.0.0.1:{find_free_port()}/secret")))


@pytest.mark.parametrize("factor", [0, transport.DEADLINE_FACTOR])
def test_a_server_that_answers_a_letter_at_a_time_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, factor: int
) -> None:
    """Also one to which the connection was still being made when the time was over."""
    monkeypatch.setattr(transport, "DEADLINE_FACTOR", factor)
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopping = threading.Event()
        threading.Thread(target=_drip_bytes, args=(server, stopping), daemon=True).start()
        begun = time.monotonic()
        expect_refusal(make_channel(f"http://127.0.0.1:{server.getsockname()[1]}/secret"))
        assert time.monotonic() - begun < 5
        stopping.set()


def _drip_bytes(server: socket.socket, stopping: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        try:
            while not stopping.wait(0.05):
                connection.sendall(b"H")
        except OSError:
            return


def test_a_certificate_that_nobody_vouches_for_is_refused(
    web: WebServer, certificates: Path, secure_web: WebServer
) -> None:
    assert "certificate" in str(expect_refusal(make_channel(secure_web.url)))
    deliver_message(make_channel(secure_web.url, str(certificates / "ca.crt")), make_message(), UTC)
    assert len(secure_web.posted) == 1
    by_number = secure_web.url.replace("localhost", "127.0.0.1")
    assert "certificate" in str(expect_refusal(make_channel(by_number, str(certificates / "ca.crt"))))
