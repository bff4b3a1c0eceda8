"""Mail: encrypted and verified, in one thread for one alarm, and no header holds what a name brings."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.config.notification_channel import MailSecurity, NotificationKind, NotificationSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers import transport
from dosing_tui.notifiers.send import deliver_message
from dosing_tui.notifiers.smtp import compose_mail
from tests.support.notifiers.mail_server import ACCOUNT, Postbox, run_mail_server
from tests.support.notifiers.message_samples import NASTY, make_message, make_summary

UTC = ZoneInfo("UTC")
CHANNEL = NotificationSettings(
    name="shift",
    kind=NotificationKind.MAIL,
    security=MailSecurity.PLAIN,
    sender="dosing@plant.example",
    to=("shift@plant.example", "boss@plant.example"),
    timeout_s=2.0,
)


@pytest.fixture
def box() -> Iterator[Postbox]:
    with run_mail_server() as found:
        yield found


def channel_to(box: Postbox, **changes: object) -> NotificationSettings:
    return replace(CHANNEL, port=box.port, **changes)  # type: ignore[arg-type]  # NotificationSettings' fields


def expect_refusal(channel: NotificationSettings) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        deliver_message(channel, make_message(), UTC)
    return raised.value


def test_a_mail_says_the_alarm_and_belongs_to_the_one_before(box: Postbox) -> None:
    assert deliver_message(channel_to(box), make_message(), UTC) == ""
    (mail,), (envelope,) = box.mails, box.envelopes
    assert (
        mail["Subject"] == "[HIGH] dosing_system_01 · STOCK_CRITICAL/T-12 · Tank nearly empty: T-12 (Plant 1)"
    )
    assert mail["Message-ID"] == f"<{make_message().id}@plant.example>"
    assert mail["In-Reply-To"] == mail["References"] == f"<{make_message().in_reply_to}@plant.example>"
    assert (mail["Importance"], mail["Auto-Submitted"]) == ("high", "auto-generated")
    assert envelope.rcpt_tos == list(CHANNEL.to)
    assert "Action: Start no batch that needs it" in mail.get_content()


@pytest.mark.parametrize("name", NASTY)
def test_names_that_a_header_or_a_terminal_would_obey_are_text(box: Postbox, name: str) -> None:
    deliver_message(channel_to(box), make_message(make_summary(name)), UTC)
    (mail,) = box.mails
    assert set(mail.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "Importance", "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "X-Peer", "X-MailFrom",
        "X-RcptTo",
    }  # fmt: skip
    assert box.envelopes[0].rcpt_tos == list(CHANNEL.to)
    assert all(letter.isprintable() or letter in "\r\n" for letter in mail.get_content())
    assert mail["Subject"].isprintable()


@given(st.text())
def test_no_text_breaks_a_header(name: str) -> None:
    raw = compose_mail(CHANNEL, make_message(make_summary(name)), UTC).as_bytes()
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line or b"\x1b" in line for line in lines)
    assert [line for line in lines if line.lower().startswith(b"bcc:")] == []


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_it_is_encrypted_and_the_certificate_has_to_be_right(
    tls: ssl.SSLContext, certificates: Path, way: str
) -> None:
    secure = {"starttls": MailSecurity.STARTTLS, "tls": MailSecurity.TLS}[way]
    account = {"username": ACCOUNT[0], "password": ACCOUNT[1]} if way == "starttls" else {}
    with run_mail_server(starttls=tls) if way == "starttls" else run_mail_server(tls=tls) as box:
        ours = channel_to(box, security=secure, ca_file=str(certificates / "ca.crt"), **account)
        deliver_message(ours, make_message(), UTC)
        assert len(box.mails) == 1
        assert "certificate" in str(expect_refusal(replace(ours, ca_file="")))
        assert "certificate" in str(expect_refusal(replace(ours, host="127.0.0.1")))


def test_a_wrong_password_can_be_mended_and_is_not_told(tls: ssl.SSLContext, certificates: Path) -> None:
    with run_mail_server(starttls=tls) as box:
        wrong = channel_to(
            box,
            security=MailSecurity.STARTTLS,
            ca_file=str(certificates / "ca.crt"),
            username=ACCOUNT[0],
            password="wr0ng",
        )
        error = expect_refusal(wrong)
    assert not error.is_permanent
    assert "535" in str(error)
    assert "wr0ng" not in str(error)


@pytest.mark.parametrize(("answer", "lasting"), [("451 later", False), ("554 never", True)])
def test_what_the_server_says_decides_whether_it_is_tried_again(
    box: Postbox, answer: str, lasting: bool
) -> None:
    box.answers = [answer]
    error = expect_refusal(channel_to(box))
    assert (answer in str(error), error.is_permanent) == (True, lasting)


def test_one_unknown_recipient_does_not_keep_it_from_the_others(box: Postbox) -> None:
    box.unknown = "boss@plant.example"
    assert deliver_message(channel_to(box), make_message(), UTC) == "not taken for boss@plant.example"
    assert len(box.mails) == 1
    assert expect_refusal(channel_to(box, to=("boss@plant.example",))).is_permanent


def test_no_server_is_no_reason_to_give_up() -> None:
    error = expect_refusal(replace(CHANNEL, port=find_free_port()))
    assert not error.is_permanent
    assert "Connection refused" in str(error)


@pytest.mark.parametrize("factor", [0, transport.DEADLINE_FACTOR])
def test_a_server_that_never_answers_or_a_letter_at_a_time_is_cut_off_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, factor: int
) -> None:
    monkeypatch.setattr(transport, "DEADLINE_FACTOR", factor)
    stopping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = replace(CHANNEL, port=server.getsockname()[1], timeout_s=0.3)
        silent = expect_refusal(channel)
        threading.Thread(target=_drip_bytes, args=(server, stopping), daemon=True).start()
        dripping = expect_refusal(channel)
        stopping.set()
    assert not silent.is_permanent
    assert not dripping.is_permanent


def _drip_bytes(server: socket.socket, stopping: threading.Event) -> None:
    """To every connection, the first of which nobody waits for any more."""
    while not stopping.is_set():
        connection, _ = server.accept()
        with connection:
            try:
                while not stopping.wait(0.05):
                    connection.sendall(b"2")
            except OSError:
                continue
