"""Notifies a database outage: the one alarm that cannot wait for the alarm journal.

The message has the ID that its notice gets in the database later. The delivery status is stored beside the
spool; the dispatcher takes it over when the database is available again.
"""

import logging
import threading
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.notifications.channel_state import (
    DeliveryChannel,
    DeliveryChannels,
    DeliveryResult,
)
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, AlarmStateName
from dosing_tui.domain.notifications.policy import (
    MAX_NOTICE_AGE,
    RATE_LIMIT_PERIOD,
    AlarmSummary,
    DeliveryStatus,
    QueuedNotice,
    Trigger,
)
from dosing_tui.errors import SpoolError
from dosing_tui.live_state import LinkStatus

log = logging.getLogger(__name__)

DATABASE_DOWN = AlarmKey("DB_DOWN")
STOP_TIMEOUT_S = 5.0


class OutageNotifier:
    """Own thread and delivery workers; not started unless a channel is subscribed to raised alarms."""

    def __init__(self, context: CollectorContext, outbox: JournalOutbox) -> None:
        self._context = context
        self._clock = context.clock
        self._outbox = outbox
        self._zone = ZoneInfo(context.settings.plant.timezone)
        self._channels = DeliveryChannels(context, trigger=Trigger.RAISE, subject=" of the database outage")
        self._in_flight: dict[str, UUID] = {}
        """Occurrence that a delivery worker of this process is sending, by channel."""
        self._lock = threading.Lock()
        self._thread = context.create_thread(
            "notify-outage",
            self._run_round,
            interval_s=context.intervals.notify_poll_s,
            finish=self._finish_deliveries,
        )

    def start(self) -> None:
        if self._channels:
            self._channels.start_threads()
            self._thread.start()

    def stop(self) -> None:
        """Wait at most DRAIN_TIMEOUT_S for deliveries in progress; the others are not re-sent."""
        self._thread.stop(STOP_TIMEOUT_S)

    def hand_over_notice(self, channel: str, occurrence: UUID) -> DeliveryStatus:
        """Delivery status; CLAIMED while it is being sent, PENDING if the caller must send it."""
        try:
            with self._lock:
                if self._in_flight.get(channel) == occurrence:
                    return DeliveryStatus.CLAIMED
                status = self._outbox.get_delivery_status(channel, occurrence)
                if status is None or status is DeliveryStatus.PENDING:
                    self._outbox.save_delivery_status(
                        channel, occurrence, DeliveryStatus.WITHDRAWN, self._clock()
                    )
        except SpoolError as error:
            log.warning("delivery status of the outage notification unknown: %s", error)
            return DeliveryStatus.PENDING
        if status is DeliveryStatus.CLAIMED:
            return DeliveryStatus.UNKNOWN
        return status if status in (DeliveryStatus.SENT, DeliveryStatus.FAILED) else DeliveryStatus.PENDING

    def _run_round(self) -> None:
        try:
            for result in self._channels.take_results():
                self._store_result(result)
            self._check_database()
        except SpoolError as error:
            log.warning("database outage not notified: %s", error)

    def _check_database(self) -> None:
        snapshot = self._context.live_state.get_snapshot(self._clock())
        annunciated = snapshot.alarms.annunciated_alarms if snapshot.alarms else ()
        alarm = next((view.state for view in annunciated if view.state.key == DATABASE_DOWN), None)
        if (
            snapshot.database.status is not LinkStatus.DOWN
            or alarm is None
            or alarm.state_name is not AlarmStateName.UNACK
        ):
            self._clear_failures()
            return
        since = min(one for one in (snapshot.database.since, alarm.raised_at, self._clock()) if one)
        if self._clock() - since > MAX_NOTICE_AGE:
            self._clear_failures()
            return
        for channel in self._channels.values():
            if channel.is_ready and alarm.priority in channel.policy.priorities:
                self._notify_channel(channel, alarm, since)

    def _clear_failures(self) -> None:
        """The outage is over, or the dispatcher notifies it."""
        for channel in self._channels.values():
            if channel.is_failing and channel.current_id is None:
                channel.clear_failure()

    def _notify_channel(self, channel: DeliveryChannel, alarm: AlarmState, since: datetime) -> None:
        now, occurrence = self._clock(), alarm.occurrence
        if occurrence is None:
            return
        with self._lock:
            if self._outbox.get_delivery_status(channel.name, occurrence) not in (
                None,
                DeliveryStatus.PENDING,
            ):
                return
            # a chattering outage is notified by the dispatcher, under the rate limit
            if self._outbox.has_other_delivery(channel.name, now - RATE_LIMIT_PERIOD, excluding=occurrence):
                return
            self._outbox.save_delivery_status(channel.name, occurrence, DeliveryStatus.CLAIMED, now)
            self._in_flight[channel.name] = occurrence
        message = channel.build_message(
            QueuedNotice(0, Trigger.RAISE, occurrence, now, self._summarize_outage(alarm, since))
        )
        channel.start_delivery(0, "the database outage", message)

    def _summarize_outage(self, alarm: AlarmState, since: datetime) -> AlarmSummary:
        text = (
            f"The database has been away since {since.astimezone(self._zone):%Y-%m-%d %H:%M}: "
            "readings are spooled here, other alarms are not notified until it is available again"
        )
        return AlarmSummary(
            DATABASE_DOWN,
            AlarmEvent.RAISE,
            alarm.priority,
            alarm.raised_at or since,
            text,
            alarm.value,
            alarm.limit,
        )

    def _store_result(self, result: DeliveryResult) -> None:
        channel = self._channels[result.channel]
        with self._lock:
            occurrence = self._in_flight.pop(channel.name)
            channel.current_id = None
            self._outbox.save_delivery_status(channel.name, occurrence, result.status, self._clock())
        channel.apply_result(result)

    def _finish_deliveries(self) -> None:
        try:
            for result in self._channels.wait_for_results():
                self._store_result(result)
        except SpoolError as error:
            log.warning("delivery status of the outage notification not stored: %s", error)
        if self._channels.delivering:
            log.info("delivery of the database outage did not finish; status unknown")
