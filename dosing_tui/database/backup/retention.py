"""Which backups of a folder are removed: old ones, and those that were never finished."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from dosing_tui.database.backup.manifest import MANIFEST_FILE
from dosing_tui.errors import BackupError

PARTIAL_SUFFIX = ".partial"
"""Of a backup's folder until it is complete; its process holds the folder's lock."""


def remove_old_backups(target: Path, site: str, keep_count: int) -> list[Path]:
    """Remove the site's complete backups in ``target`` but the newest; return those removed, oldest first.

    Raises: BackupError.
    """
    made = [path for path in _list_folders(target, site) if (path / MANIFEST_FILE).is_file()]
    old = made[:-keep_count]
    for path in old:
        _remove_folder(path)
    return old


def remove_unfinished_backups(target: Path, site: str) -> list[Path]:
    """Remove what a killed backup of the site left in ``target``; one that still runs stays.

    Raises: BackupError.
    """
    removed = []
    for path in _list_folders(target, site, PARTIAL_SUFFIX):
        with hold_folder(path) as is_held:
            if is_held:
                _remove_folder(path)
                removed.append(path)
    return removed


@contextmanager
def hold_folder(path: Path) -> Iterator[bool]:
    """Its lock, for as long as the block lasts. False if another process has it, or the disk has no locks."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _list_folders(target: Path, site: str, suffix: str = "") -> list[Path]:
    """Oldest first."""
    pattern = re.compile(rf"dosing-{re.escape(site)}-\d{{8}}T\d{{6}}Z{re.escape(suffix)}")
    paths = target.iterdir() if target.is_dir() else ()
    return sorted(path for path in paths if pattern.fullmatch(path.name) and not path.is_symlink())


def _remove_folder(path: Path) -> None:
    try:
        rmtree(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be removed: {error.strerror or error}.") from error
