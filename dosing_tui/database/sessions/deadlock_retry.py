"""Runs a transaction again that the server ended because it and another session waited for each other."""

from collections.abc import Callable
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.errors import DeadlockDetected

from dosing_tui.errors import DatabaseUnavailableError

Value = TypeVar("Value")
MAX_ATTEMPTS = 5


def run_transaction(session: Connection[Any], work: Callable[[], Value], subject: str) -> Value:
    """What ``work`` returns, in a transaction of its own. It may run more than once.

    The other session is a writer, say, or an autovacuum. ``subject``: begins the sentence if it does not end.
    Raises: DatabaseUnavailableError, and what ``work`` does.
    """
    for _ in range(MAX_ATTEMPTS):
        try:
            with session.transaction():
                return work()
        except (DeadlockDetected, DatabaseUnavailableError) as error:
            if not is_deadlock(error):
                raise
    raise DatabaseUnavailableError(
        f"{subject} and another session wait for each other again and again. Run migrate again."
    )


def is_deadlock(error: Exception) -> bool:
    """Whether the server has ended the transaction for a deadlock: it can be run again at once."""
    return isinstance(error.__cause__ or error, DeadlockDetected)
