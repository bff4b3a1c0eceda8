"""The spool on disk: one SQLite file with the acknowledged messages that the database does not have yet.

One process at a time owns it, and one thread at a time may call it.
"""

import fcntl
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID, uuid4

from msgspec import Struct
from msgspec.structs import astuple

from dosing_tui.collector.context.disk_reserve import DiskReserve
from dosing_tui.collector.context.private_files import prepare_private_file, prepare_private_folder
from dosing_tui.collector.context.sqlite_file import SqliteFile
from dosing_tui.collector.spool import damaged_spool, spool_schema
from dosing_tui.collector.spool.redelivery_filter import (
    MessageFingerprint,
    ReceiptHistory,
    SessionMessage,
)
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.errors import DamagedSpoolError, SpoolError

log = logging.getLogger(__name__)

WAL_BYTES = 16 * 1024 * 1024
"""Size to which the write-ahead log is truncated after a burst."""
PROBE_BYTES = 256 * 1024
"""Space that must be free before a full spool takes messages again."""
RESERVE_BYTES = 8 * 1024 * 1024
"""Space set aside to delete stored messages on a full disk: a full write-ahead log and its checkpoint."""
FILE_NAME = "spool.sqlite"
BYTES_PER_RECORD = 100
RECORD_SHARE = 8
"""The session's record takes at most an eighth of a small spool."""
PAGE_ROWS = 1_000
EXPIRY_STEP = 100
"""Fingerprints expire so many at a time: to delete them changes further pages, which are flushed as well."""
_READ_RECENT = """
SELECT number, identity, received_at, connection FROM recent WHERE number > ? ORDER BY number LIMIT ?
"""
_READ_RECORD = """
SELECT packet_id, session, identity, received_at FROM session_messages
 WHERE packet_id > ? ORDER BY packet_id LIMIT ?
"""
_TRIM_RECORD = """
DELETE FROM session_messages WHERE packet_id IN (
    SELECT packet_id FROM session_messages ORDER BY received_at DESC LIMIT -1 OFFSET ?)
"""


class SpoolState(Struct, frozen=True):
    """Stored state of the file. ``progress`` is what the database last confirmed."""

    spool_id: UUID
    received: int
    possible_repeats: int
    session: int
    epoch: int
    """Number of the election in which a process last collected into this file; 0 for none."""
    broker_drop_count: int | None
    """The broker's last reported count of dropped messages; None if it never reported one."""
    progress: WriteProgress


class SpoolRow(Struct, frozen=True):
    """``content``: the encoded items. ``count``: their number; not to be trusted in a damaged row."""

    seq: int
    content: bytes
    count: int
    is_damaged: bool


class SpoolFile(SqliteFile):
    def __init__(self, folder: Path, *, max_mb: int, report: Callable[[str], None] = log.warning) -> None:
        """Open or create ``spool.sqlite`` in ``folder``.

        A damaged file is kept under another name; what can be read of it goes into a new one, and ``report``
        gets a sentence. Raises: SpoolError when another process owns it, or when it cannot be used.
        """
        self._max_bytes = max_mb * 1024 * 1024
        self._expired_before = 0
        self._max_record = self._max_bytes // RECORD_SHARE // BYTES_PER_RECORD
        path = folder / FILE_NAME
        self._lock = _lock_folder(folder)
        self._reserve = DiskReserve(folder / "spool.reserve", min(RESERVE_BYTES, self._max_bytes // 8))
        try:
            try:
                super().__init__(path, "The spool")
            except DamagedSpoolError as error:
                damaged = damaged_spool.set_aside(path)
                super().__init__(path, "The spool")
                report(self._take_over(damaged_spool.read_rows(damaged), damaged, str(error)))
        except BaseException:
            self._lock.close()
            raise
        self._reserve.allocate()

    def close(self) -> None:
        super().close()
        self._lock.close()

    def read_state(self) -> SpoolState:
        ((spool_id, received, repeats, session, epoch, dropped, *progress),) = self.select(
            "SELECT spool_id, received, possible_repeats, session, epoch, broker_dropped,"
            " last_seq, stored, duplicates, rejected FROM books"
        )
        return SpoolState(
            UUID(spool_id), received, repeats, session, epoch, dropped, WriteProgress(*progress)
        )

    def read_history(self) -> ReceiptHistory:
        """Its iterables read the file when they are used, a page of rows at a time."""
        return ReceiptHistory(
            (
                MessageFingerprint(number, identity, datetime.fromisoformat(at), connection)
                for number, identity, at, connection in self._read_pages(_READ_RECENT)
            ),
            self.read_state().session,
            (
                (packet_id, SessionMessage(session, identity, datetime.fromisoformat(at)))
                for packet_id, session, identity, at in self._read_pages(_READ_RECORD)
            ),
        )

    def append_messages(
        self,
        messages: Sequence[tuple[bytes, int]],
        fingerprints: Sequence[MessageFingerprint],
        *,
        expire_before: int,
        possible_repeats: int = 0,
        confirmed: WriteProgress | None = None,
    ) -> int:
        """Append each message's encoded items and their number; all messages, or none on an error.

        ``confirmed``: what the database has meanwhile is deleted in the same transaction.
        Durable on return: flushed to disk, not only to the kernel. Returns the last one's sequence number.
        """
        rows = [
            (content, count, spool_schema.compute_checksum(content, count)) for content, count in messages
        ]
        recent, record = _encode_fingerprints(fingerprints)
        received = sum(count for _, count in messages)
        is_expiry_due = expire_before - self._expired_before >= EXPIRY_STEP
        with self.write_transaction() as sql:
            if confirmed:
                _delete_stored(sql, confirmed)
            sql.executemany("INSERT INTO spool (units, count, checksum) VALUES (?, ?, ?)", rows)
            ((last_seq,),) = sql.execute("SELECT last_insert_rowid()")
            sql.executemany("INSERT INTO recent VALUES (?, ?, ?, ?)", recent)
            sql.executemany("INSERT OR REPLACE INTO session_messages VALUES (?, ?, ?, ?)", record)
            if is_expiry_due:
                _delete_expired(sql, expire_before)
            if self._max_record < spool_schema.MAX_PACKET_ID:
                sql.execute(_TRIM_RECORD, (self._max_record,))
            sql.execute(
                "UPDATE books SET received = received + ?, possible_repeats = possible_repeats + ?",
                (received, possible_repeats),
            )
        if is_expiry_due:
            self._expired_before = expire_before
        return int(last_seq)

    def save_session(self, session: int) -> None:
        """The number of a new session: nothing recorded before counts as received in it."""
        with self.write_transaction() as sql:
            sql.execute("UPDATE books SET session = ?", (session,))

    def save_epoch(self, epoch: int) -> None:
        with self.write_transaction() as sql:
            sql.execute("UPDATE books SET epoch = ?", (epoch,))

    def read_messages(self, *, after: int, limit: int) -> list[SpoolRow]:
        """The next messages, at most ``limit``."""
        query = (
            "SELECT seq, CAST(units AS BLOB), count, checksum FROM spool WHERE seq > ? ORDER BY seq LIMIT ?"
        )
        return [
            SpoolRow(seq, content, count, spool_schema.compute_checksum(content, count) != checksum)
            for seq, content, count, checksum in self.select(query, (after, limit))
        ]

    def confirm_progress(self, progress: WriteProgress) -> None:
        """Delete the stored messages, on a full disk with the help of the reserve.

        Not flushed to disk: the database keeps the progress as well.
        """
        try:
            self._save_progress(progress)
        except SpoolError:
            self._reserve.release()
            self._save_progress(progress)

    def _read_pages(self, query: str) -> Iterator[tuple[Any, ...]]:
        """All rows, in the order of the key in their first column."""
        last = -sys.maxsize
        while rows := self.select(query, (last, PAGE_ROWS)):
            yield from rows
            last = rows[-1][0]

    def _save_progress(self, progress: WriteProgress) -> None:
        with self.write_transaction(durable=False) as sql:
            _delete_stored(sql, progress)

    def save_drop_count(self, count: int) -> None:
        with self.write_transaction(durable=False) as sql:
            sql.execute("UPDATE books SET broker_dropped = ?", (count,))

    def reset_counters(self) -> None:
        """Set a new spool ID and restart the counts with the messages spooled now."""
        with self.write_transaction() as sql:
            sql.execute(
                "UPDATE books SET spool_id = ?, last_seq = 0, stored = 0, duplicates = 0, rejected = 0,"
                " possible_repeats = 0, received = (SELECT coalesce(sum(count), 0) FROM spool)",
                (str(uuid4()),),
            )

    def correct_received(self, count: int) -> None:
        with self.write_transaction() as sql:
            sql.execute("UPDATE books SET received = ?", (count,))

    def measure_fill(self) -> float:
        """Used share of the maximum size, in percent."""
        pages, free, maximum = (
            float(self.select(f"PRAGMA {name}")[0][0])
            for name in ("page_count", "freelist_count", "max_page_count")
        )
        return 100.0 * (pages - free) / maximum

    def has_room(self) -> bool:
        """Test it by setting the reserve aside, and by writing and deleting PROBE_BYTES."""
        try:
            self.select("PRAGMA wal_checkpoint(TRUNCATE)")
            if not self._reserve.allocate():
                return False
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
        spool_schema.prepare_tables(sql, f"{self._subject} {self._path}")
        # last: a file that is already larger can still be opened and drained
        (page,) = sql.execute("PRAGMA page_size").fetchone()
        sql.execute(f"PRAGMA max_page_count = {self._max_bytes // page}")

    def _take_over(self, found: damaged_spool.FoundRows, damaged: Path, reason: str) -> str:
        """Store what could be read of a damaged file. Returns the sentence to report."""
        with self.write_transaction() as sql:
            sql.executemany("INSERT INTO spool (units, count, checksum) VALUES (?, ?, ?)", found.messages)
            # a damaged row may lack what every row has
            sql.executemany("INSERT OR IGNORE INTO session_messages VALUES (?, ?, ?, ?)", found.record)
            if found.session is not None:
                sql.execute("UPDATE books SET session = ?", (found.session,))
        self.reset_counters()
        unreadable = f"; {format_count(found.unreadable)} cannot be read" if found.unreadable else ""
        return (
            f"{reason} It is kept as {damaged.name}: {format_count(len(found.messages))} of its messages"
            f" were taken over{unreadable}. The message counters restart."
        )


def _encode_fingerprints(fingerprints: Sequence[MessageFingerprint]) -> tuple[list[Any], list[Any]]:
    """Rows of ``recent`` and of ``session_messages``."""
    timed = [(one, one.received_at.isoformat()) for one in fingerprints]
    return (
        [(one.number, one.identity, at, one.connection) for one, at in timed],
        [(one.packet_id, one.session, one.identity, at) for one, at in timed if one.packet_id],
    )


def _delete_expired(sql: sqlite3.Connection, before: int) -> None:
    sql.execute("DELETE FROM recent WHERE number < ?", (before,))
    # those without a packet ID go with the fingerprint that they were made of
    sql.execute("DELETE FROM session_messages WHERE packet_id BETWEEN ? AND -1", (1 - before,))


def _delete_stored(sql: sqlite3.Connection, progress: WriteProgress) -> None:
    sql.execute("DELETE FROM spool WHERE seq <= ?", (progress.last_seq,))
    sql.execute("UPDATE books SET last_seq = ?, stored = ?, duplicates = ?, rejected = ?", astuple(progress))


def _lock_folder(folder: Path) -> IO[str]:
    """Hold the spool's lock until the file is closed or this process ends in any way."""
    try:
        prepare_private_folder(folder)
        prepare_private_file(folder / "spool.lock")
        handle = (folder / "spool.lock").open("a+")
    except OSError as error:
        raise SpoolError(f"The spool's folder cannot be used: {error.strerror} ({folder}).") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read(20).strip() or "?"
        handle.close()
        raise SpoolError(f"The spool is in use by process {owner} of this machine ({folder}).") from error
    with suppress(OSError):  # for people only; a full disk must not keep a spool from being emptied
        os.truncate(handle.fileno(), 0)
        os.write(handle.fileno(), f"{os.getpid()}\n".encode())
    return handle
