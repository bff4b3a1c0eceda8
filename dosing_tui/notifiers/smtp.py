"""Delivers a message by mail. TLS certificates are verified; replies form one mail thread."""

import smtplib
from datetime import tzinfo
from email.message import EmailMessage
from email.policy import SMTP as FORM
from email.utils import formatdate
from uuid import uuid4

from dosing_tui.config.notification_channel import MailSecurity, NotificationSettings
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.message_text import format_lines, format_subject
from dosing_tui.notifiers.transport import create_tls_context, describe_transport_error, enforce_deadline

_DEFAULT_PORTS = {MailSecurity.STARTTLS: 587, MailSecurity.TLS: 465, MailSecurity.PLAIN: 25}


def compose_mail(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> EmailMessage:
    """Compose the mail. Its Message-ID is the same on each retry."""
    mail = EmailMessage(policy=FORM)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = subject = format_subject(message, zone)
    mail["Date"] = formatdate()
    mail["Message-ID"] = _format_message_id(message.id, channel)
    if message.in_reply_to is not None:
        mail["In-Reply-To"] = mail["References"] = _format_message_id(message.in_reply_to, channel)
    mail["Auto-Submitted"] = "auto-generated"
    if any(one.priority is Priority.HIGH for one in message.alarms):
        mail["Importance"] = "high"
    mail.set_content("\n".join([subject, "", *format_lines(message, zone), "", f"Site {message.site}"]))
    return mail


def send_mail(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Send the mail. Returns the refused recipients, '' if there are none. Raises: DeliveryError."""
    return _deliver_mail(channel, compose_mail(channel, message, zone))


def send_report(channel: NotificationSettings, subject: str, text: str) -> str:
    """Mail a report to the channel's recipients; returns and raises as ``send_mail``."""
    mail = EmailMessage(policy=FORM)
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = clean_line(subject)
    mail["Date"] = formatdate()
    mail["Message-ID"] = _format_message_id(uuid4(), channel)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, cte="quoted-printable")
    return _deliver_mail(channel, mail)


def _deliver_mail(channel: NotificationSettings, mail: EmailMessage) -> str:
    try:
        server = _create_client(channel)
        with enforce_deadline(channel, lambda: server.sock):
            try:
                refused = _submit_mail(server, channel, mail)
            finally:
                server.close()
    except smtplib.SMTPException as error:
        raise DeliveryError(
            f"The mail server {channel.host} did not accept the message: {_describe_error(error)}.",
            is_permanent=_is_permanent(error),
        ) from None
    except (OSError, ValueError) as error:
        raise DeliveryError(
            f"The mail server {channel.host} cannot be used: {_describe_error(error)}."
        ) from None
    return f"not taken for {', '.join(refused)}" if refused else ""


def _create_client(channel: NotificationSettings) -> smtplib.SMTP:
    """Not connected yet: the deadline needs the client before it connects."""
    if channel.security is MailSecurity.TLS:
        return smtplib.SMTP_SSL(timeout=channel.timeout_s, context=create_tls_context(channel))
    return smtplib.SMTP(timeout=channel.timeout_s)


def _submit_mail(server: smtplib.SMTP, channel: NotificationSettings, mail: EmailMessage) -> list[str]:
    # smtplib verifies the certificate against _host; its constructor would connect at once if given a host
    server._host = channel.host  # type: ignore[attr-defined]  # private, hence in no stub
    server.connect(channel.host, channel.port or _DEFAULT_PORTS[channel.security])
    if channel.security is MailSecurity.STARTTLS:
        server.starttls(context=create_tls_context(channel))
    if channel.username:
        server.login(channel.username, channel.password)
    return list(server.send_message(mail))


def _format_message_id(id_: object, channel: NotificationSettings) -> str:
    return f"<{id_}@{channel.sender.rpartition('@')[2]}>"


def _is_permanent(error: smtplib.SMTPException) -> bool:
    """Whether sender, content or recipients were refused with a 5xx code. A wrong password is retried."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= 500 for code, _ in error.recipients.values())
        case smtplib.SMTPSenderRefused() | smtplib.SMTPDataError():
            return error.smtp_code >= 500
        case _:
            return False


def _describe_error(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        response = error.smtp_error
        text = response.decode("utf-8", "replace") if isinstance(response, bytes) else response
        return clean_line(f"{error.smtp_code} {text}").rstrip(".")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return clean_line("recipients refused: " + ", ".join(error.recipients)).rstrip(".")
    return describe_transport_error(error)
