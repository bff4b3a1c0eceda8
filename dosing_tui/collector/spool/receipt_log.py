"""The last receipts, found by their content: a fixed number in 60 bytes each. Pure, for one thread.

As objects they would take 250 bytes each, and a hundred thousand are kept.
"""

from datetime import UTC, datetime, timedelta
from mmap import MAP_PRIVATE, mmap
from typing import NamedTuple

IDENTITY_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Receipt(NamedTuple):
    """``number`` orders receipts."""

    number: int
    connection: int
    received_at: datetime


class ReceiptLog:
    """Drops the oldest receipt when there is no room for a new one.

    Receipts are counted from 1, and kept in a ring. A hash table: each bucket has the count of its newest
    receipt, each receipt that of the next older one of its bucket. Of a dropped one nothing is taken back:
    its count is lower than that of the oldest kept, and ends a chain as 0 does.
    """

    def __init__(self, limit: int) -> None:
        """``limit``: most receipts kept, 1 at the least."""
        self._limit = max(1, limit)
        self._mask = (1 << self._limit.bit_length()) - 1
        self._identities = _make_zeros(IDENTITY_BYTES * self._limit)
        self._numbers, self._connections, self._times, self._older = (
            _make_integers(self._limit) for _ in range(4)
        )
        self._newest = _make_integers(self._mask + 1)
        self._first, self._next = 1, 1
        """Count of the oldest receipt that is kept, and of the one to come."""

    def __len__(self) -> int:
        return self._next - self._first

    @property
    def oldest(self) -> Receipt | None:
        return self._read_receipt(self._first) if len(self) else None

    def add_receipt(self, identity: bytes, number: int, connection: int, at_us: int) -> None:
        """``identity``: hash of the content, of IDENTITY_BYTES. ``at_us``: see ``to_microseconds``."""
        if self._next - self._first == self._limit:
            self.drop_oldest()
        place, wanted = self._next % self._limit, pad_identity(identity)
        self._identities[place * IDENTITY_BYTES : (place + 1) * IDENTITY_BYTES] = wanted
        self._numbers[place], self._connections[place], self._times[place] = number, connection, at_us
        bucket = self._choose_bucket(wanted)
        self._older[place], self._newest[bucket] = self._newest[bucket], self._next
        self._next += 1

    def find_newest(self, identity: bytes) -> Receipt | None:
        """The last receipt of a content."""
        wanted = pad_identity(identity)
        count = self._newest[self._choose_bucket(wanted)]
        while count >= self._first:
            place = count % self._limit
            if self._identities[place * IDENTITY_BYTES : (place + 1) * IDENTITY_BYTES] == wanted:
                return self._read_receipt(count)
            count = self._older[place]
        return None

    def drop_oldest(self) -> None:
        """Nothing of an empty log."""
        self._first = min(self._first + 1, self._next)

    def _choose_bucket(self, identity: bytes) -> int:
        return int.from_bytes(identity[:4]) & self._mask

    def _read_receipt(self, count: int) -> Receipt:
        place = count % self._limit
        return Receipt(self._numbers[place], self._connections[place], to_datetime(self._times[place]))


def _make_zeros(size: int) -> mmap:
    """Bytes that take memory only once they are written: in a quiet plant most never are."""
    return mmap(-1, size, flags=MAP_PRIVATE)


def _make_integers(count: int) -> "memoryview[int]":
    """Zeros of 64 bits."""
    return memoryview(_make_zeros(8 * count)).cast("q")


def pad_identity(identity: bytes) -> bytes:
    return (
        identity
        if len(identity) == IDENTITY_BYTES
        else identity[:IDENTITY_BYTES].ljust(IDENTITY_BYTES, b"\0")
    )


def to_microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def to_datetime(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
