"""Notification channels: policy, delivery thread, back-off, and what is shown of each.

Each channel delivers in a thread of its own, one message at a time: one that hangs delays no other.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.notifications.policy import (
    AlarmSummary,
    ChannelPolicy,
    DeliveryStatus,
    NotificationMessage,
    QueuedNotice,
    Trigger,
    create_message_id,
)
from dosing_tui.errors import DeliveryError
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.notifiers.send import deliver_message

log = logging.getLogger(__name__)

MAX_PAUSE_S = 30.0
"""Longest pause of a channel after a failure: a notice that has not been tried waits no longer."""
DRAIN_TIMEOUT_S = 3.0
"""Longest wait at the end for deliveries in progress."""


class DeliveryResult(Struct, frozen=True):
    """Result of delivering the notice ``id``; ``error`` is None if it was sent."""

    channel: str
    id: int
    description: str
    """The alarm and trigger, or the number of summarized messages."""
    response: str = ""
    error: DeliveryError | None = None

    @property
    def status(self) -> DeliveryStatus:
        """PENDING: to be retried."""
        if self.error is None:
            return DeliveryStatus.SENT
        return DeliveryStatus.FAILED if self.error.is_permanent else DeliveryStatus.PENDING


class DeliveryChannel:
    """For one thread, beside its own that delivers. ``subject`` completes its notices: "" or " of ...\"."""

    def __init__(
        self,
        channel: NotificationSettings,
        context: CollectorContext,
        results: "SimpleQueue[DeliveryResult]",
        subject: str,
    ) -> None:
        self.name = channel.name
        self.rate_limit = channel.most_in_10_minutes
        self.policy = ChannelPolicy(
            channel.name,
            frozenset(Priority(word) for word in channel.priorities),
            frozenset(Trigger(word) for word in channel.on),
            timedelta(minutes=channel.after_minutes),
        )
        self._subject = subject
        self._status = context.status
        self._plant = context.settings.plant
        self._intervals = context.intervals
        self._deliver = partial(deliver_message, channel, zone=ZoneInfo(self._plant.timezone))
        self._jobs: SimpleQueue[tuple[int, str, NotificationMessage]] = SimpleQueue()
        self._results = results
        # ends with the process: a server that hangs cannot be interrupted
        self.thread = SupervisedThread(
            f"notify-{channel.name}", self._deliver_next, on_failure=context.status.set_thread_failure
        )
        self.current_id: int | None = None
        """The notice being delivered."""
        self._failures = 0
        self._retry_at = 0.0

    @property
    def is_ready(self) -> bool:
        return self.current_id is None and time.monotonic() >= self._retry_at

    @property
    def is_failing(self) -> bool:
        return self._failures > 0

    def pause_for(self, seconds: float) -> None:
        self._retry_at = time.monotonic() + seconds

    def start_delivery(self, id_: int, description: str, message: NotificationMessage) -> None:
        self.current_id = id_
        self._jobs.put((id_, description, message))

    def apply_result(self, result: DeliveryResult) -> None:
        """Show the result of the delivery in progress, and back off after a failure."""
        self.current_id = None
        if result.error is None:
            self.clear_failure()
            log.info("notification %s: sent %s. %s", self.name, result.description, result.response)
        elif result.error.is_permanent:
            self._status.report_once(
                f"Notification {self.name} rejected {result.description}; not retried: {result.error}"
            )
        else:
            self._failures += 1
            delay = self._intervals.notify_retry.compute_delay(self._failures)
            self.pause_for(min(delay, MAX_PAUSE_S))
            self._show_failure(f"Notification {self.name}{self._subject} failed; retrying: {result.error}")

    def clear_failure(self) -> None:
        """End the failure state: no failed notification waits for a retry."""
        self._failures, self._retry_at = 0, 0.0
        self._show_failure("")

    def build_message(self, notice: QueuedNotice) -> NotificationMessage:
        in_reply_to = self._make_message_id(*notice.first_notice) if notice.first_notice is not None else None
        return self._compose_message(notice.trigger, notice.occurrence, [notice.alarm], in_reply_to)

    def build_summary(self, occurrence: UUID, members: list[AlarmSummary]) -> NotificationMessage:
        return self._compose_message(Trigger.SUMMARY, occurrence, members, None)

    def _show_failure(self, sentence: str) -> None:
        self._status.set_notice(f"notify {self.name}{self._subject}", sentence)

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

    def _deliver_next(self) -> None:
        id_, description, message = self._jobs.get()
        response, failure = "", None
        try:
            response = self._deliver(message)
        except DeliveryError as error:
            failure = error
        except BaseException as error:
            # the boundary of the delivery: without a result the channel would never send again
            log.exception("notification %s failed", self.name)
            is_temporary = isinstance(error, OSError | MemoryError)
            failure = DeliveryError(f"It failed: {error!r}.", is_permanent=not is_temporary)
        self._results.put(DeliveryResult(self.name, id_, description, response, failure))


class DeliveryChannels(dict[str, DeliveryChannel]):
    """The channels by name, and the results of their deliveries. ``trigger``: only channels that want it."""

    def __init__(
        self, context: CollectorContext, *, trigger: Trigger | None = None, subject: str = ""
    ) -> None:
        self._results: SimpleQueue[DeliveryResult] = SimpleQueue()
        super().__init__(
            (one.name, DeliveryChannel(one, context, self._results, subject))
            for one in context.settings.notifications
            if trigger is None or trigger in one.on
        )

    @property
    def delivering(self) -> list[DeliveryChannel]:
        """Channels with a delivery in progress."""
        return [channel for channel in self.values() if channel.current_id is not None]

    def start_threads(self) -> None:
        for channel in self.values():
            channel.thread.start()

    def take_results(self) -> Iterator[DeliveryResult]:
        """The results that are there."""
        with suppress(Empty):
            while True:
                yield self._results.get_nowait()

    def wait_for_results(self) -> Iterator[DeliveryResult]:
        """The results of the deliveries in progress that end within DRAIN_TIMEOUT_S."""
        until = time.monotonic() + DRAIN_TIMEOUT_S
        with suppress(Empty):
            while self.delivering:
                yield self._results.get(timeout=max(until - time.monotonic(), 0.0))
