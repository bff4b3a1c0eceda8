"""Tells a redelivery from a new message with equal content. Pure.

Stations send no message number, and some messages no time. Such a reading gets its time of receipt, which
is part of its database key. A redelivered message must therefore get the time of its first receipt, and a
new message with equal content must not. ``docs/redelivery.md`` has the rules as a table.
"""

from array import array
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.collector.spool.receipt_log import (
    IDENTITY_BYTES,
    ReceiptLog,
    pad_identity,
    to_datetime,
    to_microseconds,
)
from dosing_tui.domain.messages.models import ParsedItem, Rejection, TimeQuality
from dosing_tui.mqtt.message import ReceivedMessage

POSSIBLE_REPEAT = "possible repeat"
"""Flag of a reading that may be a repeat, where the protocol cannot tell. It is stored and counted."""
RESEND_WINDOW = timedelta(seconds=2)
"""A publisher without an acknowledgement sends again, most after 1 s; the broker passes it on as new."""
RESTORE_WINDOW = timedelta(seconds=30)
"""A broker restored from an older save sends its whole queue again, right after the connection."""
RETENTION = timedelta(hours=1)
MAX_FINGERPRINTS = 100_000
"""Maximum of fingerprints; far more than a broker has in flight to one client."""


class MessageFingerprint(NamedTuple):
    """``number`` orders receipts; ``received_at`` is the time of the message's first receipt."""

    number: int
    identity: bytes
    received_at: datetime
    connection: int
    packet_id: int = 0
    """0 for QoS 0, which is never redelivered."""
    session: int = 0
    is_possible_repeat: bool = False


class SessionMessage(NamedTuple):
    """The last message with a packet ID in a session of the broker; kept until the ID comes again."""

    session: int
    identity: bytes
    received_at: datetime


class ReceiptHistory(Struct, frozen=True):
    """What earlier processes received. ``recent``: oldest first."""

    recent: Iterable[MessageFingerprint] = ()
    session: int = 0
    by_packet_id: Iterable[tuple[int, SessionMessage]] = ()
    """Packet IDs with their messages. A negative ID: one of a spool that kept none; any ID may repeat it."""


NO_HISTORY = ReceiptHistory()


class SessionRecord:
    """The last message of each packet ID, in 32 bytes each."""

    def __init__(self) -> None:
        self._identities = bytearray()
        self._sessions = array("q")
        self._times = array("q")
        """In microseconds; 0 without a message."""

    def store_message(self, packet_id: int, session: int, identity: bytes, at_us: int) -> None:
        if packet_id >= len(self._times):
            missing = packet_id + 1 - len(self._times)
            self._identities.extend(bytes(IDENTITY_BYTES * missing))
            self._sessions.extend([0] * missing)
            self._times.extend([0] * missing)
        begin = packet_id * IDENTITY_BYTES
        self._identities[begin : begin + IDENTITY_BYTES] = pad_identity(identity)
        self._sessions[packet_id], self._times[packet_id] = session, at_us

    def find_message(self, packet_id: int) -> SessionMessage | None:
        if packet_id >= len(self._times) or not self._times[packet_id]:
            return None
        begin = packet_id * IDENTITY_BYTES
        identity = bytes(self._identities[begin : begin + IDENTITY_BYTES])
        return SessionMessage(self._sessions[packet_id], identity, to_datetime(self._times[packet_id]))


class RedeliveryFilter:
    def __init__(self, history: ReceiptHistory = NO_HISTORY, *, limit: int = MAX_FINGERPRINTS) -> None:
        self._receipts = ReceiptLog(limit)
        self._last_number = 0
        for number, identity, at, connection, *_ in history.recent:
            self._last_number = number
            self._receipts.add_receipt(identity, number, connection, to_microseconds(at))
        self._session = history.session
        self._record = SessionRecord()
        self._unnumbered: dict[bytes, SessionMessage] = {}
        for packet_id, message in history.by_packet_id:
            if packet_id < 0:
                self._unnumbered[message.identity] = message
            else:
                self._record.store_message(
                    packet_id, message.session, message.identity, to_microseconds(message.received_at)
                )
        self._is_record_whole = False
        """Every redelivery of what other processes received has come: brokers send it before anything new."""
        self._connection = 0
        self._connected_at: datetime | None = None
        self._is_session_resumed = True

    def register_message(self, message: ReceivedMessage, *, connection: int) -> MessageFingerprint:
        """Store the message's fingerprint, with the time of its first receipt.

        ``connection`` is unique among the connections of this process and of earlier ones.
        """
        at = message.received_at
        if connection != self._connection:
            self._connection, self._connected_at = connection, at
            self._is_session_resumed = message.session == self._session
            self._is_record_whole |= not self._is_session_resumed
            self._session = message.session
        content = b"%s\0%s" % (message.topic.encode(), message.payload)
        identity = blake2b(content, digest_size=IDENTITY_BYTES).digest()
        packet_id = message.packet_id if message.qos else 0
        first = self._find_first(identity, packet_id) if packet_id and message.is_resent else None
        if packet_id and not message.is_resent:
            self._is_record_whole = True
        is_possible_repeat = first is None and (
            self._resembles_recent(identity, at, is_acknowledged=packet_id != 0)
            or (message.is_resent and not self._is_record_whole)
        )
        if first:
            at = first.received_at
        at_us = to_microseconds(at)
        if packet_id:
            self._record.store_message(packet_id, message.session, identity, at_us)
        self._last_number += 1
        self._receipts.add_receipt(identity, self._last_number, connection, at_us)
        return MessageFingerprint(
            self._last_number, identity, at, connection, packet_id, message.session, is_possible_repeat
        )

    def expire_old(self, now: datetime) -> int:
        """Remove the oldest fingerprints beyond the limits. Returns the number of the oldest that stays.

        Fingerprints from before an outage stay until the new connection is one hour old: a broker that was
        restored resends what it had saved before the outage.
        """
        settled = self._connected_at is not None and now - self._connected_at > RETENTION
        while oldest := self._receipts.oldest:
            if not (settled and now - oldest.received_at > RETENTION):
                return oldest.number
            self._receipts.drop_oldest()
        return self._last_number + 1

    def _find_first(self, identity: bytes, packet_id: int) -> SessionMessage | None:
        """The message of the session's record that a message with the DUP flag repeats."""
        recorded = self._record.find_message(packet_id)
        if recorded and (recorded.session, recorded.identity) == (self._session, identity):
            return recorded
        return None if self._is_record_whole else self._unnumbered.get(identity)

    def _resembles_recent(self, identity: bytes, at: datetime, *, is_acknowledged: bool) -> bool:
        last = self._receipts.find_newest(identity)
        if last is None or self._connected_at is None:
            return False
        if last.connection == self._connection:
            return is_acknowledged and abs(at - last.received_at) <= RESEND_WINDOW
        return self._is_session_resumed and at - self._connected_at <= RESTORE_WINDOW


def flag_possible_repeat(item: ParsedItem) -> ParsedItem:
    """Flag a reading whose key has the time of this receipt; with any other time the key shows a repeat."""
    if (
        isinstance(item, Rejection)
        or item.time_quality is TimeQuality.DEVICE
        or item.time != item.received_at
    ):
        return item
    return replace(item, flags=(*item.flags, POSSIBLE_REPEAT))


def is_possible_repeat(item: ParsedItem) -> bool:
    return not isinstance(item, Rejection) and POSSIBLE_REPEAT in item.flags
