"""Locks of the program: rows, which a role without rights on them cannot hold, unlike advisory locks."""

from collections.abc import Iterator
from contextlib import contextmanager

from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement


@contextmanager
def hold_lock(session: Session, name: str) -> Iterator[None]:
    """A transaction that holds the lock of this name; waits for another process that holds it."""
    with session.transaction():
        session.execute(read_statement("maintenance/lock_process"), {"name": name})
        yield


def is_free(session: Session, name: str) -> bool:
    """No other process holds the lock now."""
    with session.transaction():
        row = session.execute(read_statement("maintenance/lock_process_if_free"), {"name": name}).fetchone()
    return row is not None
