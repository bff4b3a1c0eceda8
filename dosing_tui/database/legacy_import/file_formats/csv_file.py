"""Rows of a CSV file: its first line names the columns."""

import csv
from functools import partial
from pathlib import Path
from typing import BinaryIO

from dosing_tui.database.legacy_import.file_formats.file_rows import FileRows, check_columns
from dosing_tui.errors import DatabaseAccessError

_BLOCK_BYTES = 256 * 1024


def read_csv(stream: BinaryIO, path: Path) -> FileRows:
    """Raises: DatabaseAccessError, if the first line is not a header."""
    try:
        line = stream.readline().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatabaseAccessError(f"{path.name} is not a CSV file in UTF-8.") from error
    columns = [name.strip() for name in next(csv.reader([line]), [])]
    return FileRows(
        check_columns(columns, path), iter(partial(stream.read, _BLOCK_BYTES), b""), has_header=True
    )
