"""Room on the disk of a folder."""

import os
from pathlib import Path

from msgspec import Struct

MIN_FREE_BYTES = 64 * 1024**2
"""Below this a disk is full for every purpose."""


class DiskSpace(Struct, frozen=True):
    free_bytes: int
    total_bytes: int

    @property
    def is_nearly_full(self) -> bool:
        return self.free_bytes < MIN_FREE_BYTES


def measure_disk(folder: Path) -> DiskSpace | None:
    """Of the nearest folder above that exists; None if it cannot be seen."""
    for place in (folder, *folder.parents):
        try:
            disk = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return DiskSpace(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)
    return None
