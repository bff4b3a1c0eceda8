"""``dosing-tui alarms test-notification`` and ``notifications``: test a channel, print delivery status."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import get_settings, print_message, write_line
from dosing_tui.errors import ConfigError

if TYPE_CHECKING:
    from dosing_tui.config.notification_channel import NotificationSettings
    from dosing_tui.config.settings import Settings


@click.command("test-notification")
@click.argument("name")
@click.pass_context
def try_channel(ctx: click.Context, name: str) -> None:
    """Send a test alarm to channel NAME."""
    from dosing_tui.notifiers.send import deliver_message
    from dosing_tui.notifiers.trial_message import build_trial_message

    settings = get_settings(ctx)
    channel = _find_channel(settings, name)
    warning = deliver_message(channel, build_trial_message(settings), ZoneInfo(settings.plant.timezone))
    write_line(
        f"Channel {name} ({channel.kind}) accepted the message{f', but {warning}' if warning else ''}."
    )


@click.command()
@click.pass_context
def notifications(ctx: click.Context) -> None:
    """Print the delivery status of each notification channel.

    Last notification, queue length, failures and their reason.
    """
    from dosing_tui.database.alarms.notification_queue import list_channel_states

    settings = get_settings(ctx)
    zone = ZoneInfo(settings.plant.timezone)
    states = {one.channel: one for one in list_channel_states(settings, now=datetime.now(UTC))}
    for name in dict.fromkeys([*(one.name for one in settings.notifications), *states]):
        state = states.get(name)
        if state is None:
            write_line(f"{name}: not used by a collector yet")
            continue
        words = [
            f"last sent {_format_time(state.last_sent, zone) or 'never'}",
            f"{state.sent_today} in 24 h",
            f"{state.waiting} queued",
        ]
        if state.lost:
            words.append(f"{state.lost} not delivered or status unknown")
        if state.failing_since is not None:
            words.append(f"failing since {_format_time(state.failing_since, zone)}: {state.reason}")
        elif state.last_error is not None:
            words.append(f"last error {_format_time(state.last_error, zone)}: {state.reason}")
        write_line(f"{name}: {', '.join(words)}")
    if not settings.notifications:
        print_message("Alarm notifications are disabled: there is no [[notifications]] section.")


def _format_time(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" if at else ""


def _find_channel(settings: "Settings", name: str) -> "NotificationSettings":
    channels = {channel.name: channel for channel in settings.notifications}
    if name not in channels:
        names = ", ".join(channels) or "none"
        raise ConfigError(f"notifications: there is no channel {name!r}; configured: {names}.")
    return channels[name]
