"""The rows of a file of history, whatever its format."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from dosing_tui.errors import DatabaseAccessError


class FileRows(Struct, frozen=True):
    """``blocks``: the rows as CSV without a header, NULL as nothing, in any pieces; read once, in order."""

    columns: list[str]
    blocks: Iterator[bytes]
    has_header: bool = False
    """The file has a line of names before its rows: an editor counts it."""

    def name_place(self, context: str) -> str:
        """PostgreSQL's words about a row of ``blocks``, with the number by which a reader finds it."""
        unit, skipped = ("line", 1) if self.has_header else ("row", 0)
        return re.sub(r"\bline (\d+)", lambda at: f"{unit} {int(at[1]) + skipped}", context, count=1)


@contextmanager
def open_stream(path: Path) -> Iterator[BinaryIO]:
    """Raises: DatabaseAccessError, also for a read that fails later."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise DatabaseAccessError(f"{path} cannot be read: {error.strerror or error}.") from error


def check_columns(columns: list[str], path: Path) -> list[str]:
    """Raises: DatabaseAccessError, if a column is there twice or has no name, or none is called time."""
    if len(set(columns)) != len(columns) or not all(columns):
        raise DatabaseAccessError(f"{path.name} has a column twice or without a name.")
    if "time" not in columns:
        raise DatabaseAccessError(f"{path.name} has no column time.")
    return columns
