"""Sessions whose statements end in time, also if the server, the network or a proxy stops answering.

The server's own limits need a server that works. Keepalives need a dead peer: a proxy that has stalled still
answers them.
"""

import time
from collections.abc import Generator
from traceback import clear_frames
from typing import Any, Self, TypeVar

import psycopg
from msgspec import Struct
from psycopg.abc import PQGen
from psycopg.rows import TupleRow

PATIENCE_S = 5.0
"""Time without an answer, in seconds; after that a second session checks that the server works on it."""
LAST_WAIT_S = 1.0
"""Wait for an answer that was under way during the check, in seconds."""
WAKE_INTERVAL_S = 0.5
"""A wait looks at its limits so often. psycopg's 0.1 s would wake the thread that waits for the journal ten
times a second, all day."""
STATEMENT_RUNS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND coalesce(state, 'active') = 'active')
"""
"""``state`` is NULL for a role that may not see it."""

ResultT = TypeVar("ResultT")


class StatementDeadline(Struct, frozen=True):
    """Limits of the client for each statement of a session, in seconds."""

    conninfo: str = ""
    """For the second session; contains the password. '' for none: the statement fails after PATIENCE_S."""
    statement_s: float = 0.0
    """The server's own limit; 0 is unlimited."""

    def is_expired(self, waited_s: float, backend_pid: int) -> bool:
        """Whether to give up: the server does not answer, or no longer works on the statement."""
        has_failed = self.statement_s and waited_s >= self.statement_s + PATIENCE_S
        return not self.conninfo or bool(has_failed) or not _is_running(self.conninfo, backend_pid)


class DeadlineConnection(psycopg.Connection[TupleRow]):
    """A session that is closed when a statement is not answered in time.

    Waits that are not for a statement's answer, as for notifications, have to be shorter than PATIENCE_S.
    """

    deadline = StatementDeadline()
    server_pid = 0
    """The process ID on the server where a pooler gave libpq an invented one; 0 elsewhere."""

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:  # Any: as psycopg has them
        """Connect as psycopg does; a failed attempt leaves no connection open.

        psycopg's error and the half-open connection refer to each other: without this it stays until Python
        searches for cycles, and a frozen server that goes on gives its last slots to such connections.
        """
        try:
            return super().connect(*args, **kwargs)
        except Exception as error:
            clear_frames(error.__traceback__)
            raise

    def wait(self, gen: PQGen[ResultT], *args: Any, **kwargs: Any) -> ResultT:  # Any: differs by version
        """Wait as psycopg does, but not for ever. Raises: psycopg.OperationalError."""
        if not args:
            kwargs.setdefault("interval", WAKE_INTERVAL_S)
        try:
            return super().wait(self._limit_wait(gen), *args, **kwargs)
        except _ExpiredError as expired:
            self.close()
            raise psycopg.OperationalError(f"statement timed out: {expired}") from None

    def _limit_wait(self, gen: PQGen[ResultT]) -> Generator[Any, Any, ResultT]:  # Any: psycopg's wait states
        began = time.monotonic()
        check_at, is_last_wait = began + PATIENCE_S, False
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready:
                    check_at, is_last_wait = time.monotonic() + PATIENCE_S, False
                elif time.monotonic() >= check_at:
                    waited = time.monotonic() - began
                    if is_last_wait:
                        raise _ExpiredError(f"no answer for {waited:.0f} s")
                    is_last_wait = self.deadline.is_expired(waited, self.server_pid or self.info.backend_pid)
                    check_at = time.monotonic() + (LAST_WAIT_S if is_last_wait else PATIENCE_S)
                state = gen.send(ready)
        except StopIteration as end:
            result: ResultT = end.value
            return result


class _ExpiredError(Exception):
    """Ends the wait."""


def _is_running(conninfo: str, backend_pid: int) -> bool:
    """Ask by a second session whether the server works on the statement of this process."""
    try:
        with DeadlineConnection.connect(conninfo, autocommit=True) as session:
            return session.execute(STATEMENT_RUNS, (backend_pid,)).fetchone() == (True,)
    except psycopg.Error as error:
        return "FATAL" in str(error)  # a server that refuses a session, e.g. above its limit, works
