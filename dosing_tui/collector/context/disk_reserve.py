"""Disk space set aside for emptying a full spool: SQLite needs space also to delete rows."""

import os
from contextlib import suppress
from pathlib import Path

from dosing_tui.collector.context.private_files import prepare_private_file


class DiskReserve:
    """A file of ``size`` bytes that is deleted when the disk is full, and created again when it has room.

    On a small disk it takes at most a quarter.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size

    def allocate(self) -> bool:
        """Whether the space is set aside now."""
        try:
            prepare_private_file(self._path)
            disk = os.statvfs(self._path)
            with self._path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, min(self._size, disk.f_blocks * disk.f_frsize // 4))
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
