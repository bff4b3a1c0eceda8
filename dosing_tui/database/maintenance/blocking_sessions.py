"""Ends the sessions of lower roles that keep the collector's from their locks."""

from functools import cached_property

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    describe_target,
    open_connection,
    select_rows,
)
from dosing_tui.database.error_mapping import DatabaseTarget, translate_rowless_errors
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.text_sanitizer import clean_text

TIMEOUTS = StatementTimeouts(statement_s=3.0, connect_s=4)


class BlockingSession(Struct, frozen=True):
    """``held_s``: duration of its transaction, None if it is not to be seen."""

    process: int
    role_name: str
    program: str
    address: str
    held_s: float | None
    is_ended: bool
    """False where the database may not: an administrator has to."""


class SessionWatchdog:
    """One session, opened by the first call. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: Session | None = None

    def end_blocking_sessions(self) -> list[BlockingSession]:
        """End what a session of this user has waited for longer than a second; name what cannot be ended.

        Nothing in a database that lacks the function. Raises: DatabaseUnavailableError, DatabaseAccessError.
        """
        with translate_rowless_errors(self._target):
            try:
                found = select_rows(
                    self._ensure_session(), BlockingSession, "maintenance/end_blocking_sessions"
                )
            except psycopg.errors.UndefinedFunction:
                return []
        return [
            replace(
                one,
                role_name=clean_text(one.role_name),
                program=clean_text(one.program),
            )
            for one in found
        ]

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    def _ensure_session(self) -> Session:
        if self._session is None or self._session.closed:
            session = open_connection(
                self._settings, application="watchdog", autocommit=True, timeouts=TIMEOUTS
            )
            session.execute(read_statement("writes/set_session_timeouts"))
            self._session = session
        return self._session
