"""Notifies what cannot wait for the journal while the database, or a part of it, is unavailable.

That is the outage itself, an alarm journal that takes no entries, and alarms of high priority that the
dispatcher has not sent. A message has the ID that its notice gets in the database later. The delivery status
is stored beside the spool; the dispatcher takes it over when the database is available again.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.alarms.journal_outbox import (
    DATABASE_DOWN,
    AlarmOccurrence,
    JournalOutbox,
    OutageDelivery,
)
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.notifications.channel_state import (
    DeliveryChannel,
    DeliveryChannels,
    DeliveryResult,
)
from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.notifications.policy import (
    RATE_LIMIT_PERIOD,
    AlarmSummary,
    DeliveryStatus,
    QueuedNotice,
    Trigger,
    choose_dispatch,
    create_summary_id,
)
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import SpoolError
from dosing_tui.live_snapshot import DatabasePart, LinkStatus, LiveSnapshot

log = logging.getLogger(__name__)

UNJOURNALED_PARTS = (DatabasePart.JOURNAL, DatabasePart.NOTIFICATIONS)
"""While one of them fails, the dispatcher notifies nothing."""
OUTAGE_KEYS = (DATABASE_DOWN, *(AlarmKey("DB_PARTIAL", "", part.name.lower()) for part in UNJOURNALED_PARTS))
"""Alarms that are notified here if the dispatcher cannot."""
UNSENT_STATUSES = (None, DeliveryStatus.PENDING)
STOP_TIMEOUT_S = 5.0


def is_notified_in_outage(alarm: AlarmSummary) -> bool:
    """Whether the alarm's raise may be notified here: the dispatcher then has to ask first."""
    return alarm.key in OUTAGE_KEYS or alarm.priority is Priority.HIGH


@dataclass(slots=True)
class _Retry:
    """Of an alarm whose notification failed on a channel: others go past it."""

    failures: int = 0
    due_at: float = 0.0
    """``time.monotonic()``."""


class OutageNotifier:
    """Own thread and delivery workers; not started unless a channel is subscribed to raised alarms."""

    def __init__(self, context: CollectorContext, outbox: JournalOutbox) -> None:
        self._context = context
        self._clock = context.clock
        self._outbox = outbox
        self._zone = ZoneInfo(context.settings.plant.timezone)
        self._channels = DeliveryChannels(
            context, trigger=Trigger.RAISE, subject=" during the database outage"
        )
        self._in_flight: dict[str, tuple[AlarmOccurrence, ...]] = {}
        """Alarms that a delivery worker of this process is sending, by channel."""
        self._retries: dict[tuple[str, UUID], _Retry] = {}
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

    def list_deliveries(self, channel: str, alarms: Sequence[AlarmOccurrence]) -> dict[UUID, OutageDelivery]:
        """Those that were sent here, or may have been, or are being sent (CLAIMED), by occurrence."""
        try:
            with self._lock:
                sending = {occurrence for _, occurrence in self._in_flight.get(channel, ())}
                found = self._outbox.list_deliveries(channel, alarms)
        except SpoolError as error:
            log.warning("delivery status of outage notifications unknown: %s", error)
            return {}
        return {
            occurrence: OutageDelivery(DeliveryStatus.UNKNOWN, one.at)
            if one.status is DeliveryStatus.CLAIMED and occurrence not in sending
            else one
            for occurrence, one in found.items()
            if one.status not in (DeliveryStatus.PENDING, DeliveryStatus.WITHDRAWN)
        }

    def take_over(self, channel: str, alarms: Collection[AlarmOccurrence]) -> Collection[AlarmOccurrence]:
        """Leave these alarms to the dispatcher, which sends them now; not those that are sent here."""
        try:
            with self._lock:
                found = self._outbox.list_deliveries(channel, alarms)
                free = [
                    (key, occurrence)
                    for key, occurrence in alarms
                    if occurrence not in found
                    or found[occurrence].status in (DeliveryStatus.PENDING, DeliveryStatus.WITHDRAWN)
                ]
                if free:
                    self._outbox.save_deliveries(
                        channel, dict.fromkeys(free, DeliveryStatus.WITHDRAWN), self._clock()
                    )
        except SpoolError as error:
            log.warning("delivery status of outage notifications not stored: %s", error)
            return alarms
        return free

    def give_back(self, channel: str, alarms: Collection[AlarmOccurrence]) -> None:
        """Take back alarms that the dispatcher took over and did not send."""
        with suppress(SpoolError), self._lock:
            self._outbox.save_deliveries(
                channel, dict.fromkeys(alarms, DeliveryStatus.PENDING), self._clock()
            )

    def _run_round(self) -> None:
        try:
            for result in self._channels.take_results():
                self._store_result(result)
            self._check_database()
        except SpoolError as error:
            log.warning("alarms not notified during the database outage: %s", error)

    def _check_database(self) -> None:
        snapshot = self._context.live_state.get_snapshot(self._clock())
        alarms = self._list_due_alarms(snapshot)
        if not alarms:
            self._clear_failures()
        for channel in self._channels.values():
            if channel.is_ready:
                self._serve_channel(channel, alarms)

    def _list_due_alarms(self, snapshot: LiveSnapshot) -> dict[UUID, tuple[AlarmState, AlarmSummary]]:
        """The unacknowledged alarms that the dispatcher cannot notify now, by occurrence."""
        is_down = snapshot.database.status is LinkStatus.DOWN
        is_disabled = any(fault.part in UNJOURNALED_PARTS for fault in snapshot.database_faults)
        if not (is_down or is_disabled) or snapshot.alarms is None:
            return {}
        due: dict[UUID, tuple[AlarmState, AlarmSummary]] = {}
        urgent: dict[UUID, AlarmState] = {}
        for view in snapshot.alarms.annunciated_alarms:
            alarm = view.state
            if alarm.occurrence is None:
                continue
            if alarm.key in OUTAGE_KEYS:
                is_outage = is_down if alarm.key == DATABASE_DOWN else is_disabled
                if is_outage and alarm.state_name is AlarmStateName.UNACK:
                    due[alarm.occurrence] = alarm, self._summarize_outage(alarm, snapshot)
            elif alarm.priority is Priority.HIGH and alarm.state_name in UNACKNOWLEDGED_STATES:
                urgent[alarm.occurrence] = alarm
        # after a suspension another process may have been elected: the alarms are its to notify
        if urgent and self._context.database.is_leader_confirmed():
            for entry in self._outbox.find_urgent(urgent):
                due[entry.uuid] = urgent[entry.uuid], _summarize_entry(entry)
        return due

    def _clear_failures(self) -> None:
        """The outage is over, or the dispatcher notifies it."""
        self._retries.clear()
        for channel in self._channels.values():
            if channel.is_failing and channel.current_id is None:
                channel.clear_failure()

    def _serve_channel(
        self, channel: DeliveryChannel, alarms: dict[UUID, tuple[AlarmState, AlarmSummary]]
    ) -> None:
        """Hand the next notification to the delivery worker, if there is one within the rate limit."""
        now = self._clock()
        with self._lock:
            notices = list(self._list_unsent(channel, alarms, now))
            recent = self._outbox.count_deliveries(channel.name, now - RATE_LIMIT_PERIOD) if notices else 0
            chosen = choose_dispatch(
                notices,
                {state.key: state for state, _ in alarms.values()},
                recent_count=recent,
                recent_high_count=recent,
                max_messages=channel.rate_limit,
                now=now,
            ).notices
            if not chosen:
                return
            sending = tuple((one.alarm.key, one.occurrence) for one in chosen)
            self._outbox.save_deliveries(channel.name, dict.fromkeys(sending, DeliveryStatus.CLAIMED), now)
            self._in_flight[channel.name] = sending
        if len(chosen) == 1:
            message = channel.build_message(chosen[0])
        else:
            occurrence = create_summary_id(one.occurrence for one in chosen)
            message = channel.build_summary(occurrence, [one.alarm for one in chosen])
        channel.start_delivery(0, f"{count_noun(len(chosen), 'alarm')} during the database outage", message)

    def _list_unsent(
        self, channel: DeliveryChannel, alarms: dict[UUID, tuple[AlarmState, AlarmSummary]], now: datetime
    ) -> Iterator[QueuedNotice]:
        wanted = {
            occurrence: summary
            for occurrence, (_, summary) in alarms.items()
            if summary.priority in channel.policy.priorities and self._is_retry_due(channel.name, occurrence)
        }
        sent = self._outbox.list_deliveries(
            channel.name, [(one.key, occurrence) for occurrence, one in wanted.items()]
        )
        for number, (occurrence, alarm) in enumerate(wanted.items()):
            if occurrence in sent and sent[occurrence].status not in UNSENT_STATUSES:
                continue
            # a chattering outage is notified by the dispatcher, under the rate limit
            if alarm.key in OUTAGE_KEYS and self._outbox.has_other_delivery(
                channel.name, (alarm.key, occurrence), now - RATE_LIMIT_PERIOD
            ):
                continue
            yield QueuedNotice(number, Trigger.RAISE, occurrence, alarm.at, alarm)

    def _is_retry_due(self, channel: str, occurrence: UUID) -> bool:
        retry = self._retries.get((channel, occurrence))
        return retry is None or time.monotonic() >= retry.due_at

    def _summarize_outage(self, alarm: AlarmState, snapshot: LiveSnapshot) -> AlarmSummary:
        began_at = snapshot.database.since if alarm.key == DATABASE_DOWN else None
        since = min(one for one in (began_at, alarm.raised_at, self._clock()) if one)
        local = f"{since.astimezone(self._zone):%Y-%m-%d %H:%M}"
        text = (
            f"The database has been away since {local}: readings are spooled here; of the other alarms only"
            " those of high priority are notified until it is available again"
            if alarm.key == DATABASE_DOWN
            else f"{alarm.message.rstrip('.')} (since {local}): of the other alarms only those of high"
            " priority are notified meanwhile"
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
            first, *others = self._in_flight.pop(channel.name)
            channel.current_id = None
            in_one = DeliveryStatus.IN_SUMMARY if result.status is DeliveryStatus.SENT else result.status
            statuses = {first: result.status, **dict.fromkeys(others, in_one)}
            self._outbox.save_deliveries(channel.name, statuses, self._clock())
            if result.status is DeliveryStatus.PENDING:
                for _, occurrence in statuses:
                    self._delay_retry(channel.name, occurrence)
        channel.apply_result(result)

    def _delay_retry(self, channel: str, occurrence: UUID) -> None:
        """Longer than the channel's own pause: the next alarm has its turn before."""
        retry = self._retries.setdefault((channel, occurrence), _Retry())
        retry.failures += 1
        delay_s = self._context.intervals.notify_retry.compute_delay(retry.failures + 1)
        retry.due_at = time.monotonic() + delay_s

    def _finish_deliveries(self) -> None:
        try:
            for result in self._channels.wait_for_results():
                self._store_result(result)
        except SpoolError as error:
            log.warning("delivery status of outage notifications not stored: %s", error)
        if self._channels.delivering:
            log.info("delivery of outage notifications did not finish; status unknown")


def _summarize_entry(entry: JournalEntry) -> AlarmSummary:
    return AlarmSummary(
        entry.key, entry.event, entry.priority, entry.at, clean_line(entry.message), entry.value, entry.limit
    )
