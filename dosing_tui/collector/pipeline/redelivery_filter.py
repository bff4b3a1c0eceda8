"""Which messages were seen of late: tells a redelivered message from a new one that says the same. Pure.

Stations send no message number, and some no time. The time such a reading gets, when it was received, is
part of its key in the database. So a message that comes again must get the time of its first coming.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

RESEND_WINDOW = timedelta(seconds=2)
"""A publisher that got no answer sends again; within so short a time no station says the same thing twice."""
RETENTION = timedelta(hours=1)
MAX_FINGERPRINTS = 100_000
"""Most messages remembered; far more than a broker has under way to one client."""


@dataclass(frozen=True, slots=True)
class MessageFingerprint:
    """``number`` orders sightings; ``received_at`` is that of the message's first coming."""

    number: int
    identity: bytes
    received_at: datetime
    connection: int


class RedeliveryFilter:
    """``history``: what an earlier process remembered, oldest first."""

    def __init__(self, history: Iterable[MessageFingerprint] = (), *, limit: int = MAX_FINGERPRINTS) -> None:
        self._fingerprints: OrderedDict[bytes, MessageFingerprint] = OrderedDict()
        self._last_number = 0
        for sighting in history:
            self._store_fingerprint(sighting)
        self._limit = limit
        self._connection = 0
        self._connected_at: datetime | None = None

    def register_message(
        self, topic: str, payload: bytes, *, at: datetime, connection: int
    ) -> MessageFingerprint:
        """Remember the message and say when it came first.

        On another connection than before, the same message is a redelivery; on the same one only at once.
        ``connection`` is a number no other connection has, of this process or an earlier one.
        """
        if connection != self._connection:
            self._connection, self._connected_at = connection, at
        identity = blake2b(b"%s\0%s" % (topic.encode(), payload), digest_size=16).digest()
        first = self._fingerprints.get(identity)
        if first and (first.connection != connection or abs(at - first.received_at) <= RESEND_WINDOW):
            at = first.received_at
        return self._store_fingerprint(MessageFingerprint(self._last_number + 1, identity, at, connection))

    def expire_old(self, now: datetime) -> int:
        """Let go of the oldest beyond the limits; returns the number of the oldest that stays.

        However long an outage was, what came before it is remembered until the new connection is an hour
        old: what was under way at its beginning comes again at its end.
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
