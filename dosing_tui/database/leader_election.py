"""Leader election by a lease: a row of each site with the epoch of its leader and a heartbeat.

A leader whose heartbeat stops is replaced, also when it is only suspended. What a leader decides it writes by
``lead_transaction``: after another process was elected, it is rolled back.
"""

import hashlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from uuid import UUID, uuid4

import psycopg
from msgspec import Struct
from msgspec.structs import asdict

from dosing_tui.config.sections.site_settings import SiteSettings
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    describe_target,
    open_connection,
    select_row,
    use_session,
)
from dosing_tui.database.error_mapping import DatabaseTarget, translate_rowless_errors
from dosing_tui.database.sessions.statement_deadline import DeadlineConnection, StatementDeadline
from dosing_tui.database.sql_files import read_statement
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError

LEASE_S = 10.0
"""A leader without a heartbeat for this time is replaced."""
LOST_SESSION_S = 3.0
"""The same if its session has ended, too; long enough for a leader to connect again."""
ELECTION_TIMEOUTS = StatementTimeouts(statement_s=3.0, connect_s=4)
"""An attempt that fails takes less than LEASE_S: a longer one would look like a suspension."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts the time of a suspended machine, too, where the system has such a clock."""
LEASE_LOST = "Another process was elected to collect while this one was suspended or unreachable."


class LeaseToken(Struct, frozen=True):
    """Proof of one election. For another process, too."""

    site: str
    holder: UUID
    epoch: int


class LeaderLease:
    """The lease of this process, as far as it knows. For any thread."""

    def __init__(self) -> None:
        self.token: LeaseToken | None = None
        """None without an election by a lease; a lost one stays until the leader has stopped."""
        self._is_doubtful = False
        self._attempted_at = time.clock_gettime(_CLOCK)

    @property
    def is_confirmed(self) -> bool:
        """False if another process may have been elected: this one was suspended, or has lost the lease.

        A leader stays confirmed during an outage of the database: nobody can be elected meanwhile.
        """
        return self.token is None or not (self._is_doubtful or self._has_gap())

    def confirm(self, token: LeaseToken) -> None:
        self.token, self._is_doubtful, self._attempted_at = token, False, time.clock_gettime(_CLOCK)

    def note_outage(self) -> None:
        """The database did not answer a heartbeat."""
        self._is_doubtful |= self._has_gap()
        self._attempted_at = time.clock_gettime(_CLOCK)

    def mark_lost(self) -> None:
        self._is_doubtful = True

    def _has_gap(self) -> bool:
        return time.clock_gettime(_CLOCK) - self._attempted_at >= LEASE_S


@contextmanager
def lead_transaction(session: Session, token: LeaseToken | None) -> Iterator[None]:
    """A transaction of a leader; without a token, one of any process.

    The check is its last statement: no other process is elected between it and COMMIT.
    Raises: DatabaseUnavailableError and rolls back, if another process was elected.
    """
    with session.transaction():
        yield
        check = "writes/lock_collector_lease"
        if token and session.execute(read_statement(check), asdict(token)).rowcount == 0:
            raise DatabaseUnavailableError(LEASE_LOST)


class _LeaseState(Struct, frozen=True):
    epoch: int
    beat: int
    is_released: bool
    is_session_gone: bool


_NO_LEASE = _LeaseState(epoch=0, beat=0, is_released=True, is_session_gone=True)


class LeaderElection:
    """A session for the election only. For any thread.

    Every method may raise DatabaseUnavailableError or DatabaseAccessError.
    """

    def __init__(self, settings: SiteSettings, lease: LeaderLease) -> None:
        self._settings = settings
        self._lease = lease
        self._lock = threading.Lock()
        self._site = settings.plant.site
        self._holder = uuid4()
        self._holder_name = f"{platform.node()}, process {os.getpid()}"
        self._session: DeadlineConnection | None = None
        self.refusal = ""
        """Why this process cannot be elected although there is no leader; '' otherwise."""
        self._is_elected = False
        self._is_loss_unreported = False
        """The heartbeat found the lease lost, and ``try_acquire`` has not said so yet."""
        self._last_state = _NO_LEASE
        self._is_holder_alive = False
        self._watched_since = 0.0

    def try_acquire(self) -> bool | None:
        """Stay or become the leader; True if this process is. A lease that was lost before is forgotten.

        None: undecided, as the holder has shown no heartbeat yet since this process watches the lease.
        """
        with self._lock:
            if self._is_elected:
                return self._renew()
            if self._is_loss_unreported:
                # until the leader has stopped, its token keeps it from writing
                self._is_loss_unreported = False
                return False
            self._lease.token, self.refusal = None, ""
            session = self._ensure_session()
            with translate_rowless_errors(self._target):
                site = {"site": self._site}
                try:
                    state = select_row(session, _LeaseState, "reads/select_collector_lease", site)
                except psycopg.errors.UndefinedTable:
                    return self._try_advisory_lock(session)
                if state is None and self._is_other_elected_by_session(session):
                    return False
                if self._is_available(state or _NO_LEASE):
                    return self._acquire(session)
                return False if self._is_holder_alive else None

    def has_leader(self) -> bool | None:
        """Whether a process collects for the site; for a process that never does.

        None: undecided, as this process has not watched the lease for long enough, or there are no leases.
        """
        with self._lock:
            session = self._ensure_session()
            with translate_rowless_errors(self._target):
                try:
                    state = select_row(
                        session, _LeaseState, "reads/select_collector_lease", {"site": self._site}
                    )
                except psycopg.errors.UndefinedTable:
                    return None
                if state is None and self._is_other_elected_by_session(session):
                    return None
                if self._is_available(state or _NO_LEASE):
                    return False
                return True if self._is_holder_alive else None

    def renew(self) -> None:
        """Send the heartbeat of a leader; nothing in other processes."""
        with self._lock:
            if self._is_elected:
                self._is_loss_unreported = not self._renew()

    def release_lock(self) -> None:
        """Release leadership; nothing if this process is not the leader."""
        with self._lock:
            session, self._session = self._session, None
            is_elected, self._is_elected = self._is_elected, False
            token, self._lease.token = self._lease.token, None
            if session is None:
                return
            try:
                if is_elected and token:
                    with translate_rowless_errors(self._target):
                        session.execute(read_statement("writes/release_collector_lease"), asdict(token))
            finally:
                session.close()

    def _renew(self) -> bool:
        try:
            session = self._ensure_session()
            with translate_rowless_errors(self._target):
                assert self._lease.token
                renewed = session.execute(
                    read_statement("writes/renew_collector_lease"), asdict(self._lease.token)
                )
        except DatabaseError:
            self._lease.note_outage()
            raise
        self._is_elected = renewed.rowcount == 1
        if self._is_elected:
            self._lease.confirm(self._lease.token)
        else:
            self._lease.mark_lost()
        return self._is_elected

    def _is_available(self, state: _LeaseState) -> bool:
        """Whether the lease is free: released, or without a heartbeat for long enough."""
        now = time.monotonic()
        if (state.epoch, state.beat) != (self._last_state.epoch, self._last_state.beat):
            self._watched_since = now
            self._is_holder_alive = self._last_state is not _NO_LEASE
        self._last_state = state
        patience_s = LOST_SESSION_S if state.is_session_gone else LEASE_S
        return state.is_released or now - self._watched_since >= patience_s

    def _acquire(self, session: Session) -> bool:
        parameters = {
            "site": self._site,
            "holder": self._holder,
            "holder_name": self._holder_name,
            "epoch": self._last_state.epoch,
            "beat": self._last_state.beat,
        }
        try:
            row = session.execute(read_statement("writes/acquire_collector_lease"), parameters).fetchone()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
            user = self._target.user
            reason = error.diag.message_primary
            self.refusal = f"No process collects for this site, and database user {user} may not: {reason}."
            return False
        if row is not None:
            self._lease.confirm(LeaseToken(self._site, self._holder, row[0]))
        self._is_elected = row is not None
        return self._is_elected

    def _try_advisory_lock(self, session: Session) -> bool:
        """Elect a process before the migration that creates the leases."""
        key = {"key": compute_lock_key(self._site)}
        try:
            tried = session.execute("SELECT pg_try_advisory_lock(%(key)s)", key).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            user = self._target.user
            self.refusal = f"The database has no schema yet, and database user {user} cannot collect there."
            return False
        if tried == (True,):
            return True
        return not self._is_other_elected_by_session(session)

    def _is_other_elected_by_session(self, session: Session) -> bool:
        """Also after the migration, until that process has taken the first lease."""
        key = {"key": compute_lock_key(self._site)}
        return session.execute(read_statement("reads/count_elected_sessions"), key).fetchone() != (0,)

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    def _ensure_session(self) -> DeadlineConnection:
        if self._session is None or self._session.closed:
            # what was seen before an outage proves nothing
            self._last_state, self._is_holder_alive = _NO_LEASE, False
            session = open_connection(
                self._settings, application="election", autocommit=True, timeouts=ELECTION_TIMEOUTS
            )
            session.deadline = StatementDeadline()
            self._session = session
            with translate_rowless_errors(self._target):
                session.execute(read_statement("writes/set_session_timeouts"))
        return self._session


def read_lease_epoch(settings: SiteSettings) -> int | None:
    """Number of the site's last election, of whatever process; None without one.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application="election") as session:
        state = select_row(
            session, _LeaseState, "reads/select_collector_lease", {"site": settings.plant.site}
        )
    return None if state is None else state.epoch


def compute_lock_key(site: str) -> int:
    """The site's advisory lock key: a signed 64-bit number."""
    digest = hashlib.sha256(f"dosing-tui/collector/{site}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
