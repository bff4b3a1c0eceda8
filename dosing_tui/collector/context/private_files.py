"""Files of the collector that nobody else may read, in a folder that nobody else may write."""

import os
from contextlib import suppress
from pathlib import Path

from dosing_tui.config.secrets import describe_foreign_access
from dosing_tui.errors import SpoolError

_SQLITE_SUFFIXES = ("", "-wal", "-shm")


def prepare_private_folder(folder: Path) -> None:
    """Create it if missing. Raises: OSError; SpoolError if others can write to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if fault := describe_foreign_access(folder):
        raise SpoolError(f"The spool folder {fault}")


def prepare_private_file(path: Path) -> None:
    """Create it if missing, with its rights before its content; close it and SQLite's own files to others.

    Raises: OSError.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    for suffix in _SQLITE_SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).chmod(0o600)
