"""The lock of the schema: one program at a time migrates or imports."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement

LOCK_KEY = 0x646F73696E67
"""Key of the advisory lock."""
_RIGHT_QUERY = "SELECT has_function_privilege('pg_try_advisory_lock(bigint)', 'EXECUTE')"


@contextmanager
def hold_migration_lock(session: Session, report: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock during the block; wait for another program that migrates. It ends with the session.

    A role without the right to it goes on without: it neither owns the tables nor stores doses.
    """
    if fetch_row(session.execute(_RIGHT_QUERY)) == (False,):
        yield
        return
    is_held = fetch_row(session.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,))) == (True,)
    if not is_held:
        holders = session.execute(read_statement("maintenance/count_migrating_sessions"), {"key": LOCK_KEY})
        if fetch_row(holders) == (0,):
            report("The migration lock is held by a role that may not migrate: it is ignored.")
        else:
            report("Another dosing-tui is changing the schema; waiting for it to finish.")
            session.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
            is_held = True
    yield
    if is_held:
        session.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))
