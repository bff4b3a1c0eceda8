"""Notification dispatcher: queues notices of journal entries, hands them to delivery workers.

Only committed journal entries are notified. It has its own thread and database session. Each channel has a
delivery worker, so that a slow channel delays nothing else.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import AlarmOccurrence
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.notifications.channel_state import (
    DeliveryChannel,
    DeliveryChannels,
    DeliveryResult,
)
from dosing_tui.collector.notifications.database_outage import OutageNotifier, is_notified_in_outage
from dosing_tui.database.alarms.notification_queue import PendingSummary
from dosing_tui.domain.alarms.checkpoint import CHECKPOINT_INTERVAL, EMPTY_CHECKPOINT, Checkpoint
from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection
from dosing_tui.domain.notifications.policy import (
    POSSIBLY_SENT,
    DeliveryStatus,
    QueuedNotice,
    Trigger,
    choose_dispatch,
    create_notices,
    needs_attention,
)
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import DatabaseAccessError, DatabaseError
from dosing_tui.live_snapshot import DatabasePart, LinkStatus

log = logging.getLogger(__name__)

WORKER_POLL_S = 0.1
"""Between two checks of the delivery results."""
CLAIM_SWEEP_S = 60.0
MAX_REFUSALS = 5
"""Consecutive refusals by the database before a notice: at the first start the schema is still missing."""
FAULT_DELAY = timedelta(seconds=30)
"""Of failures for any other reason, while the database is connected: locks, time-outs, a lack of sessions."""
STATUS_UNKNOWN = "delivery status unknown; it is not re-sent."
STOP_TIMEOUT_S = 10.0


class NotificationDispatcher:
    """One thread. Retries until it is stopped; not started without a configured channel."""

    def __init__(self, context: CollectorContext, outage_notifier: OutageNotifier) -> None:
        self._context = context
        self._outage_notifier = outage_notifier
        self._clock = context.clock
        self._status = context.status
        self._queue = context.database.create_notification_queue()
        self._channels = DeliveryChannels(context)
        self._unstored_results: deque[DeliveryResult] = deque()
        """Results that are not stored in the database yet."""
        self._projection = JournalProjection()
        self._checkpoint = EMPTY_CHECKPOINT
        """State of the journal at the last entry whose notices are queued."""
        self._entries_since_checkpoint = 0
        """Entries of the journal since the last checkpoint."""
        self._cursors: dict[str, int] = {}
        self._next_poll = self._next_sweep = 0.0
        self._failures = 0
        self._failing_since: datetime | None = None
        """First failure since which the database has been connected."""
        self._thread = context.create_thread(
            "notify-dispatch", self._try_session, finish=self._finish_deliveries
        )

    def start(self) -> None:
        if self._channels:
            self._channels.start_threads()
            self._thread.start()

    def stop(self) -> None:
        """Wait at most DRAIN_TIMEOUT_S for deliveries in progress."""
        self._thread.stop(STOP_TIMEOUT_S)

    def _try_session(self) -> None:
        try:
            self._run_session()
        except DatabaseError as error:
            log.info("notifications wait for the database: %s", error)
            self._report_failure(error)
            self._thread.wait(self._context.intervals.retry.compute_delay(self._failures))
        except BaseException:
            # the next session starts from the database's checkpoint, not from this one
            self._checkpoint = EMPTY_CHECKPOINT
            raise

    def _report_failure(self, error: DatabaseError) -> None:
        """The database writer reports an outage; without one, this is a fault."""
        self._failures += 1
        now = self._clock()
        link = self._context.live_state.get_snapshot(now).database.status
        is_connected = link in (LinkStatus.UP, LinkStatus.PARTIAL)
        self._failing_since = (self._failing_since or now) if is_connected else None
        is_refused = isinstance(error, DatabaseAccessError) and self._failures >= MAX_REFUSALS
        if is_refused or (self._failing_since and is_due(self._failing_since, now, FAULT_DELAY)):
            self._status.set_database_fault(DatabasePart.NOTIFICATIONS, str(error))

    def _run_session(self) -> None:
        """Run one database session until it fails or a stop is requested."""
        self._open_session()
        while not self._thread.is_stopping:
            any_queued = self._read_journal()
            self._store_results()
            if any_queued or time.monotonic() >= self._next_poll:
                self._next_poll = time.monotonic() + self._context.intervals.notify_poll_s
                self._poll_channels()
            if self._failures:
                self._failures, self._failing_since = 0, None
                self._status.set_database_fault(DatabasePart.NOTIFICATIONS, "")
            self._thread.mark_working()
            self._queue.wait_for_entries(WORKER_POLL_S)

    def _open_session(self) -> None:
        """Start from the newest checkpoint that no channel is behind, with all that the last session left."""
        self._next_poll = self._next_sweep = 0.0
        opened = self._queue.open(list(self._channels))
        self._cursors = opened.cursors
        checkpoint = opened.checkpoint
        if checkpoint.last_entry_id < self._checkpoint.last_entry_id <= min(opened.cursors.values()):
            checkpoint = self._checkpoint
        self._projection = JournalProjection()
        self._projection.restart_from(checkpoint)

    def _read_journal(self) -> bool:
        """Read the journal to its end and queue the notices. True if any were queued."""
        any_news = False
        while entries := self._queue.read_entries(self._projection.last_entry_id):
            any_news |= self._plan_notices(self._projection.apply_committed(entries))
            self._checkpoint = Checkpoint(self._projection.last_entry_id, self._projection.confirmed_states)
            self._entries_since_checkpoint += len(entries)
        if self._entries_since_checkpoint >= CHECKPOINT_INTERVAL:
            self._save_checkpoint()
        return any_news

    def _save_checkpoint(self) -> None:
        """Without the right to save it, the next start takes longer; notifications are not affected."""
        self._entries_since_checkpoint = 0
        try:
            self._queue.save_checkpoint(self._checkpoint)
        except DatabaseAccessError as error:
            log.info("notification checkpoint not saved: %s", error)

    def _plan_notices(self, transitions: list[AlarmTransition]) -> bool:
        last_id = self._projection.last_entry_id
        behind = [name for name, upto in self._cursors.items() if upto < last_id]
        if not behind:
            return False
        notices = [
            notice
            for name in behind
            for notice in create_notices(
                (one for one in transitions if one.entry.id > self._cursors[name]),
                self._channels[name].policy,
            )
        ]
        self._queue.add_notices(notices, behind, last_id=last_id)
        self._cursors.update(dict.fromkeys(behind, last_id))
        return bool(notices)

    def _poll_channels(self) -> None:
        now = self._clock()
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + CLAIM_SWEEP_S
            own_ids = [one.current_id for one in self._channels.delivering if one.current_id is not None]
            for name in self._queue.expire_claims(now=now, own_ids=own_ids):
                self._status.report_once(
                    f"Notification {name}: the process ended during a delivery; {STATUS_UNKNOWN}"
                )
        for name in self._queue.list_due_channels(now=now):
            channel = self._channels.get(name)
            if channel is not None and channel.is_ready:
                self._serve_channel(channel)
        failing = [channel for channel in self._channels.values() if channel.is_failing]
        if failing:
            retrying = self._queue.list_retry_channels()
            for channel in failing:
                if channel.name not in retrying:
                    channel.clear_failure()

    def _serve_channel(self, channel: DeliveryChannel) -> None:
        """Hand the next due notification to the delivery worker, if there is one."""
        now, name = self._clock(), channel.name
        recent, high = self._queue.count_recent(name, now=now)
        if min(recent, high) >= channel.rate_limit:
            channel.pause_for(self._context.intervals.rate_limit_s)
            return
        self._expire_notices(name, (), now)
        retry = self._context.intervals.notify_retry
        pending = self._queue.find_pending_summary(name, now=now, retry=retry)
        if pending is not None and recent < channel.rate_limit:
            if self._queue.claim_notice(pending.id, now=now):
                self._send_summary(channel, pending)
            return
        last_id = self._projection.last_entry_id
        waiting = self._queue.list_due_notices(name, now=now, last_id=last_id, retry=retry)
        dispatch = choose_dispatch(
            self._refer_to_outage(name, self._filter_outage_notices(name, waiting)),
            self._projection.states,
            recent_count=recent,
            recent_high_count=high,
            max_messages=channel.rate_limit,
            now=now,
        )
        if dispatch.withdrawn_ids:
            self._queue.store_status(dispatch.withdrawn_ids, DeliveryStatus.WITHDRAWN, now=now)
        if dispatch.expired_ids:
            self._expire_notices(name, dispatch.expired_ids, now)
        self._send_notices(channel, dispatch.notices, now)
        if recent >= channel.rate_limit and not dispatch.notices:
            channel.pause_for(self._context.intervals.rate_limit_s)

    def _expire_notices(self, name: str, ids: Sequence[int], now: datetime) -> None:
        """Give up these notices, and summaries that are too old, and say so."""
        kept = [
            state.occurrence
            for state in self._projection.states.values()
            if state.occurrence is not None and needs_attention(state)
        ]
        for reason, count in self._queue.expire_notices(name, ids, now=now, kept=kept):
            self._status.report_once(
                f"Notification {name}: {count_noun(count, 'alarm')} not sent within a day, dropped. {reason}"
            )

    def _send_notices(self, channel: DeliveryChannel, chosen: Sequence[QueuedNotice], now: datetime) -> None:
        """Claim and send these notices, except those that are sent beside the queue at this moment."""
        asked = _find_outage_alarms(chosen)
        if asked:
            free = self._outage_notifier.take_over(channel.name, list(asked.values()))
            chosen = [one for one in chosen if one.id not in asked or asked[one.id] in free]
        try:
            self._claim_notices(channel, chosen, now)
        except DatabaseError:
            self._outage_notifier.give_back(channel.name, list(asked.values()))
            raise

    def _claim_notices(
        self, channel: DeliveryChannel, notices: Sequence[QueuedNotice], now: datetime
    ) -> None:
        if len(notices) > 1:
            summary = self._queue.claim_summary(channel.name, notices, now=now)
            if summary is not None:
                self._send_summary(channel, summary)
        elif notices and self._queue.claim_notice(notices[0].id, now=now):
            notice = notices[0]
            channel.start_delivery(
                notice.id, f"{notice.alarm.key.tag}, {notice.trigger}", channel.build_message(notice)
            )

    def _filter_outage_notices(self, name: str, notices: Sequence[QueuedNotice]) -> list[QueuedNotice]:
        """The notices without those that were sent, or are being sent, during a database outage."""
        asked = _find_outage_alarms(notices)
        sent = self._outage_notifier.list_deliveries(name, list(asked.values())) if asked else {}
        for one in notices:
            if one.id not in asked or one.occurrence not in sent:
                continue
            delivery = sent[one.occurrence]
            if delivery.status is not DeliveryStatus.CLAIMED:
                is_sent = delivery.status in (DeliveryStatus.SENT, DeliveryStatus.IN_SUMMARY)
                self._queue.store_status(
                    [one.id],
                    delivery.status,
                    now=self._clock(),
                    reason="Sent during the database outage." if is_sent else "",
                    sent_at=delivery.at,
                )
        return [one for one in notices if one.id not in asked or one.occurrence not in sent]

    def _refer_to_outage(self, name: str, notices: Sequence[QueuedNotice]) -> list[QueuedNotice]:
        """The notices; those without a queued raise refer to the message sent during a database outage.

        The queue has no notice of a raise that was journaled before the channel's first session.
        """
        asked = {
            one.id: (one.alarm.key, one.occurrence)
            for one in notices
            if one.trigger is not Trigger.RAISE
            and one.raise_status is None
            and is_notified_in_outage(one.alarm)
        }
        sent = self._outage_notifier.list_deliveries(name, list(asked.values())) if asked else {}
        return [
            _refer_to_raise(one, sent[one.occurrence].status)
            if one.id in asked and one.occurrence in sent
            else one
            for one in notices
        ]

    def _send_summary(self, channel: DeliveryChannel, summary: PendingSummary) -> None:
        members = self._queue.list_summary_alarms(summary.id)
        message = channel.build_summary(summary.occurrence, members)
        channel.start_delivery(summary.id, f"{count_noun(len(members), 'message')} in one", message)

    def _store_results(self) -> None:
        self._unstored_results.extend(self._channels.take_results())
        while self._unstored_results:
            result = self._unstored_results[0]
            reason = str(result.error or result.response)
            self._queue.store_status([result.id], result.status, now=self._clock(), reason=reason)
            self._channels[result.channel].apply_result(result)
            self._unstored_results.popleft()
            self._next_poll = 0.0

    def _finish_deliveries(self) -> None:
        """Store results that arrive in time. Mark the other deliveries as unknown: they are not re-sent."""
        try:
            for result in self._channels.wait_for_results():
                self._unstored_results.append(result)
                self._store_results()
            self._mark_unknown()
        except DatabaseError as error:
            # they stay claimed: the next dispatcher marks them as unknown
            log.info("deliveries in progress stay claimed: %s", error)
        self._queue.close()

    def _mark_unknown(self) -> None:
        for channel in self._channels.delivering:
            assert channel.current_id is not None
            self._queue.store_status(
                [channel.current_id], DeliveryStatus.UNKNOWN, now=self._clock(), reason="The collector ended."
            )
            self._status.report_once(
                f"Notification {channel.name}: this process ends during a delivery; {STATUS_UNKNOWN}"
            )


def _find_outage_alarms(notices: Sequence[QueuedNotice]) -> dict[int, AlarmOccurrence]:
    """The alarms that may have been notified during a database outage, by the notice's ID."""
    return {
        one.id: (one.alarm.key, one.occurrence)
        for one in notices
        if one.trigger is Trigger.RAISE and is_notified_in_outage(one.alarm)
    }


def _refer_to_raise(notice: QueuedNotice, status: DeliveryStatus) -> QueuedNotice:
    first = (Trigger.RAISE, notice.occurrence) if status in POSSIBLY_SENT else None
    return replace(notice, raise_status=status, first_notice=first)
