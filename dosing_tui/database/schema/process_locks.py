"""Locks of the program: rows, which a role without rights on them cannot hold, unlike advisory locks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from msgspec import Struct

from dosing_tui.database.connection import Session, select_row
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import DatabaseUnavailableError


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


class _LockHolder(Struct, frozen=True):
    """The times are None where this user may not see them."""

    process: int
    role_name: str
    program: str
    address: str
    began_at: datetime | None
    asked_at: datetime | None


@contextmanager
def name_lock_holder(session: Session) -> Iterator[None]:
    """Name the session that holds the lock, when it was not granted in time.

    Raises: DatabaseUnavailableError.
    """
    try:
        yield
    except (psycopg.errors.LockNotAvailable, DatabaseUnavailableError) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if not isinstance(cause, psycopg.errors.LockNotAvailable) or session.closed:
            raise
        holder = select_row(session, _LockHolder, "maintenance/select_lock_holder")
        if holder is None:
            raise
        raise DatabaseUnavailableError(_describe_holder(holder)) from cause


def _describe_holder(holder: _LockHolder) -> str:
    program = " at ".join(part for part in (clean_text(holder.program), holder.address) if part)
    times = (
        f" since {holder.began_at:%H:%M:%S} (last statement {holder.asked_at:%H:%M:%S})"
        if holder.began_at and holder.asked_at
        else ""
    )
    return (
        f"Session {holder.process} of user {clean_text(holder.role_name)}"
        + (f" ({program})" if program else "")
        + f" holds a lock{times}. Let it end, or end it: SELECT pg_terminate_backend({holder.process});"
        " then try again."
    )
