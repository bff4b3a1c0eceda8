"""Looks at the spool's folder and file, and changes nothing: a collector may be using them."""

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.pipeline.spool_codec import decode_items
from dosing_tui.collector.pipeline.spool_file import FILE_NAME
from dosing_tui.collector.pipeline.spool_schema import FORMAT_VERSION
from dosing_tui.config.secrets import describe_foreign_access
from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.disk_space import DiskSpace, measure_disk
from dosing_tui.errors import SpoolError

REMOTE_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs")
MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True, slots=True)
class SpoolFacts:
    folder: Path
    exists: bool = False
    """The file exists: a collector ran here."""
    is_writable: bool = True
    """This account may create the folder, or write into it."""
    is_readable: bool = True
    foreign_access: str = ""
    """How others could change the folder, and the command against it."""
    file_system: str = ""
    """Type of a file system of another machine; '' on a local disk."""
    disk: DiskSpace | None = None
    file_bytes: int = 0
    damage: str = ""
    set_aside_files: tuple[str, ...] = ()
    """Damaged files kept beside the spool."""
    message_count: int = 0
    oldest_at: datetime | None = None


def inspect_spool(settings: Settings) -> SpoolFacts:
    """Never raises for what it finds."""
    folder = get_spool_folder(settings)
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    path = folder / FILE_NAME
    with suppress(OSError):
        facts = {
            "folder": folder,
            "is_writable": os.access(nearest, os.W_OK | os.X_OK),
            "foreign_access": describe_foreign_access(folder) if folder.exists() else "",
            "file_system": _find_remote_file_system(nearest),
            "disk": measure_disk(folder),
        }
        if not path.exists():
            return SpoolFacts(**facts)  # type: ignore[arg-type]  # the names are those of SpoolFacts
        kept = tuple(sorted(one.name for one in folder.glob(f"{FILE_NAME}.damaged-*")))
        facts |= {"exists": True, "file_bytes": path.stat().st_size, "set_aside_files": kept}
        return SpoolFacts(**facts, **_read_file(path))  # type: ignore[arg-type]
    return SpoolFacts(folder, is_writable=False, is_readable=False)


def _read_file(path: Path) -> dict[str, object]:
    if not os.access(path, os.R_OK):
        return {"is_readable": False}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as sql:
            return _read_tables(sql)
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error) or "locked" in str(error):
            return {"is_readable": False}
        return {"damage": str(error)}
    except sqlite3.DatabaseError as error:
        return {"damage": str(error)}


def _read_tables(sql: sqlite3.Connection) -> dict[str, object]:
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    if version > FORMAT_VERSION:
        return {"damage": "it was made by a newer version of this program"}
    (problem,) = sql.execute("PRAGMA quick_check(1)").fetchone()
    if problem != "ok":
        return {"damage": problem}
    (count,) = sql.execute("SELECT coalesce(sum(count), 0) FROM spool").fetchone()
    first = sql.execute("SELECT CAST(units AS BLOB) FROM spool ORDER BY seq LIMIT 1").fetchone()
    oldest = None
    if first:
        with suppress(SpoolError, IndexError):
            oldest = decode_items(first[0])[0].received_at
    return {"message_count": count, "oldest_at": oldest}


def _find_remote_file_system(folder: Path) -> str:
    """The type of the file system with the longest mount point above the folder, if it is remote."""
    best, kind = "", ""
    with suppress(OSError):
        for line in MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
            point, found = line.split(" ")[1:3]
            if folder.resolve().is_relative_to(point) and len(point) >= len(best):
                best, kind = point, found
    return kind if kind.startswith(REMOTE_FILE_SYSTEMS) else ""
