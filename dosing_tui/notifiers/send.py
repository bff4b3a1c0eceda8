"""Delivers one message over one channel of any kind."""

from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.domain.notifications.policy import NotificationMessage


def deliver_message(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Deliver the message; blocks up to the channel's timeouts. Returns a remark for the log, usually ''.

    Raises: DeliveryError.
    """
    # imported here: a collector without channels does without mail and HTTP
    match channel.kind:
        case NotificationKind.MAIL:
            from dosing_tui.notifiers.smtp import send_mail

            return send_mail(channel, message, zone)
        case NotificationKind.COMMAND:
            from dosing_tui.notifiers.command import run_command

            return run_command(channel, message, zone)
        case _:
            from dosing_tui.notifiers.webhook import post_message

            return post_message(channel, message, zone)
