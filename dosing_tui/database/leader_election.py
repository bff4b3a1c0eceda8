"""Leader election: the session that holds the site's advisory lock is the collector."""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target, open_connection, select_row
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.database.sql_files import read_statement
from dosing_tui.errors import DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class LockHolder:
    """The collector's session. ``application`` and ``host`` are '' if hidden or on a socket."""

    application: str
    host: str
    pid: int


class LeaderElection:
    """A session for the lock only: it is released when the session ends, in any way. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock_key = compute_lock_key(settings.plant.site)
        self._session: psycopg.Connection[TupleRow] | None = None
        self._is_leader = False

    def try_acquire(self) -> bool:
        """Become the collector; True if this process is.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """
        if self.is_held():
            return True
        session = self._ensure_session()
        with translate_rowless_errors(describe_target(self._settings)):
            row = session.execute("SELECT pg_try_advisory_lock(%s)", (self._lock_key,)).fetchone()
        self._is_leader = row == (True,)
        return self._is_leader

    def is_held(self) -> bool:
        """Check on the server that this process is still the collector: a lost session ends leadership."""
        if self._session is None or not self._is_leader:
            return False
        try:
            with translate_rowless_errors(describe_target(self._settings)):
                self._session.execute("")
        except DatabaseUnavailableError:
            self.release_lock()
        return self._is_leader

    def release_lock(self) -> None:
        """Release leadership; nothing if this process is not the collector."""
        self._is_leader = False
        if self._session is not None:
            self._session.close()
            self._session = None

    def read_holder(self) -> LockHolder | None:
        """The collector's session, possibly this one's; None without a collector.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """
        session = self._ensure_session()
        with (
            translate_rowless_errors(describe_target(self._settings)),
        ):
            return select_row(session, LockHolder, "reads/select_lock_holder", {"key": self._lock_key})

    def _ensure_session(self) -> psycopg.Connection[TupleRow]:
        if self._session is None or self._session.closed:
            self._is_leader = False
            self._session = open_connection(self._settings, application="election", autocommit=True)
            with translate_rowless_errors(describe_target(self._settings)):
                self._session.execute(read_statement("writes/set_session_timeouts"))
        return self._session


def compute_lock_key(site: str) -> int:
    """The site's advisory lock key: a signed 64-bit number."""
    digest = hashlib.sha256(f"dosing-tui/collector/{site}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
