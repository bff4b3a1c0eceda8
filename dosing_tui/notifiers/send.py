"""Delivers one message over one channel of any kind."""

from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.notifiers import command, smtp, webhook


def deliver_message(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Deliver the message; blocks up to the channel's timeouts. Returns a remark for the log, usually ''.

    Raises: DeliveryError.
    """
    match channel.kind:
        case NotificationKind.WEBHOOK | NotificationKind.SLACK | NotificationKind.TEAMS:
            webhook.post_message(channel, message, zone)
            return ""
        case NotificationKind.MAIL:
            return smtp.send(channel, message, zone)
        case NotificationKind.COMMAND:
            return command.run_command(channel, message, zone)
