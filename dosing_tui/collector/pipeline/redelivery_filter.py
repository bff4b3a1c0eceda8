"""Fingerprints of recent messages: distinguish a redelivery from a new message with equal content. Pure.

Stations send no message number, and some messages no time. Such a reading gets its time of receipt, which
is part of its database key. A redelivered message must therefore get the time of its first receipt.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

RESEND_WINDOW = timedelta(seconds=2)
"""A publisher without an acknowledgement sends again; no station repeats a message within this time."""
RETENTION = timedelta(hours=1)
MAX_FINGERPRINTS = 100_000
"""Maximum of fingerprints; far more than a broker has in flight to one client."""


@dataclass(frozen=True, slots=True)
class MessageFingerprint:
    """``number`` orders receipts; ``received_at`` is the time of the message's first receipt."""

    number: int
    identity: bytes
    received_at: datetime
    connection: int


class RedeliveryFilter:
    """``history``: fingerprints of an earlier process, oldest first."""

    def __init__(self, history: Iterable[MessageFingerprint] = (), *, limit: int = MAX_FINGERPRINTS) -> None:
        self._fingerprints: OrderedDict[bytes, MessageFingerprint] = OrderedDict()
        self._last_number = 0
        for fingerprint in history:
            self._store_fingerprint(fingerprint)
        self._limit = limit
        self._connection = 0
        self._connected_at: datetime | None = None

    def register_message(
        self, topic: str, payload: bytes, *, at: datetime, connection: int
    ) -> MessageFingerprint:
        """Store the message's fingerprint, with the time of its first receipt.

        An equal message on another connection is a redelivery; on the same one only within RESEND_WINDOW.
        ``connection`` is unique among the connections of this process and of earlier ones.
        """
        if connection != self._connection:
            self._connection, self._connected_at = connection, at
        identity = blake2b(b"%s\0%s" % (topic.encode(), payload), digest_size=16).digest()
        first = self._fingerprints.get(identity)
        if first and (first.connection != connection or abs(at - first.received_at) <= RESEND_WINDOW):
            at = first.received_at
        return self._store_fingerprint(MessageFingerprint(self._last_number + 1, identity, at, connection))

    def expire_old(self, now: datetime) -> int:
        """Remove the oldest fingerprints beyond the limits. Returns the number of the oldest that stays.

        Fingerprints from before an outage stay until the new connection is one hour old. The broker
        resends on it the messages that were in flight when the outage began.
        """
        settled = self._connected_at is not None and now - self._connected_at > RETENTION
        while self._fingerprints:
            oldest = next(iter(self._fingerprints.values()))
            if len(self._fingerprints) <= self._limit and not (
                settled and now - oldest.received_at > RETENTION
            ):
                return oldest.number
            self._fingerprints.popitem(last=False)
        return self._last_number + 1

    def _store_fingerprint(self, fingerprint: MessageFingerprint) -> MessageFingerprint:
        self._last_number = fingerprint.number
        self._fingerprints[fingerprint.identity] = fingerprint
        self._fingerprints.move_to_end(fingerprint.identity)
        return fingerprint
