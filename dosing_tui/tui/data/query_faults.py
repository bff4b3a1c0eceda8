"""Faults of the database as this console sees them, until they end or are no longer of interest."""

from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.errors import DatabaseError, DatabaseUnavailableError
from dosing_tui.live_snapshot import DatabaseFault, DatabasePart

SHOWN_WITHOUT_REPEAT = timedelta(minutes=1)
"""What is in view is queried again within half of it: a read that is not repeated is of no interest."""


class _Failure(Struct, frozen=True):
    part: DatabasePart
    error: DatabaseError
    at: datetime


class QueryFaults:
    """The latest error of each kind of query whose latest result is one."""

    def __init__(self) -> None:
        self._failures: dict[object, _Failure] = {}

    def record(self, kind: object, part: DatabasePart, error: DatabaseError | None, now: datetime) -> None:
        """Note whether the database did what it was asked."""
        if error is not None:
            self._failures[kind] = _Failure(part, error, now)
            return
        self._failures = {
            other: known
            for other, known in self._failures.items()
            if other != kind and not isinstance(known.error, DatabaseUnavailableError)
        }

    def list_current(self, now: datetime) -> tuple[DatabaseFault, ...]:
        """Each fault once. One that only a read has met ends by itself."""
        self._failures = {
            kind: known
            for kind, known in self._failures.items()
            if known.part is not DatabasePart.QUERIES or now - known.at < SHOWN_WITHOUT_REPEAT
        }
        return tuple({DatabaseFault(each.part, str(each.error)): None for each in self._failures.values()})
