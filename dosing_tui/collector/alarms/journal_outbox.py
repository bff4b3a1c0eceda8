"""Outbox of journal entries: one SQLite file beside the spool, kept until the database has the entries.

The owner of the spool sends the entries; any thread may call. Consoles of this machine add the commands
that operators enter while the database is unavailable. Raises: SpoolError when the file cannot be used.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct

from dosing_tui.collector.context.sqlite_file import SqliteFile
from dosing_tui.domain.alarms.models import (
    OPERATOR_EVENTS,
    Actor,
    AlarmEvent,
    AlarmKey,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.notifications.policy import MAX_NOTICE_AGE, DeliveryStatus
from dosing_tui.errors import DamagedSpoolError, SpoolError

FILE_NAME = "alarms.sqlite"
DATABASE_DOWN = AlarmKey("DB_DOWN")
AlarmOccurrence = tuple[AlarmKey, UUID]
MIN_ROOM_BYTES = 256 * 1024
"""Room that SQLite needs to open the file: its index of the write-ahead log, and a few pages."""
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL)",
    # operator commands of consoles until the owner takes them; then their numbers in ``entries``
    "CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS taken (seq INTEGER PRIMARY KEY)",
    # delivery status of notifications sent during a database outage
    "CREATE TABLE IF NOT EXISTS told (channel TEXT, occurrence TEXT, fate TEXT NOT NULL, at REAL NOT NULL,"
    " PRIMARY KEY (channel, occurrence))",
    # number of the last election under which the entries were made
    "CREATE TABLE IF NOT EXISTS election (epoch INTEGER NOT NULL)",
    # entries of high priority, journaled or not: their notification does not wait for the database
    "CREATE TABLE IF NOT EXISTS urgent (uuid TEXT PRIMARY KEY, entry TEXT NOT NULL, at REAL NOT NULL)",
)
DELIVERY_RETENTION = 30 * MAX_NOTICE_AGE
"""How long a delivery status is kept: the dispatcher reads it after the outage, which may last days."""
SENT_STATUSES = (DeliveryStatus.CLAIMED, DeliveryStatus.SENT, DeliveryStatus.UNKNOWN)
"""Of a message that counts for the rate limit. All alarms of one message but the first are IN_SUMMARY."""


class OutageDelivery(Struct, frozen=True):
    """Delivery status of an occurrence on a channel, for its notification beside the database's."""

    status: DeliveryStatus
    at: datetime


def name_series(channel: str, key: AlarmKey) -> str:
    """The name under which deliveries of an alarm are stored; for the alarm DB_DOWN the channel's own."""
    return channel if key == DATABASE_DOWN else f"{channel} {key.tag}"


class JournalOutbox(SqliteFile):
    def __init__(self, folder: Path) -> None:
        self._is_closing = False
        super().__init__(folder / FILE_NAME, "The alarm file")

    def put_entries(self, entries: Sequence[JournalEntry]) -> None:
        """Add all entries or none; they are on disk on return."""
        with self.write_transaction() as sql:
            sql.executemany(
                "INSERT INTO entries (entry) VALUES (?)", [(encode_entry(one),) for one in entries]
            )
            if urgent := [one for one in entries if one.priority is Priority.HIGH]:
                before = urgent[-1].received_at - DELIVERY_RETENTION
                sql.execute("DELETE FROM urgent WHERE at < ?", (before.timestamp(),))
                sql.executemany(
                    "INSERT OR IGNORE INTO urgent (uuid, entry, at) VALUES (?, ?, ?)",
                    [(str(one.uuid), encode_entry(one), one.received_at.timestamp()) for one in urgent],
                )
            self._condition.notify_all()

    def find_urgent(self, uuids: Iterable[UUID]) -> list[JournalEntry]:
        """The entries of high priority among these, of this process or an earlier one of this machine."""
        rows = self.select(
            "SELECT entry FROM urgent WHERE uuid IN (SELECT value FROM json_each(?))",
            (json.dumps([str(one) for one in uuids]),),
        )
        return [decode_entry(text) for (text,) in rows]

    def add_operator_commands(self, entries: Sequence[JournalEntry]) -> None:
        """Add all commands or none, for the outbox's owner; they are on disk on return."""
        with self.write_transaction() as sql:
            sql.executemany("INSERT INTO asked (entry) VALUES (?)", [(encode_entry(one),) for one in entries])

    def take_operator_commands(self) -> list[JournalEntry]:
        """Take the commands of other processes and queue them behind the owner's own entries."""
        if not self.select("SELECT 1 FROM asked LIMIT 1"):
            return []
        with self.write_transaction() as sql:
            rows = sql.execute("SELECT entry FROM asked ORDER BY seq").fetchall()
            for row in rows:
                put = sql.execute("INSERT INTO entries (entry) VALUES (?)", row)
                sql.execute("INSERT INTO taken (seq) VALUES (?)", (put.lastrowid,))
            sql.execute("DELETE FROM asked")
            self._condition.notify_all()
        return [decode_entry(text) for (text,) in rows]

    def list_pending(self, limit: int = 1_000_000) -> list[tuple[int, JournalEntry]]:
        """Number and entry of the entries that the database does not have yet, oldest first."""
        rows = self.select("SELECT seq, entry FROM entries ORDER BY seq LIMIT ?", (limit,))
        return [(seq, decode_entry(text)) for seq, text in rows]

    def drop_through(self, last_seq: int) -> None:
        """Delete the entries up to ``last_seq``: the database has them."""
        with self.write_transaction() as sql:
            sql.execute("DELETE FROM entries WHERE seq <= ?", (last_seq,))
            sql.execute("DELETE FROM taken WHERE seq <= ?", (last_seq,))

    @property
    def epoch(self) -> int | None:
        """Number of the election under which the entries were made; None if it is unknown."""
        rows = self.select("SELECT max(epoch) FROM election")
        epoch: int | None = rows[0][0]
        return epoch

    def is_successor(self, epoch: int) -> bool:
        """Whether no other process was elected between the entries here and this election."""
        last = self.epoch
        return last is None or last <= epoch <= last + 1

    def save_epoch(self, epoch: int) -> None:
        if self.epoch != epoch:
            with self.write_transaction() as sql:
                sql.execute("DELETE FROM election")
                sql.execute("INSERT INTO election (epoch) VALUES (?)", (epoch,))

    def set_aside_detections(self) -> list[JournalEntry]:
        """Delete all entries but those of persons, and return them, oldest first.

        Those that were journaled are not notified from here any more, either.
        """
        found = [(seq, entry) for seq, entry in self.list_pending() if entry.event not in OPERATOR_EVENTS]
        if found or self.select("SELECT 1 FROM urgent LIMIT 1"):
            with self.write_transaction() as sql:
                sql.executemany("DELETE FROM entries WHERE seq = ?", [(seq,) for seq, _ in found])
                sql.execute("DELETE FROM urgent")
        return [entry for _, entry in found]

    def list_deliveries(self, channel: str, alarms: Iterable[AlarmOccurrence]) -> dict[UUID, OutageDelivery]:
        """The delivery statuses of those of these alarms that have one on the channel, by occurrence."""
        wanted = [(name_series(channel, key), str(occurrence)) for key, occurrence in alarms]
        rows = self.select(
            "SELECT told.occurrence, told.fate, told.at FROM json_each(?) AS wanted JOIN told"
            " ON told.channel = json_extract(wanted.value, '$[0]')"
            " AND told.occurrence = json_extract(wanted.value, '$[1]')",
            (json.dumps(wanted),),
        )
        return {
            UUID(occurrence): OutageDelivery(DeliveryStatus(fate), datetime.fromtimestamp(at, UTC))
            for occurrence, fate, at in rows
        }

    def count_deliveries(self, channel: str, since: datetime) -> int:
        """Number of messages that the channel has sent since then, or may have, of whatever alarms."""
        rows = self.select(
            "SELECT count(*) FROM told WHERE (channel = ? OR channel GLOB ? || ' *') AND at > ?"
            f" AND fate IN ({', '.join('?' * len(SENT_STATUSES))})",
            (channel, channel, since.timestamp(), *SENT_STATUSES),
        )
        return int(rows[0][0])

    def has_other_delivery(self, channel: str, alarm: AlarmOccurrence, since: datetime) -> bool:
        """Whether the channel got a notification of another occurrence of the alarm since then."""
        key, occurrence = alarm
        return bool(
            self.select(
                "SELECT 1 FROM told WHERE channel = ? AND occurrence <> ? AND at > ? AND fate IN (?, ?)",
                (
                    name_series(channel, key), str(occurrence), since.timestamp(),
                    DeliveryStatus.SENT, DeliveryStatus.CLAIMED,
                ),
            )
        )  # fmt: skip

    def save_deliveries(
        self, channel: str, statuses: Mapping[AlarmOccurrence, DeliveryStatus], at: datetime
    ) -> None:
        """Store the statuses, on disk on return. Delete those older than DELIVERY_RETENTION."""
        rows = [
            (name_series(channel, key), str(occurrence), status, at.timestamp())
            for (key, occurrence), status in statuses.items()
        ]
        with self.write_transaction() as sql:
            sql.execute("DELETE FROM told WHERE at < ?", ((at - DELIVERY_RETENTION).timestamp(),))
            sql.executemany("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", rows)

    def wait_for_entries(self, timeout_s: float) -> None:
        """Return when there are entries, after ``cancel_waits``, or after ``timeout_s``."""
        with self._condition:
            if not self._is_closing and not self.select("SELECT 1 FROM entries LIMIT 1"):
                self._condition.wait(timeout_s)

    def cancel_waits(self) -> None:
        """End all present and future waits."""
        with self._condition:
            self._is_closing = True
            self._condition.notify_all()

    def _prepare_file(self) -> None:
        for statement in ("PRAGMA journal_mode = WAL", *SCHEMA):
            self._connection.execute(statement)


def open_outbox(folder: Path, report: Callable[[str], None]) -> JournalOutbox:
    """Open the outbox. An unusable file is renamed and replaced, so that readings are still collected.

    Raises: SpoolError when no new file can be created, or the disk is full: then the file itself is sound.
    """
    try:
        return _open_and_verify(folder)
    except SpoolError as error:
        if not isinstance(error, DamagedSpoolError) and _is_disk_full(folder):
            raise
        report(f"{error} It is renamed to {FILE_NAME}.unusable.")
        with suppress(OSError):
            for name in (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
                (folder / name).unlink(missing_ok=True)
            (folder / FILE_NAME).replace(folder / f"{FILE_NAME}.unusable")
        return JournalOutbox(folder)


def _is_disk_full(folder: Path) -> bool:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < MIN_ROOM_BYTES


def _open_and_verify(folder: Path) -> JournalOutbox:
    """Open the outbox and read all its entries.

    Raises: SpoolError when one cannot be read.
    """
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
    """Raises: SpoolError for text that this program did not write."""
    try:
        fields: dict[str, Any] = json.loads(text)  # Any: JSON values, written by encode_entry
        return JournalEntry(
            uuid=UUID(fields["uuid"]),
            key=AlarmKey(*fields["key"]),
            event=AlarmEvent(fields["event"]),
            at=datetime.fromisoformat(fields["at"]),
            received_at=datetime.fromisoformat(fields["received_at"]),
            priority=Priority(fields["priority"]),
            rule_version=fields["rule_version"],
            message=fields["message"],
            value=fields["value"],
            limit=fields["limit"],
            latching=fields["latching"],
            active=fields["active"],
            occurrence=fields["occurrence"] and UUID(fields["occurrence"]),
            until=fields["until"] and datetime.fromisoformat(fields["until"]),
            who=Actor(*fields["who"]),
            offline=fields.get("offline", False),  # absent in files of earlier releases
            comment=fields["comment"],
        )
    except (ValueError, LookupError, TypeError) as error:
        raise SpoolError(f"An alarm entry on the disk cannot be read: {error}.") from error
