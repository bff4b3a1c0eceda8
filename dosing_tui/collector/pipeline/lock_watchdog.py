"""Frees the collector from sessions that keep it from the database's locks."""

from contextlib import suppress
from datetime import datetime, timedelta

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.database.maintenance.blocking_sessions import BlockingSession
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import DatabaseError
from dosing_tui.live_snapshot import DatabasePart, LinkStatus

SHOWN_FOR = timedelta(minutes=10)
"""An ended session is shown, and an alarm, for this time."""
WATCHED_FOR = timedelta(minutes=1)
"""A database that works is watched for this time after it did not."""
STOP_TIMEOUT_S = 10.0


class LockWatchdog:
    """One thread. Connects only when something of the database does not work."""

    def __init__(self, context: CollectorContext) -> None:
        self._context = context
        self._watchdog = context.database.create_watchdog()
        self._ended_count = 0
        self._sentence = ""
        self._said_at = self._watch_until = context.clock()
        self._up_since: datetime | None = None
        self._thread = context.create_thread(
            "lock-watchdog", self._check_locks, interval_s=context.intervals.poll_s,
            finish=self._watchdog.close,
        )  # fmt: skip

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop(STOP_TIMEOUT_S)

    def _check_locks(self) -> None:
        now = self._context.clock()
        if not self._is_in_trouble(now) and not self._sentence:
            self._watchdog.close()
            return
        with suppress(DatabaseError):  # the database writer reports an outage
            for blocking in self._watchdog.end_blocking_sessions():
                self._note_session(blocking, now)
        if self._sentence:
            is_over = is_due(self._said_at, now, SHOWN_FOR)
            self._sentence = "" if is_over else self._sentence
            self._context.status.set_database_fault(DatabasePart.LOCKS, self._sentence)

    def _is_in_trouble(self, now: datetime) -> bool:
        """Whether something does not work, or did not a moment ago: a session that waits is connected."""
        link = self._context.live_state.get_snapshot(now).database
        if link.status is not LinkStatus.UP or link.since != self._up_since:
            self._watch_until = now + WATCHED_FOR
        self._up_since = link.since
        return now < self._watch_until

    def _note_session(self, blocking: BlockingSession, now: datetime) -> None:
        self._ended_count += blocking.is_ended
        sentence = describe_session(blocking, self._ended_count)
        if blocking.is_ended or not self._sentence:
            self._context.status.report_once(f"{DatabasePart.LOCKS}: {sentence}")
        self._sentence, self._said_at = sentence, now


def describe_session(blocking: BlockingSession, ended_count: int) -> str:
    """Who it was, and what became of it.

    >>> describe_session(BlockingSession(71, "anna", "psql", "10.0.0.5", 12.3, True), 3)
    'user anna (psql at 10.0.0.5) held locks for 12 s. Its session 71 was ended; 3 so far.'
    """
    program = " at ".join(part for part in (blocking.program, blocking.address) if part)
    who = f"user {blocking.role_name}" + (f" ({program})" if program else "")
    if not blocking.is_ended:
        return f"{who} holds locks. An administrator has to end session {blocking.process}."
    held = "" if blocking.held_s is None else f" for {blocking.held_s:.0f} s"
    return f"{who} held locks{held}. Its session {blocking.process} was ended; {ended_count} so far."
