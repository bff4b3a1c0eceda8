"""A real mail server on this machine: what it was given, and what it is to refuse."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from dosing_tui.demo.servers.mqtt_broker import find_free_port

ACCOUNT = ("shift", "right")


@dataclass
class Postbox:
    """``answers`` to DATA are used up one after the other; then everything is taken."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    unknown: str = ""
    """A recipient that it does not know."""
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.envelopes.append(envelope)  # last: who waits for it has the mail as well
        return "250 OK"


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    known = (data.login.decode(), data.password.decode()) == ACCOUNT
    return AuthResult(success=known, handled=False)


class _MailController(Controller):
    def _trigger_server(self) -> None:
        """The server is up when somebody connects; theirs cannot with the context of a server."""
        socket.create_connection((self.hostname, self.port)).close()


@contextmanager
def run_mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Postbox]:
    box = Postbox(port=find_free_port())
    controller = _MailController(
        box,
        hostname="127.0.0.1",
        port=box.port,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        auth_required=starttls is not None,
        authenticator=_authenticate if starttls is not None else None,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
