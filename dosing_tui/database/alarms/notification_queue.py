"""The notification queue in the database: every notification is sent once, by any of the processes.

A notice is claimed before it is sent. A claim of a process that ended has delivery status unknown: it is not
re-sent, as a duplicate message is worse.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg import Cursor, Rollback
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import (
    NOTIFY_CHANNEL,
    select_checkpoint,
    select_entries_after,
    store_checkpoint,
)
from dosing_tui.database.alarms.journal import READER_NAME as EVALUATOR_NAME
from dosing_tui.database.connection import (
    Session,
    describe_target,
    open_connection,
    select_row,
    select_rows,
    use_session,
)
from dosing_tui.database.error_mapping import DatabaseTarget, translate_rowless_errors
from dosing_tui.database.leader_election import LeaderLease, lead_transaction
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.notifications.policy import (
    MAX_NOTICE_AGE,
    POSSIBLY_SENT,
    RATE_LIMIT_PERIOD,
    AlarmSummary,
    DeliveryStatus,
    Notice,
    QueuedNotice,
    Trigger,
    create_summary_id,
)
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError
from dosing_tui.ipc.supervised_thread import RetryDelay

APPLICATION_NAME = "notifications"
READER_NAME = "notifications"
READER_NAMES = (READER_NAME, EVALUATOR_NAME)
"""Readers whose checkpoints can be used: both compute the same state."""
MAX_NOTICES = 5_000
"""Most notices of one query; the others go into the next summary."""
CLAIM_TIMEOUT = timedelta(minutes=5)
"""Longer than any attempt: the process of an older claim has ended."""
MAX_REASON_LENGTH = 400


class PendingSummary(Struct, frozen=True):
    """A summary that waits for a retry."""

    id: int
    occurrence: UUID


def list_channel_states(settings: Settings, *, now: datetime) -> list[ChannelStatus]:
    """The status of every channel this site has had, by name.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    parameters = {"site": settings.plant.site, "now": now}
    with use_session(settings, application=APPLICATION_NAME) as session:
        found = select_rows(session, ChannelStatus, "notifications/select_channel_status", parameters)
    return [replace(one, channel=clean_text(one.channel), reason=clean_line(one.reason)) for one in found]


class QueuePosition(Struct, frozen=True):
    """``cursors``: for each channel, the last journal entry whose notices were created."""

    cursors: dict[str, int]
    checkpoint: Checkpoint
    """The newest checkpoint that is behind every channel."""


class NotificationQueue:
    """One session, for one thread. Every method may raise DatabaseUnavailableError or DatabaseAccessError.

    ``lease``: of a leader. After another process was elected, nothing is queued or claimed.
    """

    def __init__(self, settings: Settings, lease: LeaderLease | None = None) -> None:
        self._settings = settings
        self._lease = lease or LeaderLease()
        self._site = settings.plant.site
        self._session: Session | None = None

    def open(self, channels: Sequence[str]) -> QueuePosition:
        """Open a new session; return the position to continue from."""
        self.close()
        self._session = open_connection(self._settings, application=APPLICATION_NAME, autocommit=True)
        try:
            with self._use_session() as session:
                session.execute(read_statement("writes/set_session_timeouts"))
                session.execute(f"LISTEN {NOTIFY_CHANNEL}")
                self._execute("notifications/insert_channels", channels=list(channels))
                positions = self._execute("notifications/select_channel_positions", channels=list(channels))
                cursors: dict[str, int] = dict(positions.fetchall())
                upto = min(cursors.values(), default=0)
                return QueuePosition(
                    cursors, select_checkpoint(session, self._settings, readers=READER_NAMES, max_id=upto)
                )
        except DatabaseError:
            self.close()
            raise

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def read_entries(self, after_id: int) -> list[JournalEntry]:
        """The next page of the journal; empty at its end."""
        with self._use_session() as session:
            return select_entries_after(session, self._settings, after_id)

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store the position for the next dispatcher."""
        with self._write_as_leader() as session:
            store_checkpoint(session, self._settings, checkpoint, reader=READER_NAME)

    def wait_for_entries(self, timeout_s: float) -> None:
        """Return when the journal has a new entry, or after the timeout."""
        with self._use_session() as session:
            for _ in session.notifies(timeout=timeout_s, stop_after=1):
                return

    def add_notices(self, notices: Sequence[Notice], channels: Sequence[str], *, last_id: int) -> None:
        """Store notices, and the last journal entry that was read for these channels."""
        with self._write_as_leader():
            if notices:
                self._execute(
                    "notifications/insert_notices",
                    channel=[one.channel for one in notices],
                    occasion=[one.trigger.value for one in notices],
                    occurrence=[one.occurrence for one in notices],
                    journal_id=[one.journal_id for one in notices],
                    due_at=[one.due_at for one in notices],
                )
            self._execute("notifications/update_channel_position", channels=list(channels), last_id=last_id)

    def list_due_notices(
        self, channel: str, *, now: datetime, last_id: int, retry: RetryDelay
    ) -> list[QueuedNotice]:
        """Due notices of entries up to ``last_id``, oldest first; a failed one after twice ``retry``."""
        parameters = {
            "site": self._site,
            "channel": channel,
            "now": now,
            "retry_min_s": retry.min_s,
            "retry_max_s": retry.max_s,
            "last_id": last_id,
            "rows": MAX_NOTICES,
        }
        with self._use_session() as session:
            return select_rows(
                session, _build_queued_notice, "notifications/select_waiting_notices", parameters
            )

    def list_due_channels(self, *, now: datetime) -> list[str]:
        """Channels with a due notice."""
        return [str(name) for (name,) in self._execute("notifications/select_due_channels", now=now)]

    def list_retry_channels(self) -> set[str]:
        """Channels with a failed notice that waits for a retry."""
        return {str(name) for (name,) in self._execute("notifications/select_retry_channels")}

    def count_recent(self, channel: str, *, now: datetime) -> tuple[int, int]:
        """Number of messages in the last period, and of those with high priority."""
        counts = self._execute(
            "notifications/count_recent_notices", channel=channel, since=now - RATE_LIMIT_PERIOD
        )
        row = counts.fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def claim_notice(self, notice_id: int, *, now: datetime) -> bool:
        """Claim a notice for sending; False if another process has claimed it."""
        with self._write_as_leader():
            return self._execute("notifications/claim_notice", id=notice_id, now=now).fetchone() is not None

    def claim_summary(
        self, channel: str, members: Sequence[QueuedNotice], *, now: datetime
    ) -> PendingSummary | None:
        """Put notices into one summary; None if another process has claimed some of them."""
        occurrence = create_summary_id(one.occurrence for one in members)
        with self._write_as_leader() as session, session.transaction() as transaction:
            made = self._execute(
                "notifications/insert_summary", channel=channel, occurrence=occurrence, now=now
            )
            if (row := made.fetchone()) is None:
                return None
            joined = self._execute(
                "notifications/join_summary", summary=row[0], ids=[one.id for one in members], now=now
            )
            if joined.rowcount < len(members):
                raise Rollback(transaction)
            return PendingSummary(int(row[0]), occurrence)
        return None

    def find_pending_summary(
        self, channel: str, *, now: datetime, retry: RetryDelay
    ) -> PendingSummary | None:
        """The oldest summary whose retry is due, after twice ``retry``."""
        parameters = {
            "site": self._site, "channel": channel, "now": now,
            "retry_min_s": retry.min_s, "retry_max_s": retry.max_s,
        }  # fmt: skip
        with self._use_session() as session:
            return select_row(session, PendingSummary, "notifications/select_waiting_summaries", parameters)

    def list_summary_alarms(self, summary_id: int) -> list[AlarmSummary]:
        """The alarms of a summary, most urgent first."""
        with self._use_session() as session:
            return select_rows(
                session, _build_alarm_summary, "notifications/select_summary_members", {"id": summary_id}
            )

    def store_status(
        self,
        ids: Sequence[int],
        status: DeliveryStatus,
        *,
        now: datetime,
        reason: str = "",
        sent_at: datetime | None = None,
    ) -> None:
        """``sent_at``: of a message that was sent beside the queue, for the rate limit."""
        self._execute(
            "notifications/settle_notices", ids=list(ids), fate=status.value, now=now,
            reason=clean_line(reason, MAX_REASON_LENGTH), sent_at=sent_at,
        )  # fmt: skip

    def expire_claims(self, *, now: datetime, own_ids: Sequence[int]) -> list[str]:
        """Set claims of ended processes to unknown; the channel of each. ``own_ids``: claims of this one."""
        with self._write_as_leader():
            abandoned = self._execute(
                "notifications/abandon_claims", now=now, before=now - CLAIM_TIMEOUT, own_ids=list(own_ids)
            )
            return [str(row[0]) for row in abandoned]

    def expire_notices(
        self, channel: str, ids: Sequence[int], *, now: datetime, kept: Collection[UUID]
    ) -> list[tuple[str, int]]:
        """Fail these notices, and summaries that are too old; each reason with its number of alarms.

        ``kept``: alarms whose summary does not become too old.
        """
        with self._write_as_leader():
            expired = self._execute(
                "notifications/expire_notices", channel=channel, ids=list(ids), now=now,
                before=now - MAX_NOTICE_AGE, kept=list(kept),
            )  # fmt: skip
            return [(clean_line(str(reason)), int(count)) for reason, count in expired]

    def _execute(self, statement: str, **parameters: object) -> Cursor[TupleRow]:
        """Run a statement of ``sql/`` for this site."""
        with self._use_session() as session:
            return session.execute(read_statement(statement), {"site": self._site, **parameters})

    @contextmanager
    def _write_as_leader(self) -> Iterator[Session]:
        """A transaction that is rolled back if another process was elected."""
        with self._use_session() as session, lead_transaction(session, self._lease.token):
            yield session

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    @contextmanager
    def _use_session(self) -> Iterator[Session]:
        if self._session is None:
            raise DatabaseUnavailableError("The database is not connected.")
        with translate_rowless_errors(self._target):
            yield self._session


def _build_queued_notice(
    id: int,
    occasion: str,
    occurrence: UUID,
    due_at: datetime,
    raised: str | None,
    raised_as: str | None,
    raised_of: UUID | None,
    **alarm: Any,
) -> QueuedNotice:
    """A row of ``select_waiting_notices``; ``alarm``: the columns of its journal entry."""
    summary, status = _build_alarm_summary(**alarm), DeliveryStatus(raised) if raised else None
    before = (Trigger(raised_as), raised_of) if status in POSSIBLY_SENT and raised_as and raised_of else None
    return QueuedNotice(id, Trigger(occasion), occurrence, due_at.astimezone(UTC), summary, status, before)


def _build_alarm_summary(
    rule: str,
    device_id: str,
    item: str,
    event: str,
    priority: str,
    at: datetime,
    message: str,
    value: float | None,
    limit_value: float | None,
    author: str,
    os_user: str,
    comment: str,
    until: datetime | None,
) -> AlarmSummary:
    """A journal entry in a message. Other programs may write to the journal: all text is sanitized."""
    return AlarmSummary(
        AlarmKey(clean_text(rule), clean_text(device_id), clean_text(item)),
        AlarmEvent(event),
        Priority(priority),
        at.astimezone(UTC),
        clean_line(message),
        value,
        limit_value,
        Actor(clean_text(author), clean_text(os_user)),
        clean_line(comment),
        until and until.astimezone(UTC),
    )
