"""Tracks running queries by name and session, to cancel those no longer needed."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from threading import Lock

import psycopg
from psycopg.rows import TupleRow

log = logging.getLogger(__name__)
CANCEL_TIMEOUT_S = 2.0
"""Longest wait for a cancellation, in seconds; after that the statement timeout applies."""


class QueryRegistry:
    """For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: list[tuple[str, psycopg.Connection[TupleRow]]] = []

    @contextmanager
    def track_query(self, name: str, session: psycopg.Connection[TupleRow]) -> Iterator[None]:
        """While it is open, the session's statement may be cancelled under this name."""
        entry = (name, session)
        with self._lock:
            self._sessions.append(entry)
        try:
            yield
        finally:
            # under the lock: a running cancellation must not hit the session's next statement
            with self._lock:
                self._sessions.remove(entry)

    def cancel_queries(self, names: Collection[str]) -> None:
        """Cancel the queries of these names; blocks until the server has received it."""
        with self._lock:
            for name, session in self._sessions:
                if name in names:
                    log.debug("cancelling %s", name)
                    with suppress(psycopg.Error):
                        session.cancel_safe(timeout=CANCEL_TIMEOUT_S)
