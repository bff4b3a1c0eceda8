"""Journal entries on the disk until the database has them: one SQLite file beside the spool.

Who owns the spool sends what is in it; any thread may call. Consoles of the machine leave here what
operators do while the database is away. Raises: SpoolError when the file cannot be used.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.notifications.policy import MAX_NOTICE_AGE, DeliveryStatus
from dosing_tui.errors import SpoolError

FILE_NAME = "alarms.sqlite"
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL)",
    # what consoles have left, until the owner takes it; then where it was put
    "CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS taken (seq INTEGER PRIMARY KEY)",
    # what people were told of while the database was away
    "CREATE TABLE IF NOT EXISTS told (channel TEXT, occurrence TEXT, fate TEXT NOT NULL, at REAL NOT NULL,"
    " PRIMARY KEY (channel, occurrence))",
)
DELIVERY_RETENTION = 30 * MAX_NOTICE_AGE
"""What was told may be asked for so long: the database may be away for some time."""


class JournalOutbox:
    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._condition = threading.Condition()
        self._is_closing = False
        with self._map_sqlite_errors():
            # other threads may call, one at a time; transactions are begun by hand
            self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *SCHEMA):
                    self._connection.execute(statement)
            except BaseException:
                self._connection.close()
                raise

    def put_entries(self, entries: Sequence[JournalEntry]) -> None:
        """On the disk on return, all or none."""
        with self._condition, self._write_transaction():
            self._connection.executemany(
                "INSERT INTO entries (entry) VALUES (?)", [(encode_entry(one),) for one in entries]
            )
            self._condition.notify_all()

    def add_operator_commands(self, entries: Sequence[JournalEntry]) -> None:
        """For whoever owns the outbox. On the disk on return, all or none."""
        with self._condition, self._write_transaction():
            self._connection.executemany(
                "INSERT INTO asked (entry) VALUES (?)", [(encode_entry(one),) for one in entries]
            )

    def take_operator_commands(self) -> list[JournalEntry]:
        """What others have left here; from now on it waits to be sent, like the owner's own."""
        with self._condition:
            with self._map_sqlite_errors():
                if self._connection.execute("SELECT 1 FROM asked LIMIT 1").fetchone() is None:
                    return []
            with self._write_transaction():
                rows = self._connection.execute("SELECT entry FROM asked ORDER BY seq").fetchall()
                for row in rows:
                    put = self._connection.execute("INSERT INTO entries (entry) VALUES (?)", row)
                    self._connection.execute("INSERT INTO taken (seq) VALUES (?)", (put.lastrowid,))
                self._connection.execute("DELETE FROM asked")
            self._condition.notify_all()
        return [decode_entry(text) for (text,) in rows]

    def list_pending(self, limit: int = 1_000_000) -> list[tuple[int, JournalEntry]]:
        """What the database does not have yet, the oldest first, with its number."""
        with self._condition, self._map_sqlite_errors():
            rows = self._connection.execute(
                "SELECT seq, entry FROM entries ORDER BY seq LIMIT ?", (limit,)
            ).fetchall()
        return [(seq, decode_entry(text)) for seq, text in rows]

    def drop_through(self, last_seq: int) -> None:
        """The database has these."""
        with self._condition, self._write_transaction():
            self._connection.execute("DELETE FROM entries WHERE seq <= ?", (last_seq,))
            self._connection.execute("DELETE FROM taken WHERE seq <= ?", (last_seq,))

    def get_delivery_status(self, channel: str, occurrence: UUID) -> DeliveryStatus | None:
        """What came of telling the channel of that without the database."""
        asked = (channel, str(occurrence))
        with self._condition, self._map_sqlite_errors():
            row = self._connection.execute(
                "SELECT fate FROM told WHERE channel = ? AND occurrence = ?", asked
            ).fetchone()
        return DeliveryStatus(row[0]) if row else None

    def has_other_delivery(self, channel: str, since: datetime, *, excluding: UUID) -> bool:
        """Whether the channel was told of another one since then."""
        asked = (channel, str(excluding), since.timestamp(), DeliveryStatus.SENT, DeliveryStatus.CLAIMED)
        with self._condition, self._map_sqlite_errors():
            found = self._connection.execute(
                "SELECT 1 FROM told WHERE channel = ? AND occurrence <> ? AND at > ? AND fate IN (?, ?)",
                asked,
            ).fetchone()
        return found is not None

    def save_delivery_status(
        self, channel: str, occurrence: UUID, status: DeliveryStatus, at: datetime
    ) -> None:
        """On the disk on return; what is too old to be told is forgotten."""
        row = (channel, str(occurrence), status, at.timestamp())
        with self._condition, self._write_transaction():
            self._connection.execute(
                "DELETE FROM told WHERE at < ?", ((at - DELIVERY_RETENTION).timestamp(),)
            )
            self._connection.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", row)

    def wait_for_entries(self, timeout_s: float) -> None:
        """Returns when there is something to send, ``cancel_waits`` was called, or the time is over."""
        with self._condition:
            if not self._is_closing and not self._has_entries():
                self._condition.wait(timeout_s)

    def cancel_waits(self) -> None:
        """Nobody waits any more."""
        with self._condition:
            self._is_closing = True
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition, suppress(sqlite3.Error):
            self._connection.close()

    def _has_entries(self) -> bool:
        with self._map_sqlite_errors():
            return self._connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is not None

    @contextmanager
    def _write_transaction(self) -> Iterator[None]:
        with self._map_sqlite_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _map_sqlite_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise SpoolError(f"The alarm entries in {self._path} cannot be used: {error}.") from error


def open_outbox(folder: Path, report: Callable[[str], None]) -> JournalOutbox:
    """A file that cannot be used is set aside: readings have to be collected all the same.

    Raises: SpoolError when the folder takes no file.
    """
    try:
        return _open_and_verify(folder)
    except SpoolError as error:
        report(f"{error} It is set aside.")
        with suppress(OSError):
            for name in (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
                (folder / name).unlink(missing_ok=True)
            (folder / FILE_NAME).replace(folder / f"{FILE_NAME}.unusable")
        return JournalOutbox(folder)


def _open_and_verify(folder: Path) -> JournalOutbox:
    """One whose entries all can be read."""
    outbox = JournalOutbox(folder)
    try:
        outbox.take_operator_commands()
        outbox.list_pending()
    except BaseException:
        outbox.close()
        raise
    return outbox


def encode_entry(entry: JournalEntry) -> str:
    return json.dumps(
        {
            "uuid": str(entry.uuid),
            "key": list(entry.key),
            "event": entry.event.value,
            "at": entry.at.isoformat(),
            "received_at": entry.received_at.isoformat(),
            "priority": entry.priority.value,
            "rule_version": entry.rule_version,
            "message": entry.message,
            "value": entry.value,
            "limit": entry.limit,
            "latching": entry.latching,
            "active": entry.active,
            "occurrence": entry.occurrence and str(entry.occurrence),
            "until": entry.until and entry.until.isoformat(),
            "who": [entry.who.name, entry.who.os_user],
            "offline": entry.offline,
            "comment": entry.comment,
        },
        separators=(",", ":"),
    )


def decode_entry(text: str) -> JournalEntry:
    """Raises: SpoolError for text this program never wrote."""
    try:
        told: dict[str, Any] = json.loads(text)  # Any: what JSON gives, written by encode from a typed record
        return JournalEntry(
            uuid=UUID(told["uuid"]),
            key=AlarmKey(*told["key"]),
            event=AlarmEvent(told["event"]),
            at=datetime.fromisoformat(told["at"]),
            received_at=datetime.fromisoformat(told["received_at"]),
            priority=Priority(told["priority"]),
            rule_version=told["rule_version"],
            message=told["message"],
            value=told["value"],
            limit=told["limit"],
            latching=told["latching"],
            active=told["active"],
            occurrence=told["occurrence"] and UUID(told["occurrence"]),
            until=told["until"] and datetime.fromisoformat(told["until"]),
            who=Actor(*told["who"]),
            offline=told.get("offline", False),  # earlier releases did not say
            comment=told["comment"],
        )
    except (ValueError, LookupError, TypeError) as error:
        raise SpoolError(f"An alarm entry on the disk cannot be read: {error}.") from error
