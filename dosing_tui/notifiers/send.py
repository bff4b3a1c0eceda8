"""Delivers one message over one channel of any kind."""

from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.notifiers.command import run_command
from dosing_tui.notifiers.smtp import send_mail
from dosing_tui.notifiers.webhook import post_message


def deliver_message(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Deliver the message; blocks up to the channel's timeouts. Returns a remark for the log, usually ''.

    Raises: DeliveryError.
    """
    return _SENDERS.get(channel.kind, post_message)(channel, message, zone)


_SENDERS = {NotificationKind.MAIL: send_mail, NotificationKind.COMMAND: run_command}
"""All other kinds are HTTP."""
