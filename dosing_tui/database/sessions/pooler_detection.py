"""Detects a connection pooler that gives a client another server session for each transaction.

Such a session loses its settings, LISTEN and locks between two transactions. A pooler that keeps one server
session for each client (PgBouncer: ``pool_mode = session``) passes.
"""

import time
from threading import Lock

import psycopg

from dosing_tui.database.sessions.statement_deadline import DeadlineConnection

RECHECK_S = 60.0
"""How long a check of a pooler counts: its mode can be changed while it runs."""
TRIES = 5

_passed_at: dict[str, float] = {}
"""Connection string -> time of the last check that it passed."""
_lock = Lock()


class SharedSessionError(Exception):
    """The pooler shares server sessions between clients."""


def find_server_pid(session: DeadlineConnection, conninfo: str) -> int:
    """The process of the server behind a pooler; 0 without a pooler. ``session`` is in no transaction.

    Raises: SharedSessionError, psycopg.Error.
    """
    pid = _select_pid(session)
    if pid == session.info.backend_pid:
        return 0
    now = time.monotonic()
    with _lock:
        if now - _passed_at.get(conninfo, -RECHECK_S) < RECHECK_S:
            return pid
    if _is_shared(session, conninfo, pid):
        raise SharedSessionError
    with _lock:
        _passed_at[conninfo] = now
    return pid


def _is_shared(session: DeadlineConnection, conninfo: str, pid: int) -> bool:
    """Whether another client gets this session's server process while it is between two transactions."""
    try:
        with DeadlineConnection.connect(conninfo, autocommit=True) as other, other.transaction():
            # a busy pooler may give the same process back once
            return _select_pid(other) == pid or any(_select_pid(session) != pid for _ in range(TRIES))
    except psycopg.DatabaseError as error:
        if "statement pooling" in str(error):  # PgBouncer's refusal of a transaction in that mode
            return True
        raise


def _select_pid(session: DeadlineConnection) -> int:
    ((pid,),) = session.execute("SELECT pg_backend_pid()")
    return int(pid)
