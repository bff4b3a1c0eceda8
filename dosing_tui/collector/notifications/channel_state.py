"""One notification channel: its policy, its delivery worker and its retry time."""

import time
from collections import Counter
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.notifications.delivery_worker import DeliveryResult, DeliveryWorker
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.notifications.policy import (
    AlarmSummary,
    ChannelPolicy,
    NotificationMessage,
    QueuedNotice,
    Trigger,
    create_message_id,
)
from dosing_tui.notifiers.send import deliver_message


class DeliveryChannel:
    """Policy, rate limit, worker and back-off of one channel. For one thread."""

    def __init__(
        self,
        channel: NotificationSettings,
        settings: Settings,
        intervals: Intervals,
        results: "SimpleQueue[DeliveryResult]",
    ) -> None:
        self.name = channel.name
        self.rate_limit = channel.most_in_10_minutes
        self.policy = build_policy(channel)
        self._plant = settings.plant
        self._intervals = intervals
        zone = ZoneInfo(settings.plant.timezone)
        self.worker = DeliveryWorker(channel.name, partial(deliver_message, channel, zone=zone), results)
        self._failures = 0
        self._retry_at = 0.0

    @property
    def is_ready(self) -> bool:
        return self.worker.current_id is None and time.monotonic() >= self._retry_at

    @property
    def is_failing(self) -> bool:
        return self._failures > 0

    def pause_for_rate_limit(self) -> None:
        """Pause after the rate limit is reached."""
        self._pause_for(self._intervals.rate_limit_s)

    def _pause_for(self, seconds: float) -> None:
        self._retry_at = time.monotonic() + seconds

    def reset_failures(self) -> None:
        self._failures, self._retry_at = 0, 0.0

    def back_off(self) -> None:
        """Pause after a failure, for ``notify_retry``."""
        self._failures += 1
        self._pause_for(self._intervals.notify_retry.compute_delay(self._failures))

    def build_message(self, notice: QueuedNotice) -> NotificationMessage:
        in_reply_to = self._make_message_id(*notice.first_notice) if notice.first_notice is not None else None
        return self._compose_message(notice.trigger, notice.occurrence, [notice.alarm], in_reply_to)

    def build_summary(self, occurrence: UUID, members: list[AlarmSummary]) -> NotificationMessage:
        return self._compose_message(Trigger.SUMMARY, occurrence, members, None)

    def _compose_message(
        self, trigger: Trigger, occurrence: UUID, alarms: list[AlarmSummary], in_reply_to: UUID | None
    ) -> NotificationMessage:
        return NotificationMessage(
            id=self._make_message_id(trigger, occurrence),
            trigger=trigger,
            site=self._plant.site,
            plant=self._plant.name,
            alarms=tuple(alarms),
            counts=Counter(one.priority for one in alarms),
            in_reply_to=in_reply_to,
        )

    def _make_message_id(self, trigger: Trigger, occurrence: UUID) -> UUID:
        return create_message_id(self._plant.site, self.name, trigger, occurrence)


def build_policy(channel: NotificationSettings) -> ChannelPolicy:
    return ChannelPolicy(
        channel.name,
        frozenset(Priority(word) for word in channel.priorities),
        frozenset(Trigger(word) for word in channel.on),
        timedelta(minutes=channel.after_minutes),
    )
