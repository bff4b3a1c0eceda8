"""A SQLite file with explicit transactions, for any thread; every error of SQLite is a SpoolError."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dosing_tui.collector.context.private_files import prepare_private_file
from dosing_tui.errors import DamagedSpoolError, SpoolError

_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH)
"""SQLITE_ERROR: a table or a column is missing."""


class SqliteFile:
    """One caller at a time: each call holds ``_condition``. Every method raises SpoolError."""

    def __init__(self, path: Path, subject: str) -> None:
        """``subject``: begins the sentence of each error, such as ``The spool``; the path ends it."""
        self._subject, self._path = subject, path
        self.is_damaged = False
        """The content was found to be damaged; no retry can succeed."""
        self._is_durable: bool | None = None
        """How the last transaction was flushed."""
        self._condition = threading.Condition()
        with self._map_errors():
            prepare_private_file(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare_file()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        with self._condition, suppress(sqlite3.Error):
            self._connection.close()

    def select(self, query: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows, as tuples."""
        with self._condition, self._map_errors():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def write_transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """All statements of the block or none. ``durable``: flushed to disk, not only to the kernel."""
        with self._condition, self._map_errors():
            if durable is not self._is_durable:
                self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._is_durable = durable
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _prepare_file(self) -> None:
        """Create the tables of a new file; refuse a file that cannot be read."""
        raise NotImplementedError

    @contextmanager
    def _map_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(f"{self._subject} cannot be used: {error.strerror} ({self._path}).") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _DAMAGE_CODES:
                self.is_damaged = True
                raise DamagedSpoolError(f"{self._subject} is damaged: {error} ({self._path}).") from error
            reason = "is full" if code == sqlite3.SQLITE_FULL else f"cannot be used: {error}"
            raise SpoolError(f"{self._subject} {reason} ({self._path}).") from error
