"""``dosing-tui alarms test-notification`` and ``notifications``: try a channel, see how each is doing."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import get_settings, print_message
from dosing_tui.errors import ConfigError

if TYPE_CHECKING:
    from dosing_tui.config.notification_channel import NotificationSettings
    from dosing_tui.config.settings import Settings
    from dosing_tui.domain.notifications.policy import NotificationMessage


@click.command("test-notification")
@click.argument("name")
@click.pass_context
def try_channel(ctx: click.Context, name: str) -> None:
    """Try channel NAME with a test alarm."""
    from dosing_tui.notifiers.send import deliver_message

    settings = get_settings(ctx)
    channel = _find_channel(settings, name)
    said = deliver_message(channel, _build_test_message(settings), ZoneInfo(settings.plant.timezone))
    click.echo(f"Channel {name} ({channel.kind}) took the message{f', but {said}' if said else ''}.")


@click.command()
@click.pass_context
def notifications(ctx: click.Context) -> None:
    """Show how each channel is doing.

    What was told last, what waits, and what fails why.
    """
    from dosing_tui.database.alarms.notification_queue import list_channel_states

    settings = get_settings(ctx)
    zone = ZoneInfo(settings.plant.timezone)
    found = {one.channel: one for one in list_channel_states(settings, now=datetime.now(UTC))}
    for name in dict.fromkeys([*(one.name for one in settings.notifications), *found]):
        state = found.get(name)
        if state is None:
            click.echo(f"{name}: no collector has used it yet")
            continue
        last = f"{state.last_sent.astimezone(zone):%Y-%m-%d %H:%M:%S}" if state.last_sent else "never"
        words = [f"last told {last}", f"{state.sent_today} in 24 h", f"{state.waiting} waiting"]
        if state.lost:
            words.append(f"{state.lost} not told or not known")
        if state.failing_since is not None:
            since = f"{state.failing_since.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            words.append(f"fails since {since}: {state.reason}")
        elif state.last_error is not None:
            words.append(f"last error {state.last_error.astimezone(zone):%Y-%m-%d %H:%M:%S}: {state.reason}")
        click.echo(f"{name}: {', '.join(words)}")
    if not settings.notifications:
        print_message("No channel is set up: nobody is told of alarms.")


def _find_channel(settings: "Settings", name: str) -> "NotificationSettings":
    for channel in settings.notifications:
        if channel.name == name:
            return channel
    known = ", ".join(one.name for one in settings.notifications) or "none"
    raise ConfigError(f"notifications: there is no channel {name!r}; there are: {known}.")


def _build_test_message(settings: "Settings") -> "NotificationMessage":
    from uuid import uuid4

    from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, Priority
    from dosing_tui.domain.notifications.policy import AlarmSummary, NotificationMessage, Trigger

    told = AlarmSummary(
        AlarmKey("TEST"),
        AlarmEvent.RAISE,
        Priority.LOW,
        datetime.now(UTC),
        "This is a test; nothing is wrong.",
    )
    return NotificationMessage(
        uuid4(), Trigger.TEST, settings.plant.site, settings.plant.name, (told,), {Priority.LOW: 1}
    )
