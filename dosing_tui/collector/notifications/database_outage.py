"""Notifies a database outage, and an alarm journal that takes no entries: they cannot wait for the journal.

The message has the ID that its notice gets in the database later. The delivery status is stored beside the
spool; the dispatcher takes it over when the database is available again.
"""

import logging
import threading
from collections.abc import Iterator
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
from dosing_tui.live_state import DatabasePart, LinkStatus, LiveSnapshot

log = logging.getLogger(__name__)

DATABASE_DOWN = AlarmKey("DB_DOWN")
UNJOURNALED_PARTS = (DatabasePart.JOURNAL, DatabasePart.NOTIFICATIONS)
"""While one of them fails, the dispatcher notifies nothing."""
OUTAGE_KEYS = (DATABASE_DOWN, *(AlarmKey("DB_PARTIAL", "", part.name.lower()) for part in UNJOURNALED_PARTS))
"""Alarms that are notified here if the dispatcher cannot."""
STOP_TIMEOUT_S = 5.0


class OutageNotifier:
    """Own thread and delivery workers; not started unless a channel is subscribed to raised alarms."""

    def __init__(self, context: CollectorContext, outbox: JournalOutbox) -> None:
        self._context = context
        self._clock = context.clock
        self._outbox = outbox
        self._zone = ZoneInfo(context.settings.plant.timezone)
        self._channels = DeliveryChannels(context, trigger=Trigger.RAISE, subject=" of the database outage")
        self._in_flight: dict[str, tuple[AlarmKey, UUID]] = {}
        """Alarm and occurrence that a delivery worker of this process is sending, by channel."""
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

    def hand_over_notice(self, channel: str, key: AlarmKey, occurrence: UUID) -> DeliveryStatus:
        """Delivery status; CLAIMED while it is being sent, PENDING if the caller must send it."""
        if key not in OUTAGE_KEYS:
            return DeliveryStatus.PENDING
        series = _get_series(channel, key)
        try:
            with self._lock:
                if self._in_flight.get(channel) == (key, occurrence):
                    return DeliveryStatus.CLAIMED
                status = self._outbox.get_delivery_status(series, occurrence)
                if status is None or status is DeliveryStatus.PENDING:
                    self._outbox.save_delivery_status(
                        series, occurrence, DeliveryStatus.WITHDRAWN, self._clock()
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
        now = self._clock()
        due = [
            (alarm, since)
            for alarm, since in self._list_outages(self._context.live_state.get_snapshot(now))
            if now - since <= MAX_NOTICE_AGE
        ]
        if not due:
            self._clear_failures()
        for alarm, since in due:
            for channel in self._channels.values():
                if channel.is_ready and alarm.priority in channel.policy.priorities:
                    self._notify_channel(channel, alarm, since)

    def _list_outages(self, snapshot: LiveSnapshot) -> Iterator[tuple[AlarmState, datetime]]:
        """The unacknowledged alarms whose condition keeps the dispatcher from its work, and since when."""
        is_down = snapshot.database.status is LinkStatus.DOWN
        is_disabled = any(fault.part in UNJOURNALED_PARTS for fault in snapshot.database_faults)
        for view in snapshot.alarms.annunciated_alarms if snapshot.alarms else ():
            alarm = view.state
            is_outage = is_down if alarm.key == DATABASE_DOWN else is_disabled and alarm.key in OUTAGE_KEYS
            if is_outage and alarm.state_name is AlarmStateName.UNACK:
                began_at = snapshot.database.since if alarm.key == DATABASE_DOWN else None
                yield alarm, min(one for one in (began_at, alarm.raised_at, self._clock()) if one)

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
            series = _get_series(channel.name, alarm.key)
            if self._outbox.get_delivery_status(series, occurrence) not in (
                None,
                DeliveryStatus.PENDING,
            ):
                return
            # a chattering outage is notified by the dispatcher, under the rate limit
            if self._outbox.has_other_delivery(series, now - RATE_LIMIT_PERIOD, excluding=occurrence):
                return
            self._outbox.save_delivery_status(series, occurrence, DeliveryStatus.CLAIMED, now)
            self._in_flight[channel.name] = alarm.key, occurrence
        message = channel.build_message(
            QueuedNotice(0, Trigger.RAISE, occurrence, now, self._summarize_outage(alarm, since))
        )
        channel.start_delivery(0, "the database outage", message)

    def _summarize_outage(self, alarm: AlarmState, since: datetime) -> AlarmSummary:
        local = f"{since.astimezone(self._zone):%Y-%m-%d %H:%M}"
        text = (
            f"The database has been away since {local}: "
            "readings are spooled here, other alarms are not notified until it is available again"
            if alarm.key == DATABASE_DOWN
            else f"{alarm.message.rstrip('.')} (since {local}): no other alarm is notified meanwhile"
        )
        return AlarmSummary(
            alarm.key,
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
            key, occurrence = self._in_flight.pop(channel.name)
            channel.current_id = None
            series = _get_series(channel.name, key)
            self._outbox.save_delivery_status(series, occurrence, result.status, self._clock())
        channel.apply_result(result)

    def _finish_deliveries(self) -> None:
        try:
            for result in self._channels.wait_for_results():
                self._store_result(result)
        except SpoolError as error:
            log.warning("delivery status of the outage notification not stored: %s", error)
        if self._channels.delivering:
            log.info("delivery of the database outage did not finish; status unknown")


def _get_series(channel: str, key: AlarmKey) -> str:
    """The name under which the outbox limits the rate: each alarm has its own."""
    return channel if key == DATABASE_DOWN else f"{channel} {key.tag}"
