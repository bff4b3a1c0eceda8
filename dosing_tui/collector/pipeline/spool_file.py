"""The spool on disk: one SQLite file with the acknowledged messages that the database does not have yet.

One process at a time owns it, and one thread at a time may call it.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from dosing_tui.collector.context.private_files import prepare_private_file, prepare_private_folder
from dosing_tui.collector.context.sqlite_file import SqliteFile
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


class SpoolFile(SqliteFile):
    def __init__(self, folder: Path, *, max_mb: int) -> None:
        """Open or create ``spool.sqlite`` in ``folder``.

        Raises: SpoolError when another process owns it, or when it cannot be used.
        """
        self._max_bytes = max_mb * 1024 * 1024
        self._lock = _lock_folder(folder)
        try:
            super().__init__(folder / "spool.sqlite", f"The spool in {folder}")
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        super().close()
        self._lock.close()

    def read_state(self) -> SpoolState:
        ((spool_id, received, dropped, *counts),) = self.select(
            "SELECT spool_id, received, broker_dropped, last_seq, stored, duplicates, rejected FROM books"
        )
        progress = WriteProgress(*counts)
        spooled = self.count_items(after=progress.last_seq)
        return SpoolState(UUID(spool_id), received, progress, spooled, dropped)

    def count_items(self, *, after: int, upto: int = 2**62) -> int:
        """Number of items in the messages with seq in (after, upto]."""
        query = "SELECT coalesce(sum(count), 0) FROM spool WHERE seq > ? AND seq <= ?"
        return int(self.select(query, (after, upto))[0][0])

    def list_fingerprints(self) -> list[MessageFingerprint]:
        """Oldest first."""
        query = "SELECT number, identity, received_at, connection FROM recent ORDER BY number"
        return [
            MessageFingerprint(number, identity, datetime.fromisoformat(at), connection)
            for number, identity, at, connection in self.select(query)
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
        with self.write_transaction() as sql:
            sql.executemany("INSERT INTO spool (units, count) VALUES (?, ?)", messages)
            sql.executemany("INSERT INTO recent VALUES (?, ?, ?, ?)", recent)
            sql.execute("DELETE FROM recent WHERE number < ?", (expire_before,))
            sql.execute("UPDATE books SET received = received + ?", (received,))

    def read_messages(self, *, after: int, limit: int) -> list[tuple[int, str, int]]:
        """(seq, encoded items, number of items) of the next messages, at most ``limit``."""
        query = "SELECT seq, units, count FROM spool WHERE seq > ? ORDER BY seq LIMIT ?"
        return self.select(query, (after, limit))

    def confirm_progress(self, progress: WriteProgress) -> None:
        """Delete the stored messages. Not flushed to disk: the database keeps the progress as well."""
        with self.write_transaction(durable=False) as sql:
            sql.execute("DELETE FROM spool WHERE seq <= ?", (progress.last_seq,))
            sql.execute(
                "UPDATE books SET last_seq = ?, stored = ?, duplicates = ?, rejected = ?", astuple(progress)
            )

    def save_drop_count(self, count: int) -> None:
        with self.write_transaction(durable=False) as sql:
            sql.execute("UPDATE books SET broker_dropped = ?", (count,))

    def reset_counters(self) -> None:
        """Set a new spool ID and restart the counts with the messages spooled now."""
        with self.write_transaction() as sql:
            sql.execute(
                "UPDATE books SET spool_id = ?, last_seq = 0, stored = 0, duplicates = 0, rejected = 0,"
                " received = (SELECT coalesce(sum(count), 0) FROM spool)",
                (str(uuid4()),),
            )

    def measure_fill(self) -> float:
        """Used share of the maximum size, in percent."""
        pages, free, maximum = (
            float(self.select(f"PRAGMA {name}")[0][0])
            for name in ("page_count", "freelist_count", "max_page_count")
        )
        return 100.0 * (pages - free) / maximum

    def has_room(self) -> bool:
        """Test it by writing and deleting PROBE_BYTES."""
        try:
            with self.write_transaction() as sql:
                sql.execute("INSERT INTO probe VALUES (zeroblob(?))", (PROBE_BYTES,))
            with self.write_transaction(durable=False) as sql:
                sql.execute("DELETE FROM probe")
        except SpoolError:
            return False
        return True

    def _prepare_file(self) -> None:
        sql = self._connection
        sql.execute("PRAGMA journal_mode = WAL")
        sql.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        (version,) = sql.execute("PRAGMA user_version").fetchone()
        if version == 0:
            sql.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
            sql.execute("INSERT INTO books VALUES (?, 0, 0, 0, 0, 0, NULL)", (str(uuid4()),))
            sql.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            sql.execute("COMMIT")
        elif version != FORMAT_VERSION:
            raise SpoolError(f"{self._subject} was made by a newer version of this program.")
        # last: a file that is already larger can still be opened and drained
        (page,) = sql.execute("PRAGMA page_size").fetchone()
        sql.execute(f"PRAGMA max_page_count = {self._max_bytes // page}")


def _lock_folder(folder: Path) -> IO[str]:
    """Hold the spool's lock until the file is closed or this process ends in any way."""
    try:
        prepare_private_folder(folder)
        prepare_private_file(folder / "spool.lock")
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
