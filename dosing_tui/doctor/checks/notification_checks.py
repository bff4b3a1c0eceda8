"""Checks of the notification channels: by their delivery status, or by a test message to each."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.send import deliver_message
from dosing_tui.notifiers.trial_message import build_trial_message

_REPORT = ThemeReporter(CheckTheme.NOTIFICATIONS)


def check_channel_states(settings: Settings, states: Iterable[ChannelStatus]) -> Iterator[CheckResult]:
    if not settings.notifications:
        yield _REPORT.pass_check("channels", "No channel is configured.")
    found = {state.channel: state for state in states}
    for channel in settings.notifications:
        state = found.get(channel.name) or ChannelStatus(channel.name)
        if state.failing_since is not None:
            yield _REPORT.fail_check(
                channel.name, f"Channel {channel.name} fails: {state.reason.rstrip('.')}.", _advise(channel)
            )
        else:
            sent = f"{state.sent_today} sent in 24 h" if state.last_sent else "nothing sent yet"
            yield _REPORT.pass_check(channel.name, f"{channel.kind.value}, {sent}; --notify sends a test.")


def try_channels(settings: Settings) -> Iterator[CheckResult]:
    """Send a test message over each channel; blocks up to the channels' timeouts."""
    zone, message = ZoneInfo(settings.plant.timezone), build_trial_message(settings)
    if not settings.notifications:
        yield _REPORT.pass_check("channels", "No channel is configured.")
    for channel in settings.notifications:
        try:
            remark = deliver_message(channel, message, zone)
        except DeliveryError as error:
            text = f"Channel {channel.name} does not take the test: {str(error).rstrip('.')}."
            yield _REPORT.fail_check(channel.name, text, _advise(channel))
        else:
            extra = f", but {remark}" if remark else ""
            yield _REPORT.pass_check(channel.name, f"{channel.kind.value}, took the test message{extra}.")


def _advise(channel: NotificationSettings) -> str:
    return f"Correct it, then: dosing-tui alarms test-notification {channel.name}"
