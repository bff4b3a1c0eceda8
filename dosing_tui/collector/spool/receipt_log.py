"""The last receipts, found by their content: a fixed number in 44 bytes each. Pure, for one thread.

As objects they would take 250 bytes each, and a hundred thousand are kept.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

IDENTITY_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Receipt(NamedTuple):
    """``number`` orders receipts."""

    number: int
    connection: int
    received_at: datetime


class ReceiptLog:
    """Drops the oldest receipt when there is no room for a new one.

    A hash table with chained slots: each bucket has the slot of its newest receipt, each slot that of the
    next older one of its bucket. A slot's number is one higher than its place, and 0 ends a chain.
    """

    def __init__(self, limit: int) -> None:
        """``limit``: most receipts kept, 1 at the least."""
        self._limit = max(1, limit)
        self._mask = (1 << self._limit.bit_length()) - 1
        # memory that is taken from the system only when it is written to
        self._identities = bytearray(IDENTITY_BYTES * self._limit)
        self._numbers = memoryview(bytearray(8 * self._limit)).cast("q")
        self._connections = memoryview(bytearray(8 * self._limit)).cast("q")
        self._times = memoryview(bytearray(8 * self._limit)).cast("q")
        self._older = memoryview(bytearray(4 * self._limit)).cast("I")
        self._newest = memoryview(bytearray(4 * (self._mask + 1))).cast("I")
        self._first = self._count = 0
        """Place of the oldest receipt, and how many follow in a ring."""

    def __len__(self) -> int:
        return self._count

    @property
    def oldest(self) -> Receipt | None:
        return self._read_slot(self._first + 1) if self._count else None

    def add_receipt(self, identity: bytes, receipt: Receipt) -> None:
        """``identity``: hash of the content, of IDENTITY_BYTES."""
        if self._count == self._limit:
            self.drop_oldest()
        place = (self._first + self._count) % self._limit
        begin = place * IDENTITY_BYTES
        self._identities[begin : begin + IDENTITY_BYTES] = pad_identity(identity)
        self._numbers[place], self._connections[place] = receipt.number, receipt.connection
        self._times[place] = to_microseconds(receipt.received_at)
        bucket = self._find_bucket(place)
        self._older[place], self._newest[bucket] = self._newest[bucket], place + 1
        self._count += 1

    def find_newest(self, identity: bytes) -> Receipt | None:
        """The last receipt of a content."""
        wanted = pad_identity(identity)
        slot = self._newest[int.from_bytes(wanted[:4]) & self._mask]
        while slot:
            begin = (slot - 1) * IDENTITY_BYTES
            if self._identities[begin : begin + IDENTITY_BYTES] == wanted:
                return self._read_slot(slot)
            slot = self._older[slot - 1]
        return None

    def drop_oldest(self) -> None:
        """Nothing of an empty log."""
        if not self._count:
            return
        dropped, bucket = self._first + 1, self._find_bucket(self._first)
        slot = self._newest[bucket]
        if slot == dropped:
            self._newest[bucket] = 0
        else:  # it is the last of its chain
            while self._older[slot - 1] != dropped:
                slot = self._older[slot - 1]
            self._older[slot - 1] = 0
        self._first = (self._first + 1) % self._limit
        self._count -= 1

    def _find_bucket(self, place: int) -> int:
        begin = place * IDENTITY_BYTES
        return int.from_bytes(self._identities[begin : begin + 4]) & self._mask

    def _read_slot(self, slot: int) -> Receipt:
        place = slot - 1
        at = to_datetime(self._times[place])
        return Receipt(self._numbers[place], self._connections[place], at)


def pad_identity(identity: bytes) -> bytes:
    return identity[:IDENTITY_BYTES].ljust(IDENTITY_BYTES, b"\0")


def to_microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
