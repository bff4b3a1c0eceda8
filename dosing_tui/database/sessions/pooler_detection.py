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
ROUNDS = 50
"""Pairs of short transactions that a check compares: other clients of a busy pooler hide a shared session."""

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
    """Whether this session or a second one changes its server process, or both use the same one."""
    ours, others = {pid}, set[int]()
    try:
        with DeadlineConnection.connect(conninfo, autocommit=True) as other:
            with other.transaction():  # no other way makes statement pooling refuse
                others.add(_select_pid(other))
            for _ in range(ROUNDS):
                ours.add(_select_pid(session))
                others.add(_select_pid(other))
                if len(ours) > 1 or len(others) > 1 or ours & others:
                    return True
    except psycopg.DatabaseError as error:
        if "statement pooling" in str(error):  # PgBouncer's refusal of a transaction in that mode
            return True
        raise
    return False


def _select_pid(session: DeadlineConnection) -> int:
    ((pid,),) = session.execute("SELECT pg_backend_pid()")
    return int(pid)
