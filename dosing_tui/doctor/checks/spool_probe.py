"""Looks at the spool's folder and file, and changes nothing: a collector may be using them."""

import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.spool.spool_file import FILE_NAME
from dosing_tui.collector.spool.spool_reading import SpoolContent, read_spool_content
from dosing_tui.config.secrets import describe_foreign_access
from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.disk_space import DiskSpace, measure_disk

REMOTE_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs")
MOUNTS = Path("/proc/mounts")


class SpoolFacts(Struct, frozen=True):
    folder: Path
    exists: bool = False
    """The file exists: a collector ran here."""
    is_writable: bool = True
    """This account may create the folder, or write into it."""
    foreign_access: str = ""
    """How others could change the folder, and the command against it."""
    file_system: str = ""
    """Type of a file system of another machine; '' on a local disk."""
    disk: DiskSpace | None = None
    file_bytes: int = 0
    set_aside_files: tuple[str, ...] = ()
    """Damaged files kept beside the spool."""
    stray_file: Path | None = None
    """A spool beside the folders of the sites, where no collector reads it."""
    content: SpoolContent = field(default_factory=SpoolContent)


def inspect_spool(settings: Settings) -> SpoolFacts:
    """Never raises for what it finds."""
    folder = get_spool_folder(settings)
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    path = folder / FILE_NAME
    with suppress(OSError):
        facts = SpoolFacts(
            folder,
            is_writable=os.access(nearest, os.W_OK | os.X_OK),
            foreign_access=describe_foreign_access(folder) if folder.exists() else "",
            file_system=_find_remote_file_system(nearest),
            disk=measure_disk(folder),
            stray_file=stray if (stray := folder.parent / FILE_NAME).exists() else None,
        )
        if not path.exists():
            return facts
        return replace(
            facts,
            exists=True,
            file_bytes=path.stat().st_size,
            set_aside_files=tuple(sorted(one.name for one in folder.glob(f"{FILE_NAME}.damaged-*"))),
            content=read_spool_content(path),
        )
    return SpoolFacts(folder, is_writable=False, content=SpoolContent(is_readable=False))


def _find_remote_file_system(folder: Path) -> str:
    """The type of the file system with the longest mount point above the folder, if it is remote."""
    best, kind = "", ""
    with suppress(OSError):
        for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
            point, found = line.split(" ")[1:3]
            if folder.resolve().is_relative_to(point) and len(point) >= len(best):
                best, kind = point, found
    return kind if kind.startswith(REMOTE_FILE_SYSTEMS) else ""
