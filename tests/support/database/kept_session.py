"""One session for many looks at a database: a new one for each look costs more than the look."""

from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg


class CountingSession:
    """Opened at the first look, and anew at each after the server has gone."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def __enter__(self) -> "CountingSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def count_rows(self, query: str) -> int:
        """The one number that the query gives; 0 while there is no server, or no table."""
        for is_kept in (self._connection is not None, False):
            try:
                if self._connection is None:
                    self._connection = psycopg.connect(self._dsn, autocommit=True)
                ((count,),) = self._connection.execute(query)
                return int(count)
            except psycopg.Error:
                self._close()
                if not is_kept:
                    break
        return 0

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None
