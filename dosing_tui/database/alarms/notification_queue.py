"""The notification queue in the database: every notification is sent once, by whichever process.

A notice is claimed before it is sent. A claim of a process that ended has delivery status unknown: it is not
re-sent, as a duplicate message is worse.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal import (
    NOTIFY_CHANNEL,
    select_checkpoint,
    select_entries_after,
    store_checkpoint,
)
from dosing_tui.database.alarms.journal import READER_NAME as EVALUATOR_NAME
from dosing_tui.database.connection import Session, describe_target, open_connection, select_row, select_rows
from dosing_tui.database.error_mapping import translate_rowless_errors
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

APPLICATION_NAME = "notifications"
READER_NAME = "notifications"
READER_NAMES = (READER_NAME, EVALUATOR_NAME)
"""Readers whose checkpoints can be used: both compute the same state."""
MAX_NOTICES = 5_000
"""Most notices of one query; the others go into the next summary."""
CLAIM_TIMEOUT = timedelta(minutes=5)
"""Longer than any attempt: the process of an older claim has ended."""
MAX_REASON_LENGTH = 400


@dataclass(frozen=True, slots=True)
class PendingSummary:
    """A summary that waits for a retry."""

    id: int
    occurrence: UUID


def list_channel_states(settings: Settings, *, now: datetime) -> list[ChannelStatus]:
    """The status of every channel this site has had, by name.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    parameters = {"site": settings.plant.site, "now": now}
    with (
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        found = select_rows(session, ChannelStatus, "notifications/select_channel_status", parameters)
    return [replace(one, channel=clean_text(one.channel), reason=clean_line(one.reason)) for one in found]


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """``cursors``: for each channel, the last journal entry whose notices were created."""

    cursors: dict[str, int]
    checkpoint: Checkpoint
    """The newest checkpoint that is behind every channel."""


class NotificationQueue:
    """One session, for one thread. Every method may raise DatabaseUnavailableError or DatabaseAccessError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site = settings.plant.site
        self._session: Session | None = None

    def open(self, channels: Sequence[str]) -> QueuePosition:
        """Open a new session; return the position to continue from."""
        self.close()
        self._session = open_connection(self._settings, application=APPLICATION_NAME, autocommit=True)
        parameters = {"site": self._site, "channels": list(channels)}
        try:
            with self._use_session() as session:
                session.execute(read_statement("writes/set_session_timeouts"))
                session.execute(f"LISTEN {NOTIFY_CHANNEL}")
                session.execute(read_statement("notifications/insert_channels"), parameters)
                cursors = dict(
                    session.execute(
                        read_statement("notifications/select_channel_positions"), parameters
                    ).fetchall()
                )
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
        with self._use_session() as session:
            store_checkpoint(session, self._settings, checkpoint, reader=READER_NAME)

    def wait_for_entries(self, timeout_s: float) -> None:
        """Return when the journal has a new entry, or after the timeout."""
        with self._use_session() as session:
            for _ in session.notifies(timeout=timeout_s, stop_after=1):
                return

    def add_notices(self, notices: Sequence[Notice], channels: Sequence[str], *, last_id: int) -> None:
        """Store notices, and the last journal entry that was read for these channels."""
        parameters = {
            "site": self._site,
            "channel": [one.channel for one in notices],
            "occasion": [one.trigger.value for one in notices],
            "occurrence": [one.occurrence for one in notices],
            "journal_id": [one.journal_id for one in notices],
            "due_at": [one.due_at for one in notices],
        }
        with self._use_session() as session, session.transaction():
            if notices:
                session.execute(read_statement("notifications/insert_notices"), parameters)
            session.execute(
                read_statement("notifications/update_channel_position"),
                {"site": self._site, "channels": list(channels), "last_id": last_id},
            )

    def list_due_notices(self, channel: str, *, now: datetime, last_id: int) -> list[QueuedNotice]:
        """Due notices of entries up to ``last_id``, oldest first."""
        parameters = {
            "site": self._site,
            "channel": channel,
            "now": now,
            "last_id": last_id,
            "rows": MAX_NOTICES,
        }
        with self._use_session() as session:
            return [
                _row_to_queued_notice(row)
                for row in select_rows(
                    session, _DueNoticeRow, "notifications/select_waiting_notices", parameters
                )
            ]

    def list_due_channels(self, *, now: datetime) -> list[str]:
        """Channels with a due notice."""
        with self._use_session() as session:
            rows = session.execute(
                read_statement("notifications/select_due_channels"), {"site": self._site, "now": now}
            )
            return [str(name) for (name,) in rows]

    def list_retry_channels(self) -> set[str]:
        """Channels with a failed notice that waits for a retry."""
        with self._use_session() as session:
            return {
                str(name)
                for (name,) in session.execute(
                    read_statement("notifications/select_retry_channels"), {"site": self._site}
                )
            }

    def count_recent(self, channel: str, *, now: datetime) -> tuple[int, int]:
        """Number of messages in the last period, and of those with high priority."""
        parameters = {"site": self._site, "channel": channel, "since": now - RATE_LIMIT_PERIOD}
        with self._use_session() as session:
            row = session.execute(read_statement("notifications/count_recent_notices"), parameters).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def claim_notice(self, notice_id: int, *, now: datetime) -> bool:
        """Claim a notice for sending; False if another process has claimed it."""
        with self._use_session() as session:
            row = session.execute(
                read_statement("notifications/claim_notice"), {"id": notice_id, "now": now}
            ).fetchone()
        return row is not None

    def claim_summary(
        self, channel: str, members: Sequence[QueuedNotice], *, now: datetime
    ) -> PendingSummary | None:
        """Put notices into one summary; None if another process has claimed some of them."""
        occurrence = create_summary_id(one.occurrence for one in members)
        made = {"site": self._site, "channel": channel, "occurrence": occurrence, "now": now}
        with self._use_session() as session, session.transaction() as transaction:
            row = session.execute(read_statement("notifications/insert_summary"), made).fetchone()
            if row is None:
                return None
            joined = {"summary": row[0], "ids": [one.id for one in members], "now": now}
            if session.execute(read_statement("notifications/join_summary"), joined).rowcount < len(members):
                raise psycopg.Rollback(transaction)
            return PendingSummary(int(row[0]), occurrence)
        return None

    def find_pending_summary(self, channel: str) -> PendingSummary | None:
        """The oldest summary that waits for a retry."""
        parameters = {"site": self._site, "channel": channel}
        with self._use_session() as session:
            return select_row(session, PendingSummary, "notifications/select_waiting_summaries", parameters)

    def list_summary_alarms(self, summary_id: int) -> list[AlarmSummary]:
        """The alarms of a summary, most urgent first."""
        with self._use_session() as session:
            return [
                _row_to_alarm_summary(row)
                for row in select_rows(
                    session, _NoticeAlarmRow, "notifications/select_summary_members", {"id": summary_id}
                )
            ]

    def store_status(
        self, ids: Sequence[int], status: DeliveryStatus, *, now: datetime, reason: str = ""
    ) -> None:
        parameters = {
            "ids": list(ids),
            "fate": status.value,
            "now": now,
            "reason": clean_line(reason, MAX_REASON_LENGTH),
        }
        with self._use_session() as session:
            session.execute(read_statement("notifications/settle_notices"), parameters)

    def expire_claims(self, *, now: datetime) -> list[str]:
        """Set claims of ended processes to unknown; the channel of each."""
        parameters = {"site": self._site, "now": now, "before": now - CLAIM_TIMEOUT}
        with self._use_session() as session:
            return [
                str(row[0])
                for row in session.execute(read_statement("notifications/abandon_claims"), parameters)
            ]

    def expire_notices(self, channel: str, *, now: datetime) -> list[str]:
        """Fail notices that were not sent in time; the last reason of each."""
        parameters = {"site": self._site, "channel": channel, "now": now, "before": now - MAX_NOTICE_AGE}
        with self._use_session() as session:
            return [
                str(row[1])
                for row in session.execute(read_statement("notifications/expire_notices"), parameters)
            ]

    @contextmanager
    def _use_session(self) -> Iterator[Session]:
        if self._session is None:
            raise DatabaseUnavailableError("The database is not connected.")
        with translate_rowless_errors(describe_target(self._settings)):
            yield self._session


@dataclass(frozen=True, slots=True)
class _NoticeAlarmRow:
    """The alarm event of a notice, as in the journal."""

    rule: str
    device_id: str
    item: str
    event: str
    priority: str
    at: datetime
    message: str
    value: float | None
    limit_value: float | None
    author: str
    os_user: str
    comment: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class _DueNoticeRow(_NoticeAlarmRow):
    id: int
    occasion: str
    occurrence: UUID
    due_at: datetime
    raised: str | None
    raised_as: str | None
    raised_of: UUID | None


def _row_to_queued_notice(row: _DueNoticeRow) -> QueuedNotice:
    raised = before = None
    if row.raised and row.raised_as and row.raised_of:
        raised = DeliveryStatus(row.raised)
        before = (Trigger(row.raised_as), row.raised_of) if raised in POSSIBLY_SENT else None
    due_at = row.due_at.astimezone(UTC)
    return QueuedNotice(
        row.id, Trigger(row.occasion), row.occurrence, due_at, _row_to_alarm_summary(row), raised, before
    )


def _row_to_alarm_summary(row: _NoticeAlarmRow) -> AlarmSummary:
    """Convert a row. Other programs may write to the journal: all text is sanitized."""
    return AlarmSummary(
        AlarmKey(clean_text(row.rule), clean_text(row.device_id), clean_text(row.item)),
        AlarmEvent(row.event),
        Priority(row.priority),
        row.at.astimezone(UTC),
        clean_line(row.message),
        row.value,
        row.limit_value,
        Actor(clean_text(row.author), clean_text(row.os_user)),
        clean_line(row.comment),
        row.until and row.until.astimezone(UTC),
    )
