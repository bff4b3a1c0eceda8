"""The spool on disk: one SQLite file with the acknowledged messages that the database does not have yet.

One process at a time owns it, and one thread at a time may call it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from dosing_tui.collector.pipeline.redelivery_filter import MessageFingerprint
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.errors import SpoolError

FORMAT_VERSION = 1
"""Written as ``user_version``; increased when older programs cannot read the file."""
WAL_BYTES = 16 * 1024 * 1024
"""Size to which the write-ahead log is truncated after a burst."""
PROBE_BYTES = 256 * 1024
"""Space that must be free before a full spool takes messages again."""

SCHEMA = """
CREATE TABLE spool (seq INTEGER PRIMARY KEY AUTOINCREMENT, units TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE recent (
    number INTEGER PRIMARY KEY, identity BLOB NOT NULL, received_at TEXT NOT NULL, connection INTEGER NOT NULL
);
CREATE TABLE books (
    spool_id TEXT NOT NULL, received INTEGER NOT NULL,
    last_seq INTEGER NOT NULL, stored INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL, broker_dropped INTEGER
);
CREATE TABLE probe (bytes BLOB);
"""


@dataclass(frozen=True, slots=True)
class SpoolState:
    """Stored state of the file. ``progress`` is what the database last confirmed."""

    spool_id: UUID
    received: int
    progress: WriteProgress
    spooled: int
    broker_drop_count: int | None
    """The broker's last reported count of dropped messages; None if it never reported one."""


class SpoolFile:
    def __init__(self, folder: Path, *, max_mb: int) -> None:
        """Open or create ``spool.sqlite`` in ``folder``.

        Raises: SpoolError when another process owns it, or when it cannot be used.
        """
        self._lock = _lock_folder(folder)
        try:
            with _map_sqlite_errors(folder):
                self._connection = _open_database(folder / "spool.sqlite", max_mb)
        except BaseException:
            self._lock.close()
            raise
        self._folder = folder

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        self._lock.close()

    def read_state(self) -> SpoolState:
        with _map_sqlite_errors(self._folder):
            spool_id, received, dropped, *counts = self._connection.execute(
                "SELECT spool_id, received, broker_dropped, last_seq, stored, duplicates, rejected FROM books"
            ).fetchone()
            progress = WriteProgress(*counts)
            return SpoolState(
                UUID(spool_id), received, progress, self.count_items(after=progress.last_seq), dropped
            )

    def count_items(self, *, after: int, upto: int = 2**62) -> int:
        """Number of items in the messages with seq in (after, upto]."""
        query = "SELECT coalesce(sum(count), 0) FROM spool WHERE seq > ? AND seq <= ?"
        with _map_sqlite_errors(self._folder):
            total: int = self._connection.execute(query, (after, upto)).fetchone()[0]
            return total

    def list_fingerprints(self) -> list[MessageFingerprint]:
        """Oldest first."""
        query = "SELECT number, identity, received_at, connection FROM recent ORDER BY number"
        with _map_sqlite_errors(self._folder):
            rows = self._connection.execute(query).fetchall()
        return [
            MessageFingerprint(number, identity, datetime.fromisoformat(at), connection)
            for number, identity, at, connection in rows
        ]

    def append_messages(
        self,
        messages: Sequence[tuple[str, int]],
        fingerprints: Sequence[MessageFingerprint],
        *,
        expire_before: int,
    ) -> None:
        """Append each message's encoded items and their number; all messages, or none on an error.

        Durable on return: flushed to disk, not only to the kernel.
        """
        recent = [
            (one.number, one.identity, one.received_at.isoformat(), one.connection) for one in fingerprints
        ]
        received = sum(count for _, count in messages)
        with self._write_transaction(durable=True):
            self._connection.executemany("INSERT INTO spool (units, count) VALUES (?, ?)", messages)
            self._connection.executemany("INSERT INTO recent VALUES (?, ?, ?, ?)", recent)
            self._connection.execute("DELETE FROM recent WHERE number < ?", (expire_before,))
            self._connection.execute("UPDATE books SET received = received + ?", (received,))

    def read_messages(self, *, after: int, limit: int) -> list[tuple[int, str, int]]:
        """(seq, encoded items, number of items) of the next messages, at most ``limit``."""
        query = "SELECT seq, units, count FROM spool WHERE seq > ? ORDER BY seq LIMIT ?"
        with _map_sqlite_errors(self._folder):
            return self._connection.execute(query, (after, limit)).fetchall()

    def confirm_progress(self, progress: WriteProgress) -> None:
        """Delete the stored messages. Not flushed to disk: the database keeps the progress as well."""
        with self._write_transaction(durable=False):
            self._connection.execute("DELETE FROM spool WHERE seq <= ?", (progress.last_seq,))
            self._connection.execute(
                "UPDATE books SET last_seq = ?, stored = ?, duplicates = ?, rejected = ?", astuple(progress)
            )

    def save_drop_count(self, count: int) -> None:
        with self._write_transaction(durable=False):
            self._connection.execute("UPDATE books SET broker_dropped = ?", (count,))

    def reset_counters(self) -> None:
        """Set a new spool ID and restart the counts with the messages spooled now."""
        with self._write_transaction(durable=True):
            self._connection.execute(
                "UPDATE books SET spool_id = ?, last_seq = 0, stored = 0, duplicates = 0, rejected = 0,"
                " received = (SELECT coalesce(sum(count), 0) FROM spool)",
                (str(uuid4()),),
            )

    def measure_fill(self) -> float:
        """Used share of the maximum size, in percent."""
        with _map_sqlite_errors(self._folder):
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            (maximum,) = self._connection.execute("PRAGMA max_page_count").fetchone()
        return 100.0 * float(pages - free) / float(maximum)

    def has_room(self) -> bool:
        """Test it by writing and deleting PROBE_BYTES."""
        try:
            with self._write_transaction(durable=True):
                self._connection.execute("INSERT INTO probe VALUES (zeroblob(?))", (PROBE_BYTES,))
            with self._write_transaction(durable=False):
                self._connection.execute("DELETE FROM probe")
        except SpoolError:
            return False
        return True

    @contextmanager
    def _write_transaction(self, *, durable: bool) -> Iterator[None]:
        with _map_sqlite_errors(self._folder):
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _lock_folder(folder: Path) -> IO[str]:
    """Hold the spool's lock until the file is closed or this process ends in any way."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = (folder / "spool.lock").open("a+")
    except OSError as error:
        raise SpoolError(f"The spool folder {folder} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read(20).strip() or "?"
        handle.close()
        raise SpoolError(f"The spool in {folder} is in use by process {owner} of this machine.") from error
    handle.truncate(0)
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def _open_database(path: Path, max_mb: int) -> sqlite3.Connection:
    # other threads may call, one at a time; transactions are explicit
    sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        (version,) = sql.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create_schema(sql)
        elif version != FORMAT_VERSION:
            raise SpoolError(f"The spool {path} was made by a newer version of this program.")
        # last: a file that is already larger can still be opened and drained
        (page,) = sql.execute("PRAGMA page_size").fetchone()
        sql.execute(f"PRAGMA max_page_count = {max_mb * 1024 * 1024 // page}")
    except BaseException:
        sql.close()
        raise
    return sql


def _create_schema(sql: sqlite3.Connection) -> None:
    sql.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
    sql.execute("INSERT INTO books VALUES (?, 0, 0, 0, 0, 0, NULL)", (str(uuid4()),))
    sql.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    sql.execute("COMMIT")


@contextmanager
def _map_sqlite_errors(folder: Path) -> Iterator[None]:
    """Convert every SQLite error. Raises: SpoolError."""
    try:
        yield
    except sqlite3.Error as error:
        if error.__class__ is sqlite3.OperationalError and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise SpoolError(f"The spool in {folder} is full.") from error
        raise SpoolError(f"The spool in {folder} cannot be used: {error}.") from error
