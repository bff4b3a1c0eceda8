"""Reads times that Python has no date for: one such row of another program stops no reader."""

from datetime import UTC, datetime

import psycopg
from psycopg import postgres
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

BEFORE_ALL = datetime(1, 1, 3, tzinfo=UTC)
"""In place of -infinity and years before 1: a day from Python's first, for every time zone."""
AFTER_ALL = datetime(9999, 12, 29, tzinfo=UTC)
"""In place of infinity and years after 9999."""
_OID = postgres.types["timestamptz"].oid


def read_every_time(session: psycopg.Connection[object]) -> None:
    """Let this session read every timestamptz."""
    session.adapters.register_loader(_OID, _TextTimeLoader)
    session.adapters.register_loader(_OID, _BinaryTimeLoader)


class _BinaryTimeLoader(Loader):
    format = Format.BINARY

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        exact = psycopg.adapters.get_loader(oid, self.format)
        assert exact is not None  # every psycopg has it
        self._load_exactly = exact(oid, context).load

    def load(self, data: Buffer) -> datetime:
        try:
            found: datetime = self._load_exactly(data)
        except psycopg.DataError:
            return BEFORE_ALL if self.is_before_all(bytes(data)) else AFTER_ALL
        return found

    def is_before_all(self, data: bytes) -> bool:
        return data[0] >= 128


class _TextTimeLoader(_BinaryTimeLoader):
    format = Format.TEXT

    def is_before_all(self, data: bytes) -> bool:
        return data == b"-infinity" or data.endswith(b"BC")
