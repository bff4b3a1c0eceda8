"""Sessions that are used again: a new one reads the catalogue and plans every statement anew.

That was half of what a test on a database took. A session that a test closes is made as new, and the next one
that is opened in the same way is it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg import pq
from psycopg.abc import PQGenConn
from psycopg.conninfo import conninfo_to_dict

MOST_KEPT = 24
"""A server of the tests takes 100 sessions, and tests need most of them."""


_IN_TRANSACTION = (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)
_Place = tuple[str, ...]
"""Host, port and name of a database, and the user: a session through a proxy is not kept, nor one of a role
that a test has made."""


@dataclass(frozen=True, eq=False)
class _LeftSession:
    """libpq's connection; psycopg's around it is a new one for each use."""

    opened_with: str
    place: "_Place"
    session: pq.abc.PGconn


class SessionStore:
    """Closed sessions of some databases, by the connection string they were opened with. Thread-safe."""

    def __init__(self) -> None:
        self._kept: list[_LeftSession] = []
        self._places: frozenset[_Place] = frozenset()
        self._lock = Lock()
        self._closed = pq.PGconn.connect(b"host=/dev/null")
        self._closed.finish()

    @contextmanager
    def keep_sessions(self, dsn: str) -> Iterator[None]:
        """Meanwhile psycopg leaves the sessions of this database here that it closes, and opens those."""
        connect = psycopg.Connection._connect_gen.__func__  # type: ignore[attr-defined]
        close = psycopg.Connection.close

        def connect_or_take(cls: type[psycopg.Connection[Any]], conninfo: str = "") -> PQGenConn[Any]:
            kept = self._take(conninfo)
            connection: Any = cls(kept) if kept else (yield from connect(cls, conninfo))
            connection._opened_with = conninfo
            return connection

        def close_or_leave(connection: psycopg.Connection[Any]) -> None:
            if not connection.closed and self._leave(connection):
                connection.pgconn = self._closed
            close(connection)

        place = _find_place(dsn)
        self._places |= {place}
        try:
            with (
                patch.object(psycopg.Connection, "_connect_gen", classmethod(connect_or_take)),
                patch.object(psycopg.Connection, "close", close_or_leave),
            ):
                yield
        finally:
            self._places -= {place}

    def list_pids(self) -> list[int]:
        """The processes of the kept sessions on their servers."""
        with self._lock:
            return [kept.session.backend_pid for kept in self._kept]

    def close_sessions(self, dsn: str) -> None:
        place = _find_place(dsn)
        with self._lock:
            closed = [kept for kept in self._kept if kept.place == place]
            self._kept = [kept for kept in self._kept if kept.place != place]
        for kept in closed:
            kept.session.finish()

    def _take(self, conninfo: str) -> pq.abc.PGconn | None:
        with self._lock:
            found = next((kept for kept in self._kept if kept.opened_with == conninfo), None)
            if found is None:
                return None
            self._kept.remove(found)
        if not _execute(found.session, b"RESET application_name"):
            found.session.finish()
            return None
        return found.session

    def _leave(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the session is kept."""
        opened_with: str = getattr(connection, "_opened_with", "")
        place = _find_place(opened_with)
        if place not in self._places or not _make_as_new(connection.pgconn):
            return False
        with self._lock:
            surplus = self._kept[: max(0, len(self._kept) + 1 - MOST_KEPT)]
            self._kept = [*self._kept[len(surplus) :], _LeftSession(opened_with, place, connection.pgconn)]
        for kept in surplus:
            kept.session.finish()
        return True


def _find_place(dsn: str) -> _Place:
    given = conninfo_to_dict(dsn)
    return tuple(str(given.get(name)) for name in ("host", "port", "dbname", "user"))


def _make_as_new(session: pq.abc.PGconn) -> bool:
    """Nothing is left of what a program set, prepared, locked or began; False if it is busy or broken.

    Until it is used again it has a name of its own, for tests that look for sessions by the program's name.
    """
    is_idle = session.transaction_status == pq.TransactionStatus.IDLE
    if not is_idle and session.transaction_status not in _IN_TRANSACTION:
        return False
    return (is_idle or _execute(session, b"ROLLBACK")) and _execute(
        session, b"DISCARD ALL", b"SET application_name = 'kept'"
    )


def _execute(session: pq.abc.PGconn, *statements: bytes) -> bool:
    try:
        return all(session.exec_(each).status == pq.ExecStatus.COMMAND_OK for each in statements)
    except psycopg.Error:
        return False
