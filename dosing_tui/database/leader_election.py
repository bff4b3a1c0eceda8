"""Who collects for a site: the session that holds the site's advisory lock, as long as it lives."""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg.rows import TupleRow, class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.errors import DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who collects. ``application`` and ``host`` are '' where this role may not see them (or on a socket)."""

    application: str
    host: str
    pid: int


class Election:
    """One session that does nothing else: the lock falls with it, however it ends. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = lock_key(settings.plant.site)
        self._session: psycopg.Connection[TupleRow] | None = None
        self._elected = False

    def try_acquire(self) -> bool:
        """True if this process collects from now on, or did already.

        Raises: DatabaseAway, DatabaseRefused.
        """
        if self.is_held():
            return True
        session = self._opened()
        with rowless_errors(target(self._settings)):
            row = session.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        self._elected = row == (True,)
        return self._elected

    def is_held(self) -> bool:
        """Whether this process still collects. Asks the server: a session lost is leadership lost."""
        if self._session is None or not self._elected:
            return False
        try:
            with rowless_errors(target(self._settings)):
                self._session.execute("")
        except DatabaseUnavailableError:
            self.release_lock()
        return self._elected

    def release_lock(self) -> None:
        """Let another process collect; nothing if this one did not."""
        self._elected = False
        if self._session is not None:
            self._session.close()
            self._session = None

    def who_holds(self) -> Holder | None:
        """The collector's session, this one's perhaps; None while nobody collects.

        Raises: DatabaseAway, DatabaseRefused.
        """
        session = self._opened()
        with rowless_errors(target(self._settings)), session.cursor(row_factory=class_row(Holder)) as cursor:
            return cursor.execute(statement("reads/lock_holder"), {"key": self._key}).fetchone()

    def _opened(self) -> psycopg.Connection[TupleRow]:
        if self._session is None or self._session.closed:
            self._elected = False
            self._session = connect(self._settings, application="election", autocommit=True)
            with rowless_errors(target(self._settings)):
                self._session.execute(statement("writes/keep_session"))
        return self._session


def lock_key(site: str) -> int:
    """The site's advisory lock: 64 bits with a sign."""
    digest = hashlib.sha256(f"dosing-tui/collector/{site}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
