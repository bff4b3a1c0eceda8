"""Tables of the spool's file, its format version, and the checksum of its rows.

Rule of the version: a program reads its own format and the one before, which it converts when it opens the
file. A newer format is refused and left unchanged. The version rises with every change that an older program
could not read or would not keep up.
"""

import secrets
import sqlite3
from uuid import UUID, uuid4
from zlib import crc32

from dosing_tui.errors import DamagedSpoolError, SpoolError

FORMAT_VERSION = 2
"""Written as ``user_version``. 1 had no checksums and no record of packet IDs."""

MAX_PACKET_ID = 65_535
MAX_ITEMS = 100_000
"""Most items that a damaged row is believed to have."""

_SESSION_MESSAGES = """
CREATE TABLE session_messages (
    packet_id INTEGER PRIMARY KEY, session INTEGER NOT NULL, identity BLOB NOT NULL, received_at TEXT NOT NULL
);
"""
_SCHEMA = f"""
CREATE TABLE spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, units BLOB NOT NULL, count INTEGER NOT NULL, checksum INTEGER
);
CREATE TABLE recent (
    number INTEGER PRIMARY KEY, identity BLOB NOT NULL, received_at TEXT NOT NULL, connection INTEGER NOT NULL
);
CREATE TABLE books (
    spool_id TEXT NOT NULL, received INTEGER NOT NULL,
    last_seq INTEGER NOT NULL, stored INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL, broker_dropped INTEGER,
    session INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
    possible_repeats INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE probe (bytes BLOB);
{_SESSION_MESSAGES}
INSERT INTO books VALUES (new_id(), 0, 0, 0, 0, 0, NULL, new_session(), 0, 0);
"""
# a message that was in flight at the update may come again, under a packet ID that version 1 did not keep
_FROM_VERSION_1 = f"""
ALTER TABLE spool ADD COLUMN checksum INTEGER;
UPDATE spool SET checksum = row_checksum(CAST(units AS BLOB), count);
ALTER TABLE books ADD COLUMN session INTEGER NOT NULL DEFAULT 0;
ALTER TABLE books ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE books ADD COLUMN possible_repeats INTEGER NOT NULL DEFAULT 0;
{_SESSION_MESSAGES}
INSERT INTO session_messages SELECT -number, 0, identity, received_at FROM recent;
"""
_CONVERSIONS = {0: _SCHEMA, FORMAT_VERSION - 1: _FROM_VERSION_1}


def compute_checksum(content: object, count: object) -> int:
    """CRC-32 of a row; -1 if its values have not the types of a row."""
    if not isinstance(content, bytes) or not isinstance(count, int):
        return -1
    return crc32(content, crc32(b"%d " % count))


def create_session() -> int:
    """A number that no earlier session had. A new spool has one that it shares with no broker."""
    return secrets.randbits(60)


def prepare_tables(sql: sqlite3.Connection, subject: str) -> None:
    """Create the tables, or convert those of the version before, and check the file.

    Raises: DamagedSpoolError; SpoolError for a newer version; sqlite3.Error.
    """
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    if version > FORMAT_VERSION:
        raise SpoolError(f"{subject} was made by a newer version of this program.")
    (problem,) = sql.execute("PRAGMA quick_check(1)").fetchone()
    if problem != "ok":
        raise DamagedSpoolError(f"{subject} is damaged: {problem}.")
    if conversion := _CONVERSIONS.get(version):
        sql.create_function("row_checksum", 2, compute_checksum)
        sql.create_function("new_id", 0, lambda: str(uuid4()))
        sql.create_function("new_session", 0, create_session)
        try:
            sql.executescript(f"BEGIN IMMEDIATE; {conversion} PRAGMA user_version = {FORMAT_VERSION}; COMMIT")
        except BaseException:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise
    elif version != FORMAT_VERSION:
        raise SpoolError(f"{subject} was made by a version of this program that is too old.")
    _check_books(sql, subject)


def _check_books(sql: sqlite3.Connection, subject: str) -> None:
    rows = sql.execute(
        "SELECT spool_id, received, last_seq, stored, duplicates, rejected, session, epoch,"
        " possible_repeats FROM books"
    ).fetchall()
    try:
        ((spool_id, *numbers),) = rows
        UUID(spool_id)
        if not all(isinstance(number, int) and number >= 0 for number in numbers):
            raise ValueError(numbers)
    except (ValueError, TypeError, AttributeError) as error:
        raise DamagedSpoolError(f"{subject} is damaged: its message counts cannot be read.") from error
