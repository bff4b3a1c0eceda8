"""What waits in a spool's file, read beside the collector that owns it; nothing is changed."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dosing_tui.collector.spool.spool_codec import decode_items
from dosing_tui.collector.spool.spool_file import FILE_NAME
from dosing_tui.collector.spool.spool_schema import FORMAT_VERSION
from dosing_tui.errors import SpoolError


class SpoolAge(Struct, frozen=True):
    """``used_bytes`` is None without a file. ``oldest_at``: receipt of the first reading that waits, if any.

    ``is_known`` is False where the first row cannot be read: there may or may not be an oldest reading.
    """

    used_bytes: int | None = None
    """Of ``collector.spool_max_mb``; the file's size where it cannot be read."""
    oldest_at: datetime | None = None
    is_known: bool = False


class SpoolContent(Struct, frozen=True):
    """``damage``: what is wrong with the file, '' if nothing is."""

    is_readable: bool = True
    damage: str = ""
    message_count: int = 0
    used_bytes: int = 0
    """Of ``collector.spool_max_mb``."""
    oldest_at: datetime | None = None


def measure_spool(folder: Path) -> SpoolAge:
    """Used size and first row only, however much waits: for a look every few seconds."""
    path = folder / FILE_NAME
    try:
        file_bytes = path.stat().st_size
    except OSError:
        return SpoolAge()
    try:
        with closing(_open_file(path)) as sql:
            (version,) = sql.execute("PRAGMA user_version").fetchone()
            if version > FORMAT_VERSION:
                return SpoolAge(file_bytes)
            return SpoolAge(_measure_used(sql), _read_oldest(sql), is_known=True)
    except (sqlite3.Error, SpoolError, IndexError):
        return SpoolAge(file_bytes)


def read_spool_content(path: Path) -> SpoolContent:
    """Checks every page and counts every row: takes seconds for a large file."""
    if not os.access(path, os.R_OK):
        return SpoolContent(is_readable=False)
    try:
        with closing(_open_file(path)) as sql:
            return _check_tables(sql)
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error) or "locked" in str(error):
            return SpoolContent(is_readable=False)
        return SpoolContent(damage=str(error))
    except sqlite3.DatabaseError as error:
        return SpoolContent(damage=str(error))


def _open_file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)


def _check_tables(sql: sqlite3.Connection) -> SpoolContent:
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    if version > FORMAT_VERSION:
        return SpoolContent(damage="it was made by a newer version of this program")
    (problem,) = sql.execute("PRAGMA quick_check(1)").fetchone()
    if problem != "ok":
        return SpoolContent(damage=problem)
    (count,) = sql.execute("SELECT coalesce(sum(count), 0) FROM spool").fetchone()
    oldest = None
    with suppress(SpoolError, IndexError):
        oldest = _read_oldest(sql)
    return SpoolContent(message_count=count, used_bytes=_measure_used(sql), oldest_at=oldest)


def _measure_used(sql: sqlite3.Connection) -> int:
    """Pages in use: the file lacks what is in the write-ahead log, and never shrinks."""
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (int(sql.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
    return (pages - free) * size


def _read_oldest(sql: sqlite3.Connection) -> datetime | None:
    """None if nothing waits. Raises: SpoolError, IndexError; sqlite3.Error."""
    first = sql.execute("SELECT CAST(units AS BLOB) FROM spool ORDER BY seq LIMIT 1").fetchone()
    return decode_items(first[0])[0].received_at if first else None
