"""Reads what can be read of a damaged spool file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dosing_tui.collector.spool import spool_schema
from dosing_tui.errors import SpoolError

MAX_GAP = 1_000_000
"""Longest run of sequence numbers that is tried one by one behind an unreadable page."""

MAX_DAMAGED = 5
"""Damaged files that are kept: a bad disk must not fill itself with them."""

StoredMessage = tuple[bytes, int, int | None]
"""Encoded items, their number and their checksum. A row with a wrong checksum is rejected when it is read."""


@dataclass(slots=True)
class FoundRows:
    messages: list[StoredMessage] = field(default_factory=list)
    record: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    session: int | None = None
    unreadable: int = 0
    """Messages known to be in the file that cannot be read."""


def set_aside(path: Path) -> Path:
    """Rename the file, with its write-ahead log. Returns its new path.

    Raises: SpoolError.
    """
    target = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    try:
        earlier = sorted(path.parent.glob(f"{path.name}.damaged-*[0-9]"))
        for old in earlier[: max(0, len(earlier) + 1 - MAX_DAMAGED)]:
            for part in (old, old.with_name(f"{old.name}-wal"), old.with_name(f"{old.name}-shm")):
                part.unlink(missing_ok=True)
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            path.with_name(f"{path.name}-wal").rename(target.with_name(f"{target.name}-wal"))
        path.rename(target)
    except OSError as error:
        raise SpoolError(f"The damaged spool {path} cannot be renamed: {error.strerror}.") from error
    return target


def read_rows(path: Path) -> FoundRows:
    found = FoundRows()
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        with suppress(sqlite3.Error):
            found.session = sql.execute("SELECT session FROM books").fetchone()[0]
            found.record += sql.execute("SELECT * FROM session_messages").fetchall()
        with suppress(sqlite3.Error):
            found.messages += _read_messages(sql, found)
    return found


def _read_messages(sql: sqlite3.Connection, found: FoundRows) -> Iterator[StoredMessage]:
    """The rows in order; behind an unreadable page, each sequence number is tried."""
    columns = {name for _, name, *_ in sql.execute("PRAGMA table_info(spool)")}
    checksum = "checksum" if "checksum" in columns else "NULL"
    select = f"SELECT seq, CAST(units AS BLOB), count, {checksum} FROM spool WHERE"
    last = 0
    while True:
        try:
            for seq, content, count, stored in sql.execute(f"{select} seq > ? ORDER BY seq", (last,)):
                last = seq
                yield _build_message(content, count, stored)
        except sqlite3.Error:
            upto = min(_find_last(sql), last + MAX_GAP)
        else:
            return
        while last < upto:
            last += 1
            try:
                row = sql.execute(f"{select} seq = ?", (last,)).fetchone()
            except sqlite3.Error:
                found.unreadable += 1
                continue
            if row:
                yield _build_message(*row[1:])
                break
        else:
            return


def _find_last(sql: sqlite3.Connection) -> int:
    with suppress(sqlite3.Error, TypeError):
        return int(sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchone()[0])
    return 2**62


def _build_message(content: object, count: object, checksum: int | None) -> StoredMessage:
    content = content if isinstance(content, bytes) else repr(content).encode()
    count = count if isinstance(count, int) and 0 < count <= spool_schema.MAX_ITEMS else 1
    return content, count, spool_schema.compute_checksum(content, count) if checksum is None else checksum
