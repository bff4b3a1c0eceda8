"""The message with which a channel is tried."""

from datetime import UTC, datetime
from uuid import uuid4

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, Priority
from dosing_tui.domain.notifications.policy import AlarmSummary, NotificationMessage, Trigger


def build_trial_message(settings: Settings) -> NotificationMessage:
    """It says of itself that it is a test."""
    summary = AlarmSummary(
        AlarmKey("TEST"),
        AlarmEvent.RAISE,
        Priority.LOW,
        datetime.now(UTC),
        "This is a test; nothing is wrong.",
    )
    return NotificationMessage(
        uuid4(), Trigger.TEST, settings.plant.site, settings.plant.name, (summary,), {Priority.LOW: 1}
    )
